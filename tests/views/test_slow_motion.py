"""Slow motion on the plane and in numbers, from a hand-made update."""

import math

import numpy as np
import pytest

from ebm_engine.studies.specs.slow_motion import ModelOnPlane, Motion, Moves, Term, Weights
from ebm_engine.views.slow_motion import numbers, plane
from ebm_engine.views.slow_motion.numbers import READERS, walker_numbers
from ebm_engine.views.slow_motion.plane import lengthening

CARDS = ("data", "walkers", "update", "drift", "noise", "weight")
START = np.array([[0.0, 0.0], [1.0, 2.0], [-3.0, 1.0], [4.0, 0.0]])
DRIFT = np.array([[0.1, 0.0], [-0.2, 0.3], [0.0, -0.1], [0.05, 0.0]])
NOISE = np.array([[0.3, 0.4], [0.2, -0.5], [-0.4, 0.1], [0.0, 0.6]])
WEIGHTS = np.array([0.1, 0.2, 0.3, 0.4])
AFTER = np.array([0.05, 0.15, 0.2, 0.6])


@pytest.fixture
def motion(snapshot):
    """Four walkers, two modes; walker 3 has 60 % of the weight in the end."""
    end = START + DRIFT + NOISE
    values = {"data": 0.3, "walkers": 0.1, "gradient": 0.2, "used": 0.2, "change": -0.001}
    return Motion(
        step=12,
        box=snapshot.box,
        before=ModelOnPlane(snapshot.field, np.array([[-4.0, 0.0], [4.0, 0.0]])),
        after=ModelOnPlane(snapshot.field + 1, np.array([[-4.1, 0.0], [4.1, 0.0]])),
        moves=Moves(
            start=START,
            first_end=end,
            proposal=end.copy(),
            end=end.copy(),
            drift=DRIFT,
            noise=NOISE,
            moved=np.ones(4, dtype=bool),
        ),
        weights=Weights(
            share=WEIGHTS,
            responsibilities=np.array([[0.5, 0.5]] * 4),
            log_w=np.log(4 * WEIGHTS),
            log_w_after=np.log(4 * AFTER),
            gain=np.log(AFTER / WEIGHTS),
            energy=np.array([1.0, 2.0, 3.0, 4.0]),
            energy_after=np.array([1.5, 2.5, 3.5, 4.5]),
            ess_before=0.83,
            ess=0.58,
            threshold=0.5,
            resampled=False,
            parents=np.zeros(0, dtype=np.int64),
            restarted=np.zeros(4, dtype=bool),
            acceptance=math.nan,
        ),
        parameters=("means", "log_masses"),
        terms={name: term(value) for name, value in values.items()},
        refreshed=False,
        new_chains=False,
        only_shown=False,
        divergence="",
    )


def term(value):
    entries = {"means": np.full((2, 2), value), "log_masses": np.full(2, value)}
    return Term(np.array([2.0, 1.0]) * abs(value), entries)


def with_moves(motion, **changes):
    return motion._replace(moves=motion.moves._replace(**changes))


def with_weights(motion, **changes):
    return motion._replace(weights=motion.weights._replace(**changes))


def arrows(reading):
    """Start and end of each arrow that is drawn in its own colour, not its halo."""
    drawn = [a for a in reading.figure.layout.annotations if a.showarrow is not False]
    return [((a.ax, a.ay), (a.x, a.y)) for a in drawn if a.arrowhead == 2]


def test_drift_and_noise_are_arrows_of_true_length(motion, snapshot):
    """From x to x + drift, from there to y; the noise does not start at x."""
    reading = plane.motion_plane(motion, "noise", 1, snapshot)
    down, kick = arrows(reading)
    np.testing.assert_allclose(down, [(1.0, 2.0), (0.8, 2.3)])
    np.testing.assert_allclose(kick, [(0.8, 2.3), (1.0, 1.8)])
    assert len(arrows(plane.motion_plane(motion, "drift", 1, snapshot))) == 1


