"""Curves of the latent-variable model."""

import numpy as np
import pytest

from ebm_engine.views.langevin.jala_em import LatentSeries, latent_curves


@pytest.fixture
def series():
    decay = 0.9 ** np.arange(51)
    return LatentSeries(
        theta=2 - 2 * decay + 0.01,
        theta_exact=2 - 2 * decay,
        maximiser=2.0,
        log_evidence=-30 - 20 * decay + 0.1,
        log_evidence_se=0.05 * (1 - decay),
        log_evidence_exact=-30 - 20 * decay,
        resampled_at=np.array([3, 17]),
        walkers=1000,
    )


def traces(series):
    return {trace.name: trace for trace in latent_curves(series).figure.data if trace.name}


def test_estimate_and_exact_evidence_share_the_upper_plot(series):
    drawn = traces(series)
    np.testing.assert_array_equal(drawn["exact"].y, series.log_evidence_exact)
    np.testing.assert_array_equal(drawn["estimate ± 2 s.e."].y, series.log_evidence)
    assert drawn["exact"].yaxis == drawn["estimate ± 2 s.e."].yaxis == "y"
    assert drawn["exact"].line.dash != drawn["estimate ± 2 s.e."].line.dash


def test_the_band_is_two_standard_errors_on_either_side(series):
    area = next(t for t in latent_curves(series).figure.data if t.fill == "toself")
    low, high = area.y[:51], area.y[51:][::-1]
    np.testing.assert_allclose(high - low, 4 * series.log_evidence_se, atol=1e-12)
    np.testing.assert_allclose((high + low) / 2, series.log_evidence)


def test_theta_has_its_own_plot_with_exact_ascent_and_the_dashed_maximiser(series):
    drawn = traces(series)
    names = ("θ from the particles", "exact ascent", "maximiser")
    assert {drawn[name].yaxis for name in names} == {"y2"}
    np.testing.assert_array_equal(drawn["θ from the particles"].y, series.theta)
    np.testing.assert_array_equal(drawn["exact ascent"].y, series.theta_exact)
    assert set(drawn["maximiser"].y) == {2.0}
    assert drawn["maximiser"].line.dash == "dash"


def test_resamplings_are_ticks_on_the_estimate(series):
    ticks = traces(series)["resampling"]
    np.testing.assert_array_equal(ticks.x, [3, 17])
    np.testing.assert_array_equal(ticks.y, series.log_evidence[[3, 17]])


def test_long_runs_are_thinned_and_keep_their_ends(series):
    """At most 2000 points per curve, the first and the last update among them."""
    long = [np.linspace(-50, -30, 9001)] * 2
    many = series._replace(theta=long[0], log_evidence=long[0], log_evidence_exact=long[1])
    many = many._replace(theta_exact=long[0], log_evidence_se=np.zeros(9001))
    line = traces(many)["exact"]
    assert len(line.x) == 2000
    assert (line.x[0], line.x[-1]) == (0, 9000)


def test_alt_and_caption_hold_the_numbers(series):
    reading = latent_curves(series)
    for text in ("After 50 updates", "−30.00 ± 0.10 nats, exact −30.10", "maximiser 2."):
        assert text in reading.alt
    assert "1000 weighted particles" in reading.caption
    assert "2 resamplings" in reading.caption
    assert "pushes the estimate up" in reading.caption
    alone = latent_curves(series._replace(resampled_at=np.array([3])))
    assert "1 resampling." in alone.caption


def test_a_run_without_updates_or_resamplings_is_drawn(series):
    arrays = {k: v[:1] for k, v in series._asdict().items() if isinstance(v, np.ndarray)}
    first = series._replace(**arrays)._replace(resampled_at=np.array([], dtype=int))
    reading = latent_curves(first)
    assert "After 0 updates" in reading.alt
    assert "0 resamplings" in reading.caption


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_drawn_on_a_transparent_ground(theme, series):
    layout = latent_curves(series, theme).figure.layout
    assert layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert layout.title.text
