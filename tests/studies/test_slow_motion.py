"""One update in slow motion: its numbers are those of the update that the run makes next."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch

from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.slow_motion.cards import CHAINS, PERSISTENT, cards
from ebm_engine.studies.slow_motion.update import before_resampling, load, of_checkpoint
from ebm_engine.studies.specs.slow_motion import Motion, SlowMotionSpec
from tests.run.image_models import checkpoint

SMALL = {"walkers": {"count": 60}, "target": {"samples": 100}}
NETWORK = {"target": {"kind": "ring"}, "energy": {"kind": "mlp", "width": 8}}
KINDS = {
    "weighted": {},
    "resampling": {"method": {"ess_threshold": 0.9999}},
    "adam": {"optimizer": {"kind": "adam", "batch": 20, "clip": 0.1}},
    "witnesses": {"method": {"witness": 30}},
    "batch": {"method": {"walker_batch": 20}},
    "batch-steps": {"method": {"walker_batch": 20, "steps": 3}},
    "refresh": {"method": {"refresh_every": 7, "refresh_steps": 5}},
    "uncorrected": {"method": {"correction": False}},
    "adaptive": {"sampler": {"adaptive": True}},
    "cold": {"sampler": {"temperature": 0.5}},
    "mala": {"sampler": {"kernel": "mala", "step_size": 1.0}},
    "hmc": {"sampler": {"kernel": "hmc"}},
    "underdamped": {"sampler": {"kernel": "underdamped"}},
    "pcd": {"method": {"kind": "pcd", "restart": 0.2}},
    "unweighted": {"method": {"kind": "unweighted"}},
    "cd": {"method": {"kind": "cd", "k": 3}},
    "short-run": {"method": {"kind": "short-run", "k": 3}},
    "improved-cd": {"method": {"kind": "improved-cd", "k": 3}},
    "exact": {"method": {"kind": "exact"}},
    "score-matching": {"method": {"kind": "score-matching"}},
    "denoising": {"method": {"kind": "denoising-score-matching"}},
    "many": {"walkers": {"count": 5000}},
    "network": NETWORK | {"optimizer": {"kind": "adam"}},
}
UPDATES = 6


def spec_of(changes):
    content = {name: dict(block) for name, block in SMALL.items()}
    for head, block in changes.items():
        content[head] = content.get(head, {}) | block
    if "kind" in content["target"]:
        content["target"].pop("samples")
    return parse_spec(content)


def played(spec, updates=UPDATES):
    run = Run(spec)
    for _ in range(updates):
        run.advance()
    return run


def slowed(content, spec=None):
    *_, (share, result) = of_checkpoint(SlowMotionSpec(checkpoint=content, spec=spec))
    assert share == 1.0
    return Motion(**result)


def entries(motion, term, parameter):
    return motion.terms[term].entries[parameter]


@cache
def shown(name):
    """The run before and after its next update, and its motion."""
    run = played(spec_of(KINDS[name]))
    content = run.save()
    before, theta = run.state.walkers.train, run.parts.trainer.energy.frozen()
    run.advance()
    return before, theta, run, slowed(content)


@pytest.mark.parametrize("name", KINDS)
def test_the_numbers_are_bit_by_bit_those_of_the_next_update(name):
    """x, ln(N·w), θ and the gradient after equal Run.advance(); another noise would differ at once.

    A resampled walker's place and weight are those of its parent just before.
    """
    before, theta, run, motion = shown(name)
    now = run.state.walkers.train
    index = now.parents if now.resampled else torch.arange(len(now.x))
    assert np.array_equal(motion.moves.end[index.numpy()], run.state.plane.project(now.x))
    if not now.resampled:
        relative = torch.log_softmax(now.log_w, 0) + math.log(len(now.x))
        assert np.array_equal(motion.weights.log_w_after, relative.numpy())
        assert np.array_equal(motion.weights.gain, (now.log_w - before.log_w).numpy())
    for place, name_ in enumerate(motion.parameters):
        change = run.parts.trainer.energy.parameters[name_] - theta.parameters[name_]
        norms = {term: parts.norms[place] for term, parts in motion.terms.items()}
        assert norms["change"] == pytest.approx(float(change.norm()), rel=1e-6)
        gradient = run.state.metrics.gradient[name_]
        assert norms["gradient"] == pytest.approx(float(gradient.norm()), rel=1e-6)


@pytest.mark.parametrize("name", [n for n in KINDS if n not in ("hmc", "underdamped", "refresh")])
def test_drift_and_noise_add_up_to_the_proposal(name):
    """x + (−h∇U) + √(2hT) ξ = y up to rounding; with √h in place of √(2h) it is off by 0.1.

    Without a Metropolis test the first move ends there; with one it ends there or where it began.
    """
    _, _, _, motion = shown(name)
    moved = motion.moves.moved
    assert moved.sum() == (20 if name.startswith("batch") else len(moved))
    total = motion.moves.start + motion.moves.drift + motion.moves.noise
    np.testing.assert_allclose(total[moved], motion.moves.proposal[moved], atol=1e-5)
    arrived = (motion.moves.first_end == motion.moves.proposal).all(1)[moved]
    stayed = (motion.moves.first_end == motion.moves.start).all(1)[moved]
    assert (arrived | stayed).all()
    assert arrived.all() or (name == "mala" and stayed.any() and arrived.any())
    assert np.isnan(motion.moves.drift[~moved]).all()


def test_the_drift_goes_down_the_old_slope_and_the_noise_is_normal():
    """drift = −h∇Uₖ(x) with the cached slope, not that of θₖ₊₁; noise/√(2h) has mean 0, var 1."""
    before, _, run, motion = shown("many")
    assert np.array_equal(motion.moves.drift, (-0.1 * before.at.gradient).numpy())
    new = run.parts.trainer.energy.evaluate(before.x).gradient
    assert np.abs(motion.moves.drift + 0.1 * new.numpy()).max() > 1e-4
    noise = motion.moves.noise / math.sqrt(0.2)
    assert abs(noise.mean()) < 5 / math.sqrt(10_000)
    assert abs(noise.var() - 1) < 5 * math.sqrt(2 / 10_000)


def test_a_tested_proposal_uses_the_new_slope():
    """MALA moves with θₖ₊₁ after the weights have changed: drift = −h∇Uₖ₊₁(x)."""
    before, _, run, motion = shown("mala")
    new = run.parts.trainer.energy.evaluate(before.x).gradient
    assert np.array_equal(motion.moves.drift, (-1.0 * new).numpy())


@pytest.mark.parametrize("name", ["weighted", "resampling", "adam", "pcd", "cd"])
def test_data_minus_walkers_is_the_gradient(name):
    """Every entry; their sum, or a data term over all points in place of the batch, is not."""
    _, _, run, motion = shown(name)
    for part in ("log_masses", "means"):
        data, walkers = entries(motion, "data", part), entries(motion, "walkers", part)
        gradient = entries(motion, "gradient", part)
        np.testing.assert_allclose(data - walkers, gradient, atol=1e-6)
        assert np.array_equal(gradient, run.state.metrics.gradient[part].numpy())
    assert not np.allclose(data + walkers, gradient, atol=1e-3)


def test_the_model_term_of_the_exact_gradient_is_the_expectation_under_the_model():
    """E_p[∂U/∂aⱼ] = 0 and E_p[∂U/∂zⱼ] = softmax(−z)ⱼ; the walkers' mean has neither value."""
    _, theta, _, motion = shown("exact")
    np.testing.assert_allclose(entries(motion, "walkers", "means"), 0, atol=1e-5)
    masses = torch.softmax(-theta.z.double(), 0).numpy()
    np.testing.assert_allclose(entries(motion, "walkers", "log_masses"), masses, atol=1e-6)
    assert np.abs(motion.weights.responsibilities.mean(0) - masses).max() > 1e-3


