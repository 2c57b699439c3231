"""The figures of the Langevin page: exact beside estimate, and captions that hold the numbers."""

import math

import numpy as np
import pytest

from ebm_engine.views.langevin import chain_statistics, chains, step_bias
from ebm_engine.views.langevin.chains import ChainSeries
from ebm_engine.views.langevin.step_bias import BiasSeries


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    x = np.linspace(-6, 6, 5)
    return ChainSeries(
        step=1000,
        count=50,
        path=rng.normal(size=(3, 20, 2)),
        trace_step=np.arange(0, 1001, 100),
        trace=rng.normal(size=(3, 11)),
        short_steps=10,
        short_cloud=rng.normal(size=(50, 2)),
        cloud=rng.normal(size=(50, 2)),
        short_mass=np.array([1.0, 0.0]),
        long_mass=np.array([0.4, 0.6]),
        crossings=1.5,
        crossings_se=0.25,
        acceptance=0.8,
        acceptance_se=0.01,
        moment_step=np.arange(1.0, 1001.0, 100),
        moment=np.full(10, 6.5),
        moment_se=np.full(10, 0.1),
        lags=np.arange(4),
        rho=np.array([1.0, 0.5, 0.25, 0.125]),
        iact=3.0,
        iact_se=0.1,
        resolved=True,
        draws=25_000,
        box=np.array([-6.0, 6.0, -4.0, 4.0]),
        field=np.add.outer(x**2, x**2),
        exact_mass=np.array([0.25, 0.75]),
        centres=np.array([[-3.0, 0.0], [3.0, 0.0]]),
        exact_moment=5.0,
        settled_moment=6.571,
    )


@pytest.fixture
def bias():
    h = np.geomspace(0.05, 1.8, 5)
    first = 1 / (1 - h / 2)
    second = (1 - h) ** 2 * first
    se = 0.02 * first
    points = (h, first + se, se, first, second - 3 * se, se, second)
    return BiasSeries(h, first, second, 1.0, *points, count=2000)


def test_each_mass_has_two_binomial_standard_errors_and_the_exact_one_is_dashed(series):
    """√(p(1 − p)/n) of independent chains: 0.0693 at p = 0.4, n = 50."""
    short, long, exact = chain_statistics.short_against_long(series).figure.data
    np.testing.assert_allclose(long.error_y.array, 2 * np.sqrt(0.24 / 50) * np.ones(2))
    np.testing.assert_allclose(short.error_y.array, 0)
    assert exact.line.dash == "dash"
    np.testing.assert_array_equal(exact.y[[0, 3]], [0.25, 0.75])
    assert "0.150" in chain_statistics.short_against_long(series).caption


def test_the_second_moment_shows_its_band_the_truth_and_the_biased_limit(series):
    reading = chain_statistics.second_moment(series)
    drawn = {t.name: t for t in reading.figure.data}
    assert set(drawn["exact"].y) == {5.0}
    assert set(drawn["where this step size leads"].y) == {6.571}
    area = next(t for t in reading.figure.data if t.fill == "toself")
    assert area.y.max() - area.y.min() == pytest.approx(0.4)
    assert "6.5 ± 0.2 over 50 chains and 1000 steps" in reading.caption
    unknown = chain_statistics.second_moment(series._replace(settled_moment=math.nan))
    assert "where this step size leads" not in {t.name for t in unknown.figure.data}


def test_the_autocorrelation_says_what_the_draws_are_worth(series):
    """25000 draws at τ = 3 are worth 8333; without a closed window τ is only a bound."""
    caption = chain_statistics.autocorrelation(series).caption
    assert "3 ± 0.2 steps" in caption
    assert "8333 independent draws" in caption
    assert "above 3 steps" in chain_statistics.time_sentence(series._replace(resolved=False))
    assert "Too few" in chain_statistics.time_sentence(series._replace(iact=math.nan))


def test_a_mode_without_chains_is_named_beside_a_short_time(series):
    """Chains in one mode look mixed; the sentence keeps that from being believed."""
    stuck = series._replace(long_mass=np.array([1.0, 0.0]))
    assert "No chain is in 1 of the 2 modes" in chain_statistics.autocorrelation(stuck).caption
    assert "No chain" not in chain_statistics.autocorrelation(series).caption


def test_crossings_carry_an_error_and_none_at_all_a_bound(series):
    """Three over the number of steps is the 95 % bound of a rate that gave no event."""
    assert "1.5 ± 0.5 crossings" in chains.crossing_sentence(series)
    none = series._replace(crossings=0.0, crossings_se=0.0)
    assert "below 0.06 per 1000 steps (95 %)" in chains.crossing_sentence(none)
    one = series._replace(exact_mass=np.ones(1))
    assert "no barrier" in chains.crossing_sentence(one)


def test_maps_show_the_field_the_cloud_and_the_paths(series):
    full = chains.chain_map(series).figure
    short = chains.chain_map(series, short=True).figure
    assert (len(full.data), len(short.data)) == (5, 2)
    assert np.min(full.data[0].z) == 0
    np.testing.assert_array_equal(short.data[-1].x, series.short_cloud[:, 0])
    np.testing.assert_array_equal(full.data[-1].y, series.cloud[:, 1])
    assert "after 10 steps" in short.layout.title.text


def test_traces_share_the_box_so_that_an_unvisited_mode_stays_in_sight(series):
    figure = chains.traces(series).figure
    assert len(figure.data) == 3
    assert list(figure.layout.yaxis.range) == [-6.0, 6.0]


def test_measured_variances_lie_with_their_errors_on_both_closed_forms(bias):
    reading = step_bias.variance_curves(bias)
    lines = [t for t in reading.figure.data if t.mode == "lines"]
    points = [t for t in reading.figure.data if t.mode == "markers"]
    np.testing.assert_array_equal(lines[0].y, bias.exact_0)
    np.testing.assert_array_equal(lines[1].y, bias.exact_1)
    assert set(lines[2].y) == {1.0}
    np.testing.assert_allclose(points[0].error_y.array, 2 * bias.se_0)
    assert "10 measured points" in reading.caption
    assert "3.0 s.e." in reading.caption


@pytest.mark.parametrize(("t", "mass"), [(1.0, 0.6995), (1e-9, 1.0), (1e6, 0.5)])
def test_the_mass_of_the_deeper_well_grows_when_it_gets_cold(t, mass):
    """0.7Φ(2/0.7) + 0.3Φ(−2/0.7) at T = 1, all of it near 0, half of it when hot."""
    assert step_bias.right_mass(t) == pytest.approx(mass, abs=0.002)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_drawn_on_a_transparent_ground(theme, series, bias):
    readings = [
        chains.chain_map(series, theme),
        chains.traces(series, theme),
        chain_statistics.short_against_long(series, theme),
        chain_statistics.autocorrelation(series, theme),
        chain_statistics.second_moment(series, theme),
        step_bias.variance_curves(bias, theme),
        step_bias.temperature_map(5e-9, "a recipe", theme),
    ]
    for reading in readings:
        assert reading.figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
        assert reading.alt
        assert reading.caption