def test_the_plane_is_zoomed_in_where_the_walker_moves(motion, snapshot):
    """Both axes show a square that holds the whole move; the other cards show the whole box."""
    layout = plane.motion_plane(motion, "noise", 1, snapshot).figure.layout
    (x0, x1), (y0, y1) = layout.xaxis.range, layout.yaxis.range
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert x0 < 0.8
    assert x1 > 1.0
    assert y0 < 1.8
    assert y1 > 2.3
    assert x1 - x0 < 2
    whole = plane.motion_plane(motion, "data", 1, snapshot).figure.layout
    assert list(whole.xaxis.range) == [-10, 10]


def test_the_data_send_the_means_against_their_term_and_the_walkers_along_theirs(motion, snapshot):
    """Δθ = −γ(data − walkers): signs differ between both cards; lengthened by a round factor."""
    (_, pulled), _ = arrows(plane.motion_plane(motion, "data", 0, snapshot))
    (_, pushed), _ = arrows(plane.motion_plane(motion, "walkers", 0, snapshot))
    assert pulled[0] < -4.0 < pushed[0]
    reading = plane.motion_plane(motion, "update", 0, snapshot)
    (_, moved), _ = arrows(reading)
    np.testing.assert_allclose(moved, (-4.0 - 1.0, -1.0))
    assert "drawn 1000 times as long" in reading.caption


@pytest.mark.parametrize(
    ("length", "factor"), [(1.0, 2), (0.3, 5), (0.0021, 1000), (30.0, 0.05), (2.8, 1), (0.0, 1)]
)
def test_arrows_are_lengthened_by_the_largest_round_factor_that_fits(length, factor):
    """1, 2 or 5 times a power of ten, such that the longest stays within 2.8."""
    assert lengthening(np.array([[length, 0.0], [0.0, length / 2]]), 2.8) == pytest.approx(factor)


def test_a_card_shows_its_moment(motion, snapshot):
    """Positions, weights and field before the move, after it, and with the new weights."""
    first = plane.moment(motion, "data", snapshot)
    np.testing.assert_allclose(first.positions, START)
    middle = plane.moment(motion, "noise", snapshot)
    np.testing.assert_allclose(middle.positions, START + DRIFT + NOISE, rtol=1e-6)
    np.testing.assert_allclose(middle.log_w, np.log(4 * WEIGHTS), rtol=1e-6)
    last = plane.moment(motion, "weight", snapshot)
    np.testing.assert_allclose(last.log_w, np.log(4 * AFTER), rtol=1e-6)
    np.testing.assert_allclose(last.field, snapshot.field + 1)
    np.testing.assert_allclose(last.means, motion.after.means)


def test_new_chains_stand_for_the_model_at_their_ends(motion, snapshot):
    """CD takes its gradient after the walk: at the ends; its drift is drawn at the starts."""
    chains = motion._replace(new_chains=True)
    at_ends = plane.moment(chains, "walkers", snapshot).positions
    np.testing.assert_allclose(at_ends, START + DRIFT + NOISE, rtol=1e-6)
    np.testing.assert_allclose(plane.moment(chains, "drift", snapshot).positions, START)


def test_the_walkers_numbers_are_given_card_by_card(motion):
    rows = {card: dict(walker_numbers(motion, card, 3)) for card in CARDS}
    assert rows["walkers"]["share p in the gradient"] == "40 % (equal: 25 %)"
    assert rows["drift"]["drift −h∇U"] == "(0.050, 0.000)"
    assert rows["noise"]["sum y"] == "(4.050, 0.600)"
    assert rows["weight"]["weight N·w"] == "1.6 → 2.4"
    assert rows["weight"]["growth of A"] == "+0.4055"
    assert rows["weight"]["energy Uₖ(x) → Uₖ₊₁(y)"] == "4.000 → 4.500 kT"
    assert set(READERS) == set(CARDS)


def test_a_test_that_fails_leaves_the_walker_where_it_was(motion):
    """Acceptance is read from the place the walker came to, not by the mean acceptance."""
    refused = motion.moves.first_end.copy()
    refused[1] = START[1]
    tested = with_moves(with_weights(motion, acceptance=0.75), first_end=refused, end=refused)
    assert dict(walker_numbers(tested, "noise", 0))["test"] == "accepted"
    assert dict(walker_numbers(tested, "noise", 1))["test"].startswith("rejected")