def test_gradient_descent_steps_by_its_rates_and_holds_the_first_z():
    """Δa = −γ_a ∂H/∂a and Δz = −γ_z ∂H/∂z, but 0 for the gauge z₁; Adam's step is another."""
    _, _, _, motion = shown("weighted")
    step = -0.005 * entries(motion, "gradient", "means")
    np.testing.assert_allclose(entries(motion, "change", "means"), step, atol=1e-6)
    change, gradient = (entries(motion, term, "log_masses") for term in ("change", "gradient"))
    assert change[0] == 0 != gradient[0]
    assert change[1] == pytest.approx(-0.025 * gradient[1], abs=1e-6)
    _, _, _, other = shown("adam")
    clipped = math.hypot(*other.terms["used"].norms)
    assert clipped == pytest.approx(0.1, rel=1e-5) or clipped < 0.1


def test_improved_cd_shows_what_its_last_step_adds():
    """data − walkers is only a part of its gradient: the rest comes through the last step."""
    _, _, _, motion = shown("improved-cd")
    rest = entries(motion, "gradient", "means") - (
        entries(motion, "data", "means") - entries(motion, "walkers", "means")
    )
    assert np.abs(rest).max() > 1e-4


def test_a_resampling_tells_who_descends_from_whom():
    """parents are those of the run; before it the weights differ, after it all are equal."""
    _, _, run, motion = shown("resampling")
    now = run.state.walkers.train
    assert motion.weights.resampled
    assert now.resampled
    assert np.array_equal(motion.weights.parents, now.parents.numpy())
    assert motion.weights.ess == now.ess_before < 0.9999
    assert np.ptp(motion.weights.log_w_after) > 0
    assert float(now.log_w.abs().max()) == 0


