"""Bands over seeds."""

import numpy as np
import pytest

from ebm_engine.views.many_runs import seeds

STEPS = np.arange(0, 401, 4)


def series(count=5, modes=2, **changes):
    """Seed i has KL (i + 1)/100, ESS 1 − i/10 and masses 0.2 + i/100, 0.8 − i/100 throughout."""
    place = np.arange(count)[:, None] * np.ones(len(STEPS))
    left = 0.2 + place / 100
    masses = np.stack([left, 1 - left], 2) if modes == 2 else np.full((*left.shape, modes), 0.1)
    found = {
        "steps": STEPS,
        "kl_exact": (place + 1) / 100,
        "kl_estimate": (place + 2) / 100,
        "ess": 1 - place / 10,
        "masses": masses,
        "seeds": np.arange(1, count + 1),
        "diverged": np.full(count, -1),
    }
    return seeds.Ribbon(**found | changes)


def test_bands_are_order_statistics_of_the_seeds():
    """Of 1, 2, 3, 4, 5: 1 | 2 | 3 | 4 | 5; mean ± s.d. would be 1.6 … 4.4."""
    found = seeds.bands(np.arange(1.0, 6.0)[:, None] * np.ones((5, 3)))
    np.testing.assert_allclose(found, np.arange(1.0, 6.0)[:, None] * np.ones((5, 3)))


def test_bands_leave_out_seeds_that_have_stopped():
    """A NaN is not counted; where all have stopped there is a gap."""
    found = seeds.bands(np.array([[1.0, 1.0, np.nan], [3.0, np.nan, np.nan]]))
    np.testing.assert_allclose(found[:, :2], [[1, 1], [1.5, 1], [2, 1], [2.5, 1], [3, 1]])
    assert np.isnan(found[:, 2]).all()


def test_the_sentence_gives_median_and_extremes_at_the_end_and_the_truth(snapshot):
    told = seeds.sentence(series(), snapshot)
    assert told.startswith("At update 400, over 5 seeds: KL 0.030 [0.010–0.050] nats;")
    assert "mass of mode 1 at (−4.0, 0.5) 0.220 [0.200–0.240], truth 0.250" in told
    assert "diverged" not in told


def test_the_sentence_tells_of_seeds_that_diverged(snapshot):
    stopped = np.array([-1, 100, -1, -1, 7])
    assert "2 of them diverged on the way" in seeds.sentence(series(diverged=stopped), snapshot)


def test_this_runs_own_curve_lies_on_top(snapshot):
    """The last trace of the KL figure is the run's own history."""
    drawn = seeds.ribbons(series(), snapshot)
    assert list(drawn) == ["kl", "masses", "ess"]
    own = drawn["kl"].figure.data[-1]
    assert own.name == "this run"
    np.testing.assert_allclose(own.y, snapshot.history["kl_exact"])
    masses = drawn["masses"].figure.data
    np.testing.assert_allclose(masses[-2].y, snapshot.mass_history[:, 0])
    np.testing.assert_allclose(masses[-1].y, snapshot.mass_history[:, 1])


def test_own_and_median_differ_in_colour_and_in_more_than_colour(without_weights):
    """CD is dotted, this run solid; without weights there is no ESS to show."""
    drawn = seeds.ribbons(series(), without_weights)
    assert "ess" not in drawn
    median, own = drawn["kl"].figure.data[-2:]
    assert median.line.color != own.line.color
    assert median.line.dash == "dot"
    assert own.line.dash is None


def test_without_exact_numbers_the_estimate_and_the_walkers_masses_are_shown(snapshot, make):
    """Images: cross-entropy estimates, and this run's masses as one point at its update."""
    unknown = np.full_like(snapshot.mass_history, np.nan)
    images = make(mass_history=unknown, class_names=("2", "3"), known_density=False)
    shown = series(kl_exact=np.full((5, len(STEPS)), np.nan))
    drawn = seeds.ribbons(shown, images)
    own = drawn["masses"].figure.data[-2]
    assert (own.mode, list(own.x), list(own.y)) == ("markers", [400], [0.315])
    assert "cross-entropy 0.040 [0.020–0.060]" in seeds.sentence(shown, images)
    assert "mass of class 2 0.220" in seeds.sentence(shown, images)


def test_no_kl_at_all_leaves_that_figure_out(snapshot):
    none = np.full((5, len(STEPS)), np.nan)
    drawn = seeds.ribbons(series(kl_exact=none, kl_estimate=none), snapshot)
    assert "kl" not in drawn


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_has_words_for_who_cannot_see_it(network, theme):
    """Of eight modes the first three are shown."""
    drawn = seeds.ribbons(series(modes=8), network, theme)
    for reading in drawn.values():
        assert "seeds at update 400" in reading.alt
        assert "seeds 1 to 5" in reading.caption
    assert sum(t.name == "this run" for t in drawn["masses"].figure.data) == 3
