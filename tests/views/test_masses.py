"""Mode-mass bars."""

from dataclasses import replace

import numpy as np
import pytest

from ebm_engine.views import masses


def traces(snapshot):
    return {trace.name: trace for trace in masses.mode_bars(snapshot).figure.data}


def test_the_four_readings_of_each_mode_stand_side_by_side_in_order(snapshot):
    drawn = traces(snapshot)
    bars = [drawn[n] for n in ("data", "model, exact", "raw walkers", "weighted walkers")]
    fields = ("data", "model", "raw", "weighted")
    for bar, field in zip(bars, fields, strict=True):
        np.testing.assert_array_equal(bar.y, getattr(snapshot.mode_mass, field))
    offsets = [bar.offset for bar in bars]
    assert offsets == sorted(offsets)
    assert all(b - a >= bar.width for a, b, bar in zip(offsets, offsets[1:], bars, strict=False))


def test_whiskers_are_two_standard_errors_of_the_walkers_and_absent_elsewhere(snapshot):
    drawn = traces(snapshot)
    np.testing.assert_allclose(drawn["weighted walkers"].error_y.array, [0.024, 0.024])
    np.testing.assert_allclose(drawn["raw walkers"].error_y.array, [0.032, 0.032])
    assert not drawn["model, exact"].error_y.visible
    assert not drawn["data"].error_y.visible


def test_the_truth_is_a_dashed_line_across_each_group(snapshot):
    truth = traces(snapshot)["truth"]
    assert truth.line.dash == "dash"
    np.testing.assert_array_equal(truth.y, [0.25, 0.25, np.nan, 0.75, 0.75, np.nan])
    drawn = traces(snapshot)
    left = min(drawn[n].offset for n in ("data", "weighted walkers"))
    right = drawn["weighted walkers"].offset + drawn["weighted walkers"].width
    assert truth.x[0] < left
    assert truth.x[1] > right


def test_the_axis_holds_the_highest_whisker(make, snapshot):
    tall = replace(snapshot.mode_mass, weighted_se=np.array([0.0, 0.4]))
    figure = masses.mode_bars(make(mode_mass=tall)).figure
    assert figure.layout.yaxis.range[1] > 0.685 + 0.8


def test_modes_without_standard_errors_are_drawn(make, snapshot):
    unknown = np.full(2, np.nan)
    mass = replace(snapshot.mode_mass, weighted=unknown, weighted_se=unknown, raw_se=unknown)
    figure = masses.mode_bars(make(mode_mass=mass)).figure
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_each_mode_is_labelled_with_its_mean(make, snapshot):
    means = np.array([[-0.01, 2.0, 7.0], [4.8, -3.0, 7.0]])
    labels = masses.mode_bars(make(means=means)).figure.layout.xaxis.ticktext
    assert labels == ("mode 1<br>(0.0, 2.0, …)", "mode 2<br>(4.8, −3.0, …)")


def test_the_alt_text_of_many_modes_names_the_largest_error(make, snapshot):
    eighth = np.full(8, 0.125)
    model = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1])
    mass = replace(
        snapshot.mode_mass,
        truth=eighth,
        data=eighth,
        model=model,
        raw=eighth,
        raw_se=eighth / 10,
        weighted=model,
        weighted_se=eighth / 10,
    )
    alt = masses.mode_bars(make(mode_mass=mass, means=np.zeros((8, 2)))).alt
    assert "the largest error: mode 6" in alt
    assert "mode 1 " not in alt


def test_mass_curves_end_at_the_exact_masses_and_dash_the_truth(snapshot):
    """The last point of each curve is softmax(−z); a curve of walker shares would end elsewhere."""
    reading = masses.mass_curves(snapshot)
    ends = [trace.y[-1] for trace in reading.figure.data]
    assert ends == pytest.approx(list(snapshot.mass_history[-1]))
    dashed = [shape.y0 for shape in reading.figure.layout.shapes]
    assert dashed == pytest.approx(list(snapshot.mode_mass.truth))