def test_a_refresh_shows_no_move():
    """All walkers are new: nothing of the old ones' way may be shown."""
    _, _, _, motion = shown("refresh")
    assert motion.refreshed
    assert motion.weights.restarted.all()
    assert not motion.moves.moved.any()
    assert np.isnan(motion.moves.drift).all()


def test_settings_changed_after_the_checkpoint_count():
    """A pause saves, a change does not: half the step size halves the drift, not the old one's."""
    run = played(spec_of({}))
    content, spec = run.save(), with_value(run.spec, "sampler.step_size", 0.05)
    old, new = slowed(content), slowed(content, spec)
    np.testing.assert_allclose(new.moves.drift, old.moves.drift / 2, rtol=1e-5)
    run.change(spec)
    run.advance()
    assert np.array_equal(new.moves.end, run.state.plane.project(run.state.walkers.train.x))


def test_what_cannot_be_slowed_down_is_refused_in_one_sentence():
    """No checkpoint, a run that began again, images."""
    with pytest.raises(TaskError, match="nothing to slow down yet"):
        load(SlowMotionSpec())
    saved = played(spec_of({}), 1).save()
    other = with_value(spec_of({}), "walkers.count", 61)
    with pytest.raises(TaskError, match="restarted with other settings"):
        load(SlowMotionSpec(checkpoint=saved, spec=other))
    with pytest.raises(TaskError, match="not for digits"):
        load(SlowMotionSpec(checkpoint=checkpoint(2)))


def test_the_task_ends_with_its_result():
    """By name, as the job queue does it."""
    content = played(spec_of({}), 1).save()
    seen = list(TASKS["slow-motion"].run(parse_task("slow-motion", {"checkpoint": content})))
    assert [share for share, _ in seen] == [0.3, 1.0]
    assert seen[-1][1]["step"] == 1


def test_before_resampling_is_the_run_itself_where_nobody_resampled():
    """No second update is made then."""
    run = played(spec_of({}))
    assert before_resampling(run, SlowMotionSpec()) is run.state.walkers.train


@pytest.mark.parametrize("name", KINDS)
def test_there_are_six_cards_in_the_order_of_the_update(name):
    """New chains walk before the gradient, lasting ones after it; no placeholder is left."""
    deck = cards(spec_of(KINDS[name]))
    expected = CHAINS if name in ("cd", "short-run", "improved-cd") else PERSISTENT
    assert tuple(card.name for card in deck) == expected
    for card in deck:
        assert card.title
        assert card.sentence.endswith(".")
        assert not any(word in card.formula for word in ("THETA", "GRADIENT", "BACKWARD"))
        assert not set("{}") & set(card.sentence)


def test_the_cards_say_which_parameters_the_move_uses():
    """ULA: θₖ in one move and θₖ₊₁ in several; MALA: θₖ₊₁; CD: θₖ."""
    told = {}
    for name in ("weighted", "batch-steps", "mala", "cd"):
        deck = {card.name: card for card in cards(spec_of(KINDS[name]))}
        told[name] = "k+1" in deck["drift"].formula
    assert told == {"weighted": False, "batch-steps": True, "mala": True, "cd": False}
