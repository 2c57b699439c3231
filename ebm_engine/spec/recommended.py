"""Suited: a spec with another target, energy or method, and settings under which it learns.

The step size of a network follows the width s of the target's finest detail, h ≈ 0.2·s², rounded
to one digit: a Langevin step √(2h) is then about 0.6 of that width. On curves that bend within
their own width it is 0.12·s². A mixture energy has modes of width 1, which the default step fits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ebm_engine.data.points import read_points
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.kinds import ENERGIES, OPTIMIZERS
from ebm_engine.spec.mixtures import MAX_MODES
from ebm_engine.spec.run_spec import METHODS, RunSpec, SpecError

NETWORK = "mlp"
LARGEST_STEP = 0.05
CHECKERBOARD_STEP = 0.02
POINTS_STEP = 0.002  # of the variance of own points, whose finest detail is unknown
STEPS = {"swiss-roll": 0.12, "pinwheel": 0.12}  # h/s² where it is not 0.2
# Shapes finer than a third of their spread: short length scales and momentum learn them sooner.
DETAILED = ("grid", "moons", "checkerboard", "spirals", "swiss-roll", "pinwheel")
SHORT = 0.5
ADAM = {"kind": "adam", "lr": 0.001, "batch": 500, "decay_over": 0}
WALKERS = 2000
CNN_WALKERS, CNN_BATCH = 512, 128  # own images may be large
WITH_WEIGHTS = {"witness": 500, "refresh_every": 600}
# Modes of a mixture energy on a target, and how far out they stand.
SPREAD = {
    "moons": (8, 2.5),
    "checkerboard": (8, 3.5),
    "spirals": (12, 4.0),
    "swiss-roll": (12, 4.0),
}
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def suited(spec: RunSpec, head: str, kind: str) -> RunSpec:
    """The spec with another kind of `head` and settings that suit it.

    head: target, energy, method or optimizer, which gives a network the rate of that rule. Raises
    SpecError with one sentence when the kind does not fit what stays.
    """
    if head == "target":
        return on_target(spec, {"kind": kind})
    if head == "energy":
        return _with_energy(spec, kind)
    if head == "method":
        return _with_method(spec, kind)
    changed = with_value(spec, f"{head}.kind", kind)
    if head == "optimizer" and spec.energy.kind != "mixture":
        return with_value(changed, "optimizer.lr", OPTIMIZERS[kind]().lr)
    return changed


def on_target(spec: RunSpec, target: dict[str, Any], energy: str = "") -> RunSpec:
    """The spec on another target, given as the content of its block.

    The energy is the named kind or stays what it is; a mixture energy of another dimension becomes
    a network. Raises SpecError when the target is not one.
    """
    content = spec.model_dump(mode="json") | {"target": target, "energy": {"kind": NETWORK}}
    goal = parse_spec(content)
    fits = spec.energy.kind != "mixture" or len(spec.energy.means[0]) == 2
    kind = energy or (spec.energy.kind if fits else NETWORK)
    if kind == "mixture":
        return parse_spec(content | {"energy": _spread(goal)})
    return _network(goal, _network_block(spec, kind))


def _with_energy(spec: RunSpec, kind: str) -> RunSpec:
    """The spec with another energy: network to network keeps all else.

    A convolutional network on own images has fewer walkers and points than its limits.
    """
    if kind == "cnn" and spec.target.kind == "images":
        spec = with_value(spec, "walkers.count", min(spec.walkers.count, CNN_WALKERS))
        spec = with_value(
            spec, "optimizer.batch", min(spec.optimizer.batch or CNN_BATCH, CNN_BATCH)
        )
    networks = spec.energy.kind != "mixture" and kind != "mixture"
    if networks or kind == spec.energy.kind or kind not in ENERGIES:
        return with_value(spec, "energy.kind", kind)
    if kind != "mixture":
        return _network(with_value(spec, "energy.kind", kind), {"kind": kind})
    content = spec.model_dump(mode="json") | {"energy": _spread(spec), "optimizer": {"kind": "sgd"}}
    defaults = RunSpec()
    content["sampler"]["step_size"] = defaults.sampler.step_size
    content["walkers"] = defaults.walkers.model_dump(mode="json")
    return parse_spec(content)


def _with_method(spec: RunSpec, kind: str) -> RunSpec:
    """The spec with another method: networks are judged and refreshed, improved CD needs ULA."""
    block = {"kind": kind}
    if spec.energy.kind != "mixture" and getattr(METHODS.get(kind), "weighted", False):
        block |= WITH_WEIGHTS
    content = spec.model_dump(mode="json") | {"method": block}
    if kind == "improved-cd":
        content["sampler"]["kernel"] = "ula"
    return parse_spec(content)


def _network_block(spec: RunSpec, kind: str) -> dict[str, Any]:
    """The present network, or a new one of that kind."""
    return spec.energy.model_dump(mode="json") if kind == spec.energy.kind else {"kind": kind}


def _network(spec: RunSpec, energy: dict[str, Any]) -> RunSpec:
    """The spec with a network and the settings for it on this target."""
    detailed = spec.target.kind in DETAILED
    if "length" in ENERGIES[energy["kind"]].model_fields:
        energy = energy | {"length": SHORT if detailed else 0.0}
    content = spec.model_dump(mode="json") | {"energy": energy}
    betas = [0.9 if detailed else 0.0, 0.999]
    rates = {n: v for n, v in content["optimizer"].items() if n.startswith("lr_")}
    content["optimizer"] = rates | ADAM | {"betas": betas}
    content["walkers"]["count"] = WALKERS
    content["sampler"]["step_size"] = network_step(spec)
    if spec.method.weighted:
        content["method"] |= WITH_WEIGHTS
    return parse_spec(content)


def network_step(spec: RunSpec) -> float:
    """The step size h of a network on the spec's target, one significant digit."""
    target, kind = spec.target, spec.target.kind
    if kind == "checkerboard":
        return CHECKERBOARD_STEP
    if kind == "points":
        variance = float(_own(target.path).var(0).max())
        return float(f"{min(max(POINTS_STEP * variance, 1e-6), 100):.1g}")
    if kind == "mixture":
        width = min(target.stds, default=1.0)
    else:
        names = ("std", "noise", "tangential")
        width = next(getattr(target, name) for name in names if hasattr(target, name))
    return float(f"{min(LARGEST_STEP, STEPS.get(kind, 0.2) * width**2):.1g}")


