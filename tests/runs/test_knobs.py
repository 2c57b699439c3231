"""Knobs: every control is a field, and moving it changes the run."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ebm_engine.runs.knobs import Knob, knobs, needs_reset
from ebm_engine.runs.run import Run
from ebm_engine.runs.spec import RunSpec, SpecError, flatten, parse_spec, with_value

METHODS: dict[str, dict[str, Any]] = {
    "cd": {"kind": "cd", "k": 2},
    "pcd": {"kind": "pcd", "restart": 0.05, "restart_every": 9},
    "weighted-ula": {
        "kind": "weighted-ula",
        "ess_threshold": 0.8,
        "witness": 50,
        "refresh_every": 20,
        "refresh_steps": 10,
    },
}
OPTIMIZERS = ("sgd", "adam")
UPDATES = 60


def spec(method: str, optimizer: str = "sgd") -> RunSpec:
    """A small fast run in which every option is in use."""
    return parse_spec(
        {
            "method": METHODS[method],
            "optimizer": {"kind": optimizer, "lr_means": 0.05, "lr_log_masses": 0.1},
            "walkers": {"count": 60},
            "target": {"samples": 80},
            "energy": {"jitter": 0.01},
        }
    )


def moved(knob: Knob, value: Any) -> list[Any]:
    """Other legal values of a knob: all other choices, or one step of a number."""
    if knob.kind == "bool":
        return [not value]
    if knob.kind == "choice":
        return [choice for choice in knob.choices if choice != value]
    if knob.kind == "many":
        return [[], *([choice] for choice in knob.choices)]
    if knob.kind == "int":
        return [value + 1]
    return [value * 0.9 if value > 0 else 0.1]


CASES = [
    (method, optimizer, knob.path, other)
    for method in METHODS
    for optimizer in OPTIMIZERS
    for knob in knobs(spec(method, optimizer))
    if knob.path != "device"
    for other in moved(knob, flatten(spec(method, optimizer))[knob.path])
]


def numbers(run_spec: RunSpec) -> list[torch.Tensor]:
    """Parameters, walkers, weights and witnesses after UPDATES updates, in float64."""
    run = Run(run_spec)
    for _ in range(UPDATES):
        run.advance()
    found = [p.double() for p in run.parts.trainer.energy.parameters.values()]
    for walkers in run.state.walkers:
        if walkers is not None:
            found += [walkers.x.double(), walkers.log_w]
    return found


@pytest.fixture(scope="module")
def base_numbers() -> dict[tuple[str, str], list[torch.Tensor]]:
    """The unmoved runs, each trained once."""
    return {(m, o): numbers(spec(m, o)) for m in METHODS for o in OPTIMIZERS}


@pytest.mark.parametrize(("method", "optimizer", "path", "other"), CASES)
def test_every_knob_moved_changes_the_run(base_numbers, method, optimizer, path, other):
    """A control that is drawn but wired to nothing leaves every number as it was."""
    before = base_numbers[method, optimizer]
    after = numbers(with_value(spec(method, optimizer), path, other))
    same = len(before) == len(after) and all(
        b.shape == a.shape and torch.allclose(b, a, rtol=0, atol=1e-9, equal_nan=True)
        for b, a in zip(before, after, strict=True)
    )
    assert not same


def test_betas_of_adam_change_the_run():
    """They have no control but are a field of the spec."""
    changed = with_value(spec("cd", "adam"), "optimizer.betas", [0.9, 0.99])
    assert not torch.allclose(numbers(spec("cd", "adam"))[0], numbers(changed)[0])


@pytest.mark.parametrize("method", METHODS)
def test_every_scalar_field_has_a_control(method):
    """Only kinds, the geometry and Adam's betas are set in other ways."""
    run_spec = spec(method, "adam")
    without = {path.partition(".")[2] for path in flatten(run_spec)} - {
        knob.path.partition(".")[2] for knob in knobs(run_spec)
    }
    assert without == {"kind", "means", "masses", "betas"}


@pytest.mark.parametrize("method", METHODS)
def test_every_knob_explains_itself(method):
    """A label, a one-sentence help, limits that hold its usual range, and its default inside."""
    for knob in knobs(spec(method)):
        assert knob.label
        assert knob.help.endswith(".")
        if knob.kind in ("int", "float"):
            low, high = knob.usual
            assert knob.low <= low < high <= knob.high
            assert knob.low <= knob.default <= knob.high
            assert not (knob.log and low < 0)
        elif knob.kind in ("choice", "many"):
            assert len(knob.choices) >= 2


@pytest.mark.parametrize("method", METHODS)
def test_a_value_beyond_a_limit_is_refused(method):
    """The control's limits are the spec's limits: one step outside is an error."""
    run_spec = spec(method)
    for knob in knobs(run_spec):
        if knob.kind not in ("int", "float"):
            continue
        for value in (knob.low - 1, knob.high + 1, math.nan):
            with pytest.raises(SpecError, match=knob.path):
                with_value(run_spec, knob.path, value)
        if knob.open_low:
            with pytest.raises(SpecError, match=knob.path):
                with_value(run_spec, knob.path, knob.low)


@pytest.mark.parametrize("method", METHODS)
def test_live_knobs_apply_at_the_next_update_and_leave_a_mark(method):
    """A live change continues the run; any other needs a reset and is refused."""
    run_spec = spec(method)
    for knob in knobs(run_spec):
        if knob.path == "device":
            continue
        other = moved(knob, flatten(run_spec)[knob.path])[0]
        changed = with_value(run_spec, knob.path, other)
        assert needs_reset(run_spec, changed) is not knob.live
        run = Run(run_spec)
        run.advance()
        if knob.live:
            run.change(changed)
            assert run.spec == changed
            assert len(run.marks) == 1
            assert run.marks[0][0] == 1
            assert knob.label in run.marks[0][1]
        else:
            with pytest.raises(SpecError, match="reset"):
                run.change(changed)


def test_a_live_change_takes_effect_in_the_next_update_only():
    """Two runs agree up to the change and differ one update later."""
    first, second = Run(spec("weighted-ula")), Run(spec("weighted-ula"))
    for run in (first, second):
        for _ in range(5):
            run.advance()
    second.change(with_value(spec("weighted-ula"), "sampler.step_size", 0.3))
    x, y = (run.state.walkers.train.x for run in (first, second))
    assert torch.equal(x, y)
    first.advance()
    second.advance()
    assert not torch.equal(first.state.walkers.train.x, second.state.walkers.train.x)


def test_another_method_or_optimiser_needs_a_reset():
    """Kinds cannot change while running."""
    assert needs_reset(spec("cd"), spec("pcd"))
    assert needs_reset(spec("cd", "sgd"), spec("cd", "adam"))
    assert not needs_reset(spec("cd"), spec("cd"))
