"""Knobs: every control is a field, and moving it changes the run."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.kinds import ENERGIES, TARGETS
from ebm_engine.spec.knobs import knobs, needs_reset
from ebm_engine.spec.methods import METHODS as KINDS_OF_METHOD
from ebm_engine.spec.run_spec import SpecError
from tests.spec.knob_cases import (
    KERNELS,
    METHODS,
    cases,
    hidden,
    moved,
    name,
    numbers,
    same,
    spec,
)

ON_PLANE = sorted(set(TARGETS) - {"points"})  # own points have no control but their number
SURROUNDINGS = (
    [spec(method, "adam") for method in METHODS]
    + [spec("pcd", energy=energy) for energy in ENERGIES]
    + [spec("weighted-ula", kernel=kernel) for kernel in KERNELS]
    + [spec("pcd", energy="mlp", target=target) for target in ON_PLANE]
)


def kinds(run_spec) -> str:
    return name((run_spec, "", ""))


def test_every_method_is_covered_here():
    """A method that is added to the list is tested as well."""
    assert set(METHODS) == set(KINDS_OF_METHOD)


@pytest.mark.parametrize("case", cases(), ids=name)
def test_every_knob_moved_changes_the_run(case):
    """A control that is drawn but wired to nothing leaves every number as it was."""
    run_spec, path, other = case
    assert not same(run_spec, with_value(run_spec, path, other))


@pytest.mark.parametrize(
    "run_spec",
    [
        spec("weighted-ula"),
        spec("weighted-ula", kernel="mala"),
        spec("exact", energy="mlp"),
        spec("pcd", kernel="hmc"),
        spec("pcd", energy="mlp", kernel="underdamped"),
    ],
    ids=kinds,
)
def test_a_field_without_a_control_changes_nothing(run_spec):
    """What is hidden because it has no effect here has none: not one number moves."""
    found = hidden(run_spec)
    assert len(found) >= 3
    assert [path for path, other in found.items() if not same(run_spec, other)] == []


def test_betas_of_adam_change_the_run():
    """They have no control but are a field of the spec."""
    changed = with_value(spec("cd", "adam"), "optimizer.betas", [0.9, 0.99])
    assert not torch.allclose(numbers(spec("cd", "adam"))[0], numbers(changed)[0])


@pytest.mark.parametrize("method", METHODS)
def test_every_scalar_field_has_a_control(method):
    """Only kinds, the geometry, Adam's betas and what has no effect are without one."""
    run_spec = spec(method, "adam")
    without = {path.partition(".")[2] for path in flatten(run_spec)} - {
        knob.path.partition(".")[2] for knob in knobs(run_spec)
    }
    idle = {"lr", "leapfrog", "metropolis", "friction"}
    idle |= set() if method == "weighted-ula" else {"adaptive", "follow_ess"}
    idle |= {"exact": {"batch"}, "improved-cd": {"kernel"}}.get(method, set())
    assert without == {"kind", "means", "masses", "stds", "betas"} | idle


@pytest.mark.parametrize("run_spec", SURROUNDINGS, ids=kinds)
def test_every_knob_explains_itself(run_spec):
    """A label, a help in sentences, limits that hold its usual range, and its default inside."""
    for knob in knobs(run_spec):
        assert knob.label
        assert knob.help.endswith(".")
        if knob.kind in ("int", "float"):
            low, high = knob.usual
            assert knob.low <= low < high <= knob.high, knob.path
            assert knob.low <= knob.default <= knob.high
            assert not (knob.log and low <= 0)
        elif knob.kind in ("choice", "many"):
            assert len(knob.choices) >= 2


@pytest.mark.parametrize("run_spec", SURROUNDINGS, ids=kinds)
def test_a_value_beyond_a_limit_is_refused(run_spec):
    """The control's limits are the spec's limits: one step outside is an error."""
    for knob in knobs(run_spec):
        if knob.kind not in ("int", "float"):
            continue
        for value in (knob.low - 1, knob.high + 1, math.nan):
            with pytest.raises(SpecError, match=knob.path):
                with_value(run_spec, knob.path, value)
        if knob.open_low:
            with pytest.raises(SpecError, match=knob.path):
                with_value(run_spec, knob.path, knob.low)


LIVE = [spec(method) for method in METHODS] + [
    spec("weighted-ula", energy="mlp"),
    spec("pcd", kernel="hmc"),
    spec("weighted-ula", kernel="underdamped"),
]


@pytest.mark.parametrize("run_spec", LIVE, ids=kinds)
def test_live_knobs_apply_at_the_next_update_and_leave_a_mark(run_spec):
    """A live change continues the run; any other needs a reset and is refused."""
    run = Run(run_spec)
    run.advance()
    for knob in knobs(run_spec):
        if knob.path == "device" or (
            run_spec.method.kind == "improved-cd" and knob.path == "sampler.kernel"
        ):
            continue
        changed = with_value(run_spec, knob.path, moved(knob, flatten(run_spec)[knob.path])[0])
        assert needs_reset(run_spec, changed) is not knob.live
        if not knob.live:
            with pytest.raises(SpecError, match="reset"):
                run.change(changed)
            continue
        run.change(changed)
        assert run.spec == changed
        assert run.state.marks[-1][0] == run.step
        assert knob.label in run.state.marks[-1][1]
        run.advance()
        run.change(run_spec)
    assert run.divergence is None


@pytest.mark.parametrize("energy", ["mixture", "mlp"])
def test_a_live_change_takes_effect_in_the_next_update_only(energy):
    """Two runs agree up to the change and differ one update later."""
    start = spec("weighted-ula", energy=energy)
    first, second = Run(start), Run(start)
    for run in (first, second):
        for _ in range(5):
            run.advance()
    second.change(with_value(start, "sampler.step_size", 0.3))
    x, y = (run.state.walkers.train.x for run in (first, second))
    assert torch.equal(x, y)
    first.advance()
    second.advance()
    assert not torch.equal(first.state.walkers.train.x, second.state.walkers.train.x)


def test_another_method_or_optimiser_needs_a_reset():
    """Kinds cannot change while running."""
    assert needs_reset(spec("cd"), spec("pcd"))
    assert needs_reset(spec("cd", "sgd"), spec("cd", "adam"))
    assert needs_reset(spec("cd"), spec("cd", energy="mlp"))
    assert not needs_reset(spec("cd"), spec("cd"))