def _spread(spec: RunSpec) -> dict[str, Any]:
    """A mixture energy with equal modes spread evenly over the disc of the target, as in a
    sunflower: mode j at the radius R·√((j + ½)/J), turned by the golden angle.
    """
    count, reach, (cx, cy) = _disc(spec)
    radii = [reach * math.sqrt((j + 0.5) / count) for j in range(count)]
    means = [
        (
            round(cx + r * math.cos(j * GOLDEN_ANGLE), 2),
            round(cy + r * math.sin(j * GOLDEN_ANGLE), 2),
        )
        for j, r in enumerate(radii)
    ]
    return {"kind": "mixture", "means": means, "masses": [1 / count] * count}


def _disc(spec: RunSpec) -> tuple[int, float, tuple[float, float]]:
    """Number of modes, radius and centre of the disc that a mixture energy starts from."""
    target, kind = spec.target, spec.target.kind
    if kind == "mixture":
        means = np.array(target.means)
        centre = (means.min(0) + means.max(0)) / 2
        reach = max(1.0, float(np.linalg.norm(means - centre, axis=1).max()))
        return len(means), reach, (float(centre[0]), float(centre[1]))
    if kind == "points":
        points = _own(target.path)
        centre = points.mean(0)
        return 8, 1.5 * float(points.std(0).max()), (float(centre[0]), float(centre[1]))
    if kind == "ring":
        count, reach = target.modes, target.radius
    elif kind == "grid":
        count, reach = target.side**2, target.spacing * (target.side - 1) / math.sqrt(2)
    elif kind == "pinwheel":
        count, reach = target.arms, 3.0
    else:
        count, reach = SPREAD[kind]
    return min(count, MAX_MODES), reach, (0.0, 0.0)


def _own(path: str) -> np.ndarray:
    try:
        return read_points(path)
    except ValueError as error:
        raise SpecError(f"target: {error}") from None
