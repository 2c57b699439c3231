"""Small runs in which every option is in use, and what a moved control does to their numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from ebm_engine.build.parts import build
from ebm_engine.spec.edit import flatten, parse_spec, with_value
from ebm_engine.spec.kinds import ENERGIES, OPTIMIZERS, TARGETS
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.run_spec import RunSpec, SpecError

UPDATES = 24
METHODS: dict[str, dict[str, Any]] = {
    "cd": {"k": 2},
    "pcd": {"restart": 0.05, "restart_every": 9},
    "weighted-ula": {
        "ess_threshold": 0.9,
        "witness": 20,
        "refresh_every": 10,
        "refresh_steps": 6,
    },
    "improved-cd": {"k": 2, "capacity": 60, "restart": 0.3, "augment": "rotation"},
    "short-run": {"k": 3},
    "unweighted": {},
    "score-matching": {},
    "denoising-score-matching": {},
    "exact": {},
}
PLACES: dict[str, dict[str, Any]] = {
    "mixture": {"jitter": 0.01},
    "mlp": {"width": 8},
    "multiscale": {"width": 4},
}
KERNELS = ("ula", "mala", "hmc", "underdamped")


def spec(
    method: str,
    optimizer: str = "sgd",
    energy: str = "mixture",
    target: str = "mixture",
    kernel: str = "ula",
    **changes: Any,
) -> RunSpec:
    """A small fast run in which every option is in use."""
    rates = {"lr": 0.08, "lr_means": 0.1, "lr_log_masses": 0.1}
    return parse_spec(
        {
            "method": {"kind": method, **METHODS[method]},
            "optimizer": {"kind": optimizer, **rates},
            "walkers": {"count": 40},
            "target": {"kind": target, "samples": 60 if target == "mixture" else 200},
            "energy": {"kind": energy, **PLACES[energy]},
            "sampler": {"kernel": kernel, "step_size": 0.2},
        }
        | changes
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
        return [value + 1 if value < knob.high else value - 1]
    return [value * 0.9 if value * 0.9 > knob.low else (value or 0.02) * 1.1]


def moves(run_spec: RunSpec, *heads: str) -> list[tuple[RunSpec, str, Any]]:
    """The spec with each of its visible controls under `heads` moved, all controls without."""
    found = []
    for knob in knobs(run_spec):
        if knob.path == "device" or (heads and knob.path.partition(".")[0] not in heads):
            continue
        for other in moved(knob, flatten(run_spec)[knob.path]):
            if run_spec.method.kind == "improved-cd" and knob.path == "sampler.kernel":
                continue  # it has no other kernel, and says so
            found.append((run_spec, knob.path, other))
    return found


def cases() -> list[tuple[RunSpec, str, Any]]:
    """Every control in every surrounding that may wire it differently."""
    found = []
    for method in METHODS:
        for optimizer in OPTIMIZERS:
            found += moves(spec(method, optimizer))
            network = spec(method, optimizer, "mlp")
            found += moves(network, "method", "optimizer", "sampler", "walkers", "seed", "dtype")
    for energy in sorted(set(ENERGIES) - {"mixture"}):
        for method in ("pcd", "weighted-ula", "score-matching"):
            found += moves(spec(method, energy=energy), "energy")
    for kernel in KERNELS:
        for method in ("pcd", "weighted-ula", "exact"):
            found += moves(spec(method, kernel=kernel), "sampler")
            found += moves(spec(method, "adam", "mlp", kernel=kernel), "sampler")
    for target in sorted(set(TARGETS) - {"points", "mixture"}):
        found += moves(spec("pcd", energy="mlp", target=target), "target")
    return found


@cache
def numbers(run_spec: RunSpec) -> tuple[torch.Tensor, ...]:
    """The shown model, walkers, weights and witnesses after UPDATES updates, in float64."""
    parts = build(run_spec)
    state = parts.trainer.start(parts.rngs)
    with torch.inference_mode():
        for _ in range(UPDATES):
            state, _ = parts.trainer.step(state)
    found = [p.double() for p in parts.model.parameters.values()]
    for walkers in state.walkers[:2]:
        if walkers is not None:
            found += [walkers.x.double(), walkers.log_w]
    return tuple(found)


def same(run_spec: RunSpec, other: RunSpec) -> bool:
    """Whether two runs give the same numbers, to 1e-9."""
    before, after = numbers(run_spec), numbers(other)
    return len(before) == len(after) and all(
        b.shape == a.shape and torch.allclose(b, a, rtol=0, atol=1e-9, equal_nan=True)
        for b, a in zip(before, after, strict=True)
    )


def name(case: tuple[RunSpec, str, Any]) -> str:
    """What a case is called in a report: its kinds, the control and its new value."""
    run_spec, path, other = case
    kinds = (run_spec.method.kind, run_spec.optimizer.kind, run_spec.energy.kind)
    parts = (*kinds, run_spec.target.kind, run_spec.sampler.kernel, path, other)
    return "-".join(str(part) for part in parts)


def hidden(run_spec: RunSpec) -> dict[str, RunSpec]:
    """The spec with each of its fields moved that has no control for want of an effect."""
    shown = {knob.path for knob in knobs(run_spec)}
    found = {}
    for path, value in flatten(run_spec).items():
        if path in shown or not isinstance(value, bool | int | float):
            continue
        other = (not value) if isinstance(value, bool) else value + 1
        try:
            found[path] = with_value(run_spec, path, other)
        except SpecError:
            assert path == "sampler.temperature", path  # refused with a kernel that samples at 1
    return found
