"""The figures of image studies: exact arrays in the traces, and captions that hold the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ebm_engine.views.images import images, ood
from ebm_engine.views.images.images import AisSeries, CompositionSeries
from ebm_engine.views.images.ood import OodSeries


@pytest.fixture
def ais():
    return AisSeries(
        step=2000,
        steps=600,
        walkers=1000,
        dim=10,
        class_names=("0", "1", "7"),
        data_mass=np.array([4 / 7, 2 / 7, 1 / 7]),
        mass=np.array([0.5, 0.3, 0.2]),
        mass_se=np.array([0.02, 0.015, 0.01]),
        mass_corrected=np.array([0.51, 0.31, 0.18]),
        mass_corrected_se=np.array([0.021, 0.016, 0.011]),
        ess=0.75,
        ancestors=400,
        cross_entropy=10.25,
        cross_entropy_se=0.125,
        held_out=500,
        log_z_forward=7.5,
        log_z_forward_se=0.05,
        log_z_reverse=7.75,
        log_z_reverse_se=0.1,
        log_z_low=7.4,
        log_z_high=7.95,
    )


@pytest.fixture
def strange():
    rng = np.random.default_rng(0)
    return OodSeries(
        step=2000,
        count=50,
        latent=True,
        class_names=("0", "1"),
        names=("blank", "inverted", "turned by 180°", "other classes", "pixel shuffle"),
        familiar=rng.normal(size=50),
        strange=rng.normal(3, 1, size=(5, 50)),
        auroc=np.array([1.0, 0.99, 0.75, 0.875, 0.95]),
        auroc_se=np.array([0.0, 0.01, 0.04, 0.03, 0.02]),
        auroc_intensity=np.array([0.9, 1.0, 0.5, 0.6, 0.5]),
        auroc_outside=np.array([0.8, 1.0, 0.7, 0.9, 1.0]),
        examples=np.zeros((6, 8, 8, 8), np.uint8),
    )


@pytest.fixture
def composition():
    return CompositionSeries(
        step=400,
        count=64,
        tiles=np.zeros((64, 8, 8), np.uint8),
        class_names=(("0", "1"), ("1", "7")),
        shares=(np.array([0.0, 1.0]), np.array([0.96, 0.04])),
        part_energy=np.array([-1.5, 2.5]),
        curve_step=np.array([1, 200, 400]),
        curve=np.array([20.0, 5.0, 1.0]),
        acceptance=0.55,
    )


def test_each_model_mass_has_two_standard_errors_beside_the_data(ais):
    """Bars: data, raw, weighted, model, corrected; the whiskers of the last two are 2 s.e."""
    raw, weighted = np.array([0.6, 0.3, 0.1]), np.array([0.57, 0.28, 0.15])
    figure = images.class_masses(ais, raw=raw, weighted=weighted).figure
    bars = {bar.name: bar for bar in figure.data}
    assert list(bars) == ["data", "raw walkers", "weighted walkers", "model by AIS", "corrected"]
    assert (np.array(bars["model by AIS"].y) == ais.mass).all()
    assert (np.array(bars["model by AIS"].error_y.array) == 2 * ais.mass_se).all()
    assert (np.array(bars["corrected"].error_y.array) == 2 * ais.mass_corrected_se).all()
    assert (np.array(bars["weighted walkers"].y) == weighted).all()
    assert bars["data"].x == ("0", "1", "7")


def test_without_walkers_only_data_and_model_are_drawn(ais):
    """A study may be looked at when its run is gone."""
    names = [bar.name for bar in images.class_masses(ais).figure.data]
    assert names == ["data", "model by AIS", "corrected"]


def test_a_class_called_like_a_tag_is_shown_as_it_is(ais):
    """Plotly reads tags in the names on an axis, also of links, and writes entities as they are."""
    named = ais._replace(class_names=("<a href='http://e'>3</a>", "R&D", "7"))
    expected = ("&lt;a href='http://e'&gt;3&lt;/a&gt;", "R&amp;D", "7")
    assert images.class_masses(named).figure.data[0].x == expected


def test_the_words_hold_the_masses_and_their_errors(ais):
    """0.5 ± 2·0.02 against 4/7."""
    reading = images.class_masses(ais, "dark")
    assert "0 0.500 ± 0.040 (data 0.571)" in reading.alt
    assert "400 ancestors" in reading.caption
    assert "ESS/N 0.75" in reading.caption


def test_the_bracket_shows_both_values_and_the_interval(ais):
    """Points at 7.5 and 7.75 with 2 s.e.; 10.25 ± 0.25 nats of cross-entropy."""
    reading = images.log_z_bracket(ais)
    points = reading.figure.data[0]
    assert list(points.x) == [7.5, 7.75]
    assert list(points.error_x.array) == [0.1, 0.2]
    shape = reading.figure.layout.shapes[0]
    assert (shape.x0, shape.x1) == (7.4, 7.95)
    assert "7.40 to 7.95" in reading.caption
    assert "10.250 ± 0.250 nats on 500 images" in reading.caption


def test_an_open_interval_is_called_open(ais):
    """Before the descent is done there is one point and no band."""
    open_one = ais._replace(log_z_reverse=math.nan, log_z_reverse_se=math.nan, log_z_high=math.nan)
    reading = images.log_z_bracket(open_one)
    assert list(reading.figure.data[0].x) == [7.5]
    assert not reading.figure.layout.shapes
    assert "not closed yet" in reading.alt


def test_scores_are_minus_the_energies_in_shared_bins(strange):
    """One panel per kind with its AUROC above; both histograms of a panel have the same bins."""
    reading = ood.ood_histograms(strange)
    traces = reading.figure.data
    assert len(traces) == 10
    assert (np.array(traces[0].x) == -strange.familiar).all()
    assert (np.array(traces[3].x) == -strange.strange[1]).all()
    assert traces[2].xbins == traces[3].xbins
    titles = [note.text for note in reading.figure.layout.annotations]
    assert titles[2] == "turned by 180°<br>AUROC 0.750"
    assert "from 0.750 (turned by 180°) to 1.000" in reading.alt
    assert sum(bool(trace.showlegend) for trace in traces) == 2


def test_the_table_has_the_baselines_that_there_are(strange):
    """Energy ± 2 s.e., mean intensity, and what lies outside in a latent space only."""
    row = ood.ood_rows(strange)[2]
    assert row == {
        "strange images": "turned by 180°",
        "energy": "0.750 ± 0.080",
        "mean intensity": "0.500",
        "outside the components": "0.700",
    }
    pixels = strange._replace(latent=False)
    assert "outside the components" not in ood.ood_rows(pixels)[0]
    assert "components" not in ood.ood_histograms(pixels).caption


def test_a_composition_tells_what_each_classifier_reads(composition):
    """The curve as it is, and shares by class of each model."""
    reading = images.composition_curve(composition)
    assert list(reading.figure.data[0].y) == [20.0, 5.0, 1.0]
    assert "0 0.00, 1 1.00; 1 0.96, 7 0.04" in reading.caption
    assert "acceptance 0.55" in reading.caption
    assert "−1.5, 2.5" in reading.caption


def test_a_sheet_holds_every_tile_in_its_place():
    """Five tiles of 2 × 3 in rows of two, two black pixels between them; empty places are black."""
    tiles = np.arange(1, 6, dtype=np.uint8)[:, None, None] * np.ones((5, 2, 3), np.uint8)
    found = images.sheet(tiles, 2)
    assert found.shape == (2 * 3 + 2 * 2, 2 * 3 + 2)
    assert (found[:2, 5:] == 2).all()
    assert (found[8:, :3] == 5).all()
    assert (found[8:, 5:] == 0).all()
    assert (found[2:4] == 0).all()
    assert int(found.sum()) == 6 * 15