def test_what_does_not_exist_is_not_shown(motion):
    """A kernel with momentum has no drift; a walker that stays has no move; no weights, no A."""
    none = np.zeros((0, 2))
    momentum = with_moves(motion, drift=none, noise=none, proposal=none)
    assert dict(walker_numbers(momentum, "drift", 0)) == {
        "position x": "(0.000, 0.000)",
        "after the move": "(0.400, 0.400)",
    }
    still = with_moves(motion, moved=np.zeros(4, dtype=bool))
    assert ("this walker", "stays where it is in this update") in walker_numbers(still, "noise", 0)
    without = with_weights(motion, threshold=math.nan)
    assert "growth of A" not in dict(walker_numbers(without, "weight", 0))
    shown = dict(walker_numbers(motion._replace(only_shown=True), "walkers", 0))
    assert shown["share in the gradient"].startswith("none")


def test_parameters_are_shown_one_by_one_or_by_their_norms(motion):
    """Two modes: a row for each mean and z; ten modes: norms; tiny numbers as powers of ten."""
    table = numbers.parameter_table(motion, "update")
    assert table[0] == ["parameter", "gradient", "masked, clipped", "step Δθ"]
    assert table[1] == ["mean 1", "(0.2, 0.2)", "(0.2, 0.2)", "(−0.001, −0.001)"]
    both = numbers.parameter_table(motion, "walkers")
    assert both[1] == ["mean 1", "(0.3, 0.3)", "(0.1, 0.1)", "(0.2, 0.2)"]
    assert table[3][0] == "z of mode 1"
    ten = motion._replace(before=motion.before._replace(means=np.zeros((10, 2))))
    many = numbers.parameter_table(ten, "walkers")
    assert [row[0] for row in many] == ["norm of", "‖means‖", "‖log_masses‖"]
    change = term(-0.001)
    change.entries["log_masses"] = np.array([0.0, -4.9e-5])
    tiny = motion._replace(terms=motion.terms | {"change": change})
    assert numbers.parameter_table(tiny, "update")[4][-1] == "−5·10⁻⁵"


def test_a_method_with_one_term_shows_its_gradient_only(motion):
    """Score matching: no walker table, no data term that it does not have."""
    terms = {name: t for name, t in motion.terms.items() if name not in ("data", "walkers")}
    one = motion._replace(terms=terms)
    assert numbers.parameter_table(one, "data")[0] == ["parameter", "gradient"]
    assert numbers.parameter_table(one, "walkers") == []
    head = numbers.parameter_table(one, "update")[0]
    assert head == ["parameter", "gradient", "masked, clipped", "step Δθ"]
    assert numbers.parameter_table(motion, "weight") == []


def test_the_outcome_says_who_survived(motion):
    """ESS against the threshold; copies by slot; the parent that took a dead walker's slot."""
    outcome = numbers.outcome
    assert (
        outcome(motion, 0) == "ESS/N is 0.580, not below the threshold 0.5: no walker is resampled."
    )
    drawn = with_weights(motion, resampled=True, ess=0.42, parents=np.array([1, 3, 3, 3]))
    assert "ESS/N fell to 0.420" in outcome(drawn, 0)
    assert "Walker 0 dies out; its slot holds a copy of walker 1." in outcome(drawn, 0)
    assert "Walker 1 survives once, in slot 0." in outcome(drawn, 1)
    assert "Walker 3 survives 3 times, in slots 1, 2, 3." in outcome(drawn, 3)
    assert numbers.descendants(drawn, 3).tolist() == [1, 2, 3]
    assert numbers.descendants(motion, 3).tolist() == [3]
    assert "annealed" in outcome(motion._replace(refreshed=True), 0)
    restarted = np.array([True, False, False, False])
    back = with_weights(motion, restarted=restarted, threshold=math.nan)
    assert "put back to a start" in outcome(back, 0)
    assert outcome(back, 1) == ""


@pytest.mark.parametrize("card", CARDS)
def test_the_alt_text_names_the_walker_and_where_it_is(motion, snapshot, card):
    reading = plane.motion_plane(motion, card, 2, snapshot, "dark")
    assert "walker 2 is at (−3" in reading.alt
    assert "update 12" in reading.alt
