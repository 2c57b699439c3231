"""A run that goes wrong stops by itself, soon, and names the likely knob."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ebm_engine.core.divergence import (
    ENERGY_LIMIT,
    ESS_FLOOR,
    ESS_PATIENCE,
    GRADIENT_LIMIT,
    check_ess,
    check_size,
)
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec

METHODS = ({"kind": "cd"}, {"kind": "pcd"}, {"kind": "weighted-ula"})


def run(updates: int, **spec: Any) -> Run:
    made = Run(parse_spec({"walkers": {"count": 200}, "target": {"samples": 300}} | spec))
    for _ in range(updates):
        made.advance()
    return made


def test_ess_below_the_floor_is_tolerated_for_a_while():
    """The alarm comes with the 20th update in a row below 0.05, and one above starts anew."""
    low = 0
    for k in range(ESS_PATIENCE):
        alarm = check_ess(ESS_FLOOR / 2, low)
        low = alarm.low_for
        assert (alarm.quantity == "ESS/N") is (k == ESS_PATIENCE - 1)
    assert check_ess(ESS_FLOOR, ESS_PATIENCE - 1).low_for == 0
    assert check_ess(1.0, 7).quantity is None


def test_a_number_that_is_not_finite_is_an_alarm_at_once():
    """NaN must not slip through a comparison like value > limit."""
    for bad in (math.nan, math.inf):
        assert check_size(bad, 1.0, 2).quantity == "walker energy"
        assert check_size(1.0, bad, 2).quantity == "gradient"
    assert check_ess(math.nan, 0).quantity == "log-weights"


def test_sizes_are_judged_against_their_limits():
    """|U| may grow with the dimension: d/2 nats are normal, 10⁴·d/10 are not."""
    assert check_size(0.99 * ENERGY_LIMIT, 1.0, 2).quantity is None
    assert check_size(1.01 * ENERGY_LIMIT, 1.0, 2).quantity == "walker energy"
    assert check_size(1.01 * ENERGY_LIMIT, 1.0, 50).quantity is None
    assert check_size(1.0, 1.01 * GRADIENT_LIMIT, 2).quantity == "gradient"


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["kind"])
@pytest.mark.parametrize("step_size", [50.0, 100.0])
def test_an_exploding_step_is_detected_within_five_updates(method, step_size):
    """|x| grows by h − 1 per step; the report names the step size and stops the run.

    CD-1 starts again at the data each time: one step with h = 50 is bad but does not explode.
    """
    if method["kind"] == "cd":
        method = {"kind": "cd", "k": 5}
    diverged = run(5, method=method, sampler={"step_size": step_size})
    assert diverged.divergence is not None
    assert diverged.divergence.step <= 5
    assert diverged.divergence.knob == "sampler.step_size"
    assert str(diverged.divergence.step) in diverged.divergence.message
    before = diverged.step
    diverged.advance()
    assert diverged.step == before


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["kind"])
def test_an_absurd_learning_rate_is_blamed_on_the_rate(method):
    """Means that jump by hundreds at h = 0.1: found within 5 updates of passing a limit.

    Blaming the Langevin step, which is stable up to h = 2, would send people the wrong way.
    """
    rates = {"kind": "sgd", "lr_means": 100.0, "lr_log_masses": 0.025}
    diverged, passed_at = run(0, method=method, optimizer=rates), None
    for step in range(1, 30):
        diverged.advance()
        metrics = diverged.state.metrics
        sizes = check_size(metrics.largest_energy(), metrics.gradient_norm(), dim=2)
        if passed_at is None and sizes.quantity is not None:
            passed_at = step
    assert diverged.divergence is not None
    assert diverged.divergence.step - passed_at < 5
    assert diverged.divergence.knob == "optimizer.lr_means"


@pytest.mark.parametrize(("fast", "slow"), [("means", "log_masses"), ("log_masses", "means")])
def test_collapsed_weights_stop_a_run_that_never_resamples(fast, slow):
    """Threshold 0 and a fast path: ESS/N < 0.05 for 20 updates; the faster rate is the cause."""
    means = [[-5.0, 0.0], [5.0, 0.0]]
    start = [[-0.1, 0], [0.1, 0]] if fast == "means" else means
    masses = [0.5, 0.5] if fast == "means" else [0.99, 0.01]
    diverged = run(
        100,
        target={"means": means, "masses": [0.01, 0.99], "samples": 300},
        energy={"means": start, "masses": masses},
        method={"kind": "weighted-ula", "ess_threshold": 0.0},
        optimizer={"kind": "sgd", f"lr_{fast}": 1.0, f"lr_{slow}": 1e-4},
    )
    assert diverged.divergence is not None
    assert diverged.divergence.quantity == "ESS/N"
    assert diverged.divergence.value < 0.05
    assert diverged.divergence.knob == f"optimizer.lr_{fast}"


@pytest.mark.parametrize(
    ("sampler", "knob"),
    [({"step_size": 0.9}, "step_size"), ({"step_size": 0.1, "temperature": 4.0}, "temperature")],
)
def test_weights_that_collapse_at_frozen_parameters_are_the_samplers_fault(sampler, knob):
    """Frozen in d = 60: at h = 0.9 the ESS ceiling is below 10⁻²⁰, at T = 4 the walkers are off."""
    mixture = {"means": [[0.0] * 60], "masses": [1.0]}
    diverged = run(
        60,
        target=mixture | {"samples": 300},
        energy=mixture | {"learn": []},
        method={"kind": "weighted-ula", "ess_threshold": 0.0},
        sampler=sampler,
    )
    assert diverged.divergence is not None
    assert diverged.divergence.quantity == "ESS/N"
    assert diverged.divergence.knob == f"sampler.{knob}"


def test_resampling_does_not_hide_a_collapse():
    """h = 6 on unit modes: each update leaves a few walkers of 200, resampling shows ESS/N = 1.

    Looking at the weights after resampling, the run would go on for ever.
    """
    diverged = run(60, method={"kind": "weighted-ula"}, sampler={"step_size": 6.0})
    assert diverged.divergence is not None
    assert diverged.divergence.quantity == "ESS/N"
    assert diverged.divergence.knob == "sampler.step_size"
    assert diverged.state.walkers.train.ess == 1.0


@pytest.mark.parametrize("step_size", [1.0, 1.5])
def test_a_step_that_is_only_too_long_goes_on(step_size):
    """Few ancestors are left at h = 1 and 1.5, but the run shows it and does not stop."""
    assert run(400, method={"kind": "weighted-ula"}, sampler={"step_size": step_size}).step == 400


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["kind"])
def test_a_broken_number_inside_a_run_is_found_within_five_updates(method):
    """A parameter that becomes NaN, whatever wrote it."""
    broken = run(3, method=method)
    broken.parts.trainer.energy.means[0, 0] = math.nan
    for _ in range(5):
        broken.advance()
    assert broken.divergence is not None
    assert broken.step <= 8


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["kind"])
def test_a_sound_run_never_raises_an_alarm(method):
    """200 updates at the default settings, also with walkers 16 widths away from a mode."""
    assert run(200, method=method).divergence is None
    far = {"means": [[-16.0, 0.0], [16.0, 0.0]], "masses": [0.5, 0.5]}
    assert run(100, method=method, target=far | {"samples": 300}).divergence is None


def test_a_diverged_run_can_be_looked_at_and_rewound():
    """The snapshot carries the report; going back clears it and gives finite numbers."""
    diverged = run(0)
    for _ in range(60):
        diverged.advance()
    diverged.change(parse_spec(diverged.spec.model_dump() | {"sampler": {"step_size": 80.0}}))
    for _ in range(5):
        diverged.advance()
    snapshot = diverged.snapshot(playing=False, updates_per_second=0.0)
    assert snapshot.divergence == diverged.divergence
    assert snapshot.history["step"][-1] == diverged.step
    diverged.rewind(50)
    assert diverged.divergence is None
    assert diverged.step == snapshot.step - 50
    assert torch.isfinite(diverged.state.walkers.train.x).all()
