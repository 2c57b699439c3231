"""Norms of the gradient, mean energies, and histograms of U."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.views.images.energy_histograms import EnergySeries, energy_histograms
from ebm_engine.views.one_run import energies

STEPS = 401


@pytest.fixture
def improved(make):
    """A function (c_kl, KL norm) → a run under improved CD whose CD part has the norm 2."""

    def build(kl: float = 0.5, **columns):
        norms = {"cd_gradient_norm": np.full(STEPS, 2.0), "kl_gradient_norm": np.full(STEPS, kl)}
        history = make().history | norms | columns
        return make(history=history, spec=RunSpec(method=METHODS["improved-cd"]()))

    return build


def traces(reading):
    return {trace.name: trace for trace in reading.figure.data}


def test_a_method_without_a_kl_term_has_one_norm_on_a_log_axis(snapshot):
    reading = energies.gradient_norms(snapshot)
    (trace,) = reading.figure.data
    np.testing.assert_array_equal(trace.y, snapshot.history["gradient_norm"])
    assert reading.figure.layout.yaxis.type == "log"
    assert f"{snapshot.history['gradient_norm'][-1]:.3g}" in reading.alt


def test_improved_cd_shows_both_parts_their_sum_and_the_ratio(improved):
    """KL part .5 beside a CD part of 2: a quarter; parts differ by colour and by dash."""
    reading = energies.gradient_norms(improved())
    drawn = traces(reading)
    assert (drawn["KL part"].y == 0.5).all()
    assert (drawn["CD part: data against walkers"].y == 2).all()
    assert "is 0.25 of the other" in reading.caption
    assert len({t.line.color for t in drawn.values()}) == 3
    assert len({t.line.dash for t in drawn.values()}) == 3


def test_a_kl_term_that_is_off_is_said_and_leaves_a_gap(improved):
    """A norm of 0 has no place on a log axis."""
    reading = energies.gradient_norms(improved(0.0))
    assert np.isnan(traces(reading)["KL part"].y).all()
    assert "switched off" in reading.alt


def test_labels_of_the_norms_are_round_numbers(improved):
    """1, 2 and 5 over one power of ten; powers alone over many."""
    few = energies.gradient_norms(improved()).figure.layout.yaxis.ticktext
    assert {"0.2", "0.5", "1"} <= set(few)
    ramp = np.geomspace(1e-6, 1, STEPS)
    many = energies.gradient_norms(improved(kl_gradient_norm=ramp)).figure.layout.yaxis.ticktext
    assert not {"2", "5"} & set(many)


def test_mean_energies_are_the_history_with_the_gap_in_words(snapshot):
    reading = energies.mean_energies(snapshot)
    drawn = traces(reading)
    np.testing.assert_array_equal(drawn["data"].y, snapshot.history["data_energy"])
    np.testing.assert_array_equal(drawn["walkers, weighted"].y, snapshot.history["walker_energy"])
    gap = snapshot.history["data_energy"][-1] - 1.5
    assert f"gap {energies.number(gap)}" in reading.caption


def test_walkers_without_weights_are_not_called_weighted(without_weights):
    reading = energies.mean_energies(without_weights)
    assert "walkers" in traces(reading)
    assert "Without weights" in reading.caption


def test_before_the_first_update_nothing_is_told(make):
    nothing = np.full(STEPS, np.nan)
    empty = dict.fromkeys(("data_energy", "walker_energy", "gradient_norm"), nothing)
    snapshot = make(history=make().history | empty)
    assert "no energy" in energies.mean_energies(snapshot).alt
    assert "no gradient" in energies.gradient_norms(snapshot).alt


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    weights = np.array([0.5, 0.3, 0.2])
    return EnergySeries(
        step=300,
        weighted=True,
        data=rng.normal(2, 1, 500),
        held_out=rng.normal(3, 1, 400),
        walkers=np.array([1.0, 2.0, 4.0]),
        weights=weights,
        uniform=rng.normal(40, 3, 500),
        gaussian=rng.normal(60, 3, 500),
    )


def test_every_histogram_is_a_share_of_its_own_set(series):
    """Each sums to 1 in both plots, also where walkers carry weights and values lie far away."""
    far = series._replace(data=np.append(series.data, 1e6))
    for made in (series, far):
        figure = energy_histograms(made).figure
        assert len(figure.data) == 4 + 6
        for trace in figure.data:
            assert trace.y.sum() == pytest.approx(1)
            assert len(trace.x) == len(trace.y)


def test_the_mean_of_weighted_walkers_is_weighted(series):
    """1.9 with the weights (.5, .3, .2) of U = (1, 2, 4), 7/3 without."""
    reading = energy_histograms(series)
    assert "weighted walkers 1.9" in reading.alt
    assert "raw walkers 2.33" in reading.alt
    assert "500 data, 400 held-out, 3 raw walkers" in reading.caption


def test_the_plot_of_data_is_not_squeezed_by_the_noise(series):
    """Data and walkers have an axis of their own, which ends far below the noise at 40 and 60."""
    figure = energy_histograms(series).figure
    near = [t.x.max() for t in figure.data if t.xaxis in (None, "x")]
    beside = [t.x.max() for t in figure.data if t.xaxis == "x2"]
    assert max(near) < 10
    assert min(beside) > 60


def test_walkers_of_equal_weight_are_drawn_once(series):
    names = [t.name for t in energy_histograms(series._replace(weighted=False)).figure.data]
    assert "walkers" in names
    assert not {"raw walkers", "weighted walkers"} & set(names)


def test_equal_energies_still_make_a_histogram(series):
    """The untrained network: every set may have one energy."""
    flat = series._replace(**{n: np.zeros(3) for n in ("data", "held_out", "uniform", "gaussian")})
    flat = flat._replace(walkers=np.zeros(3))
    assert all(np.isfinite(t.y).all() for t in energy_histograms(flat).figure.data)
