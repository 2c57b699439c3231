"""Recommended settings: those under which a target is learned by an energy and a method.

What suits a target stands in its block, and what suits images in a preset that the block names.
Here is what suits networks, mixtures and methods, and what stays when one of them changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ebm_engine.spec.blocks import PointTarget, TargetBlock
from ebm_engine.spec.edit import flatten, flatten_content, parse_spec, with_value
from ebm_engine.spec.kinds import ALL_TARGETS, DEFAULT_KINDS, ENERGIES, KINDS, OPTIMIZERS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.mixtures import MAX_MODES
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.spec.targets import ImageTarget

NETWORK = "mlp"
SHORT = 0.5  # length scale of a network on detailed shapes; elsewhere it follows the base
ADAM = {"kind": "adam", "lr": 0.001, "batch": 500, "decay_over": 0}
WALKERS = 2000
CNN_WALKERS, CNN_BATCH = 512, 128  # own images may be large
WITH_WEIGHTS = {"witness": 500, "refresh_every": 600}
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
KEPT = ("seed", "dtype", "device")  # by a spec that turns to images
MODES = {"means", "masses"}  # of a mixture, which belong together


def complete_spec(content: Any) -> RunSpec:
    """The spec that a person has written down; what it leaves out is recommended, as on a page.

    A missing field has the value that suits the target, energy, method and optimizer that are
    named, and a missing kind is the recommended one. A full spec is taken as it is. Raises
    SpecError with one sentence on anything wrong.
    """
    if not isinstance(content, dict) or _is_full(content):
        return parse_spec(content)
    blocks = {head: content[head] for head in KINDS if isinstance(content.get(head), dict)}
    kinds = {head: block["kind"] for head, block in blocks.items() if "kind" in block}
    target = {"kind": DEFAULT_KINDS["target"]} | blocks.get("target", {})
    try:
        block = ALL_TARGETS[target["kind"]].model_validate(target)
        known = all(kind in KINDS[head] for head, kind in kinds.items())
    except (ValidationError, KeyError, TypeError):
        known = False
    if not known:
        return parse_spec(content)  # which says what is wrong
    if "energy" in blocks and not block.of_images:
        kinds.setdefault("energy", DEFAULT_KINDS["energy"])
    spec = _of_target(block, target, kinds.get("energy", ""))
    for head in ("method", "optimizer"):
        if kinds.get(head, "") not in ("", getattr(spec, head).kind):
            spec = suited(spec, head, kinds[head])
    return parse_spec(_overlaid(spec, content))


def _is_full(content: dict[str, Any]) -> bool:
    """Whether the content is a spec that leaves out nothing."""
    try:
        return flatten(parse_spec(content)).keys() <= flatten_content(content).keys()
    except SpecError:
        return False


def _of_target(block: TargetBlock, content: dict[str, Any], energy: str) -> RunSpec:
    """The settings for a target and a kind of energy, "" for the recommended one.

    The default target, with other masses or another number of points as well, has the default
    settings; so have mixtures in more dimensions than the plane.
    """
    start = RunSpec()
    if block.dim != start.dim and not block.of_images:
        return start
    if block.kind != start.target.kind or content.keys() & {"means", "stds"}:
        return on_target(start, content, energy)
    return start if energy in ("", start.energy.kind) else suited(start, "energy", energy)


def _overlaid(spec: RunSpec, content: dict[str, Any]) -> dict[str, Any]:
    """The content with what it leaves out from the spec; blocks of another kind stay as given."""
    start = spec.model_dump(mode="json")
    for name, value in content.items():
        below = start.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            if value.get("kind", below.get("kind")) != below.get("kind"):
                below = {}
            if name == "energy" and MODES & value.keys():
                below = {n: v for n, v in below.items() if n not in MODES}
            value = below | value
        start[name] = value
    return start


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
    if head == "optimizer" and spec.energy.is_network:
        return with_value(changed, "optimizer.lr", OPTIMIZERS[kind].model_fields["lr"].default)
    return changed


def with_choices(spec: RunSpec, choices: Mapping[str, Any]) -> RunSpec:
    """The spec with fields set, {dotted path: value}; another kind brings what suits it, as on a
    page, before the fields that are set beside it.

    Raises SpecError with one sentence on an unknown path or kind, or a value outside its limits.
    """
    for head in KINDS:
        kind = choices.get(f"{head}.kind", "")
        if not isinstance(kind, str) or kind in ("", getattr(spec, head).kind):
            continue
        if head == "target":
            leaves = {p.removeprefix("target."): v for p, v in choices.items()}
            spec = on_target(spec, {n: v for n, v in leaves.items() if f"target.{n}" in choices})
        else:
            spec = suited(spec, head, kind)
    for path, value in choices.items():
        spec = with_value(spec, path, value)
    return spec


def on_target(spec: RunSpec, target: dict[str, Any], energy: str = "") -> RunSpec:
    """The spec on another target, given as the content of its block.

    The energy is the named kind or stays what it is; one that does not fit becomes a network. From
    points to images and back all settings are new. Raises SpecError when the target is not one.
    """
    goal = parse_spec(
        spec.model_dump(mode="json") | {"target": target, "energy": {"kind": NETWORK}}
    )
    block = goal.target
    if isinstance(block, ImageTarget):
        return _on_images(spec, block, target, energy)
    kind = energy or (spec.energy.kind if _fits(spec, block) else NETWORK)
    if kind == "mixture":
        content = goal.model_dump(mode="json") | {"energy": _spread(goal)}
        return parse_spec(content)
    return _network(goal, _network_block(spec, kind))


def _fits(spec: RunSpec, target: TargetBlock) -> bool:
    """Whether the energy of a spec may stay on a target on the plane."""
    if spec.energy.is_network:
        return not spec.energy.needs_images
    return isinstance(target, PointTarget) and target.fits_mixture and spec.energy.dim == target.dim


def _on_images(spec: RunSpec, block: ImageTarget, target: dict[str, Any], energy: str) -> RunSpec:
    """The spec on images: the settings of a preset for them, with the method that it has."""
    start = preset(block.preset).spec
    content = start.model_dump(mode="json") | {name: getattr(spec, name) for name in KEPT}
    below = content["target"] if block.kind == start.target.kind else {}
    found = parse_spec(content | {"target": below | target})
    kinds = {"energy": energy or (spec.energy.kind if spec.energy.is_network else NETWORK)}
    for head, kind in (kinds | {"method": spec.method.kind}).items():
        if kind != getattr(found, head).kind:
            found = suited(found, head, kind)
    return found


def _with_energy(spec: RunSpec, kind: str) -> RunSpec:
    """The spec with another energy: network to network keeps all else.

    A convolutional network on own images has fewer walkers and points than its limits.
    """
    if kind == "cnn" and spec.target.kind == "images":
        spec = with_value(spec, "walkers.count", min(spec.walkers.count, CNN_WALKERS))
        spec = with_value(
            spec, "optimizer.batch", min(spec.optimizer.batch or CNN_BATCH, CNN_BATCH)
        )
    networks = spec.energy.is_network and kind != "mixture"
    if networks or kind == spec.energy.kind or kind not in ENERGIES or spec.target.of_images:
        return with_value(spec, "energy.kind", kind)
    if kind != "mixture":
        return _network(with_value(spec, "energy.kind", kind), {"kind": kind})
    content = spec.model_dump(mode="json") | {"energy": _spread(spec), "optimizer": {"kind": "sgd"}}
    defaults = RunSpec()
    content["sampler"]["step_size"] = defaults.sampler.step_size
    content["walkers"] = defaults.walkers.model_dump(mode="json")
    return parse_spec(content)


def _with_method(spec: RunSpec, kind: str) -> RunSpec:
    """The spec with another method: networks are judged and refreshed, the kernel fits."""
    block: dict[str, Any] = {"kind": kind}
    method = METHODS.get(kind)
    if spec.energy.is_network and method and method.weighted:
        block |= WITH_WEIGHTS
    content = spec.model_dump(mode="json") | {"method": block}
    if method and not method.any_kernel:
        content["sampler"]["kernel"] = "ula"
    return parse_spec(content)


def _network_block(spec: RunSpec, kind: str) -> dict[str, Any]:
    """The present network where it is one of points of that kind, or a new one."""
    stays = kind == spec.energy.kind and not spec.target.of_images
    return spec.energy.model_dump(mode="json") if stays else {"kind": kind}


def _network(spec: RunSpec, energy: dict[str, Any]) -> RunSpec:
    """The spec with a network and the settings for it on this target."""
    target = spec.target
    assert isinstance(target, PointTarget)
    if "length" in ENERGIES[energy["kind"]].model_fields:
        energy = energy | {"length": SHORT if target.detailed else 0.0}
    content = spec.model_dump(mode="json") | {"energy": energy}
    betas = [0.9 if target.detailed else 0.0, 0.999]
    rates = {n: v for n, v in content["optimizer"].items() if n.startswith("lr_")}
    content["optimizer"] = rates | ADAM | {"betas": betas}
    content["walkers"]["count"] = WALKERS
    try:
        content["sampler"]["step_size"] = target.network_step()
    except ValueError as error:
        raise SpecError(f"target: {error}") from None
    if spec.method.weighted:
        content["method"] |= WITH_WEIGHTS
    return parse_spec(content)


def _spread(spec: RunSpec) -> dict[str, Any]:
    """A mixture energy with equal modes spread evenly over the disc of the target, as in a
    sunflower: mode j at the radius R·√((j + ½)/J), turned by the golden angle.
    """
    target = spec.target
    assert isinstance(target, PointTarget)
    try:
        disc = target.disc()
    except ValueError as error:
        raise SpecError(f"target: {error}") from None
    (cx, cy), count = disc.centre, min(disc.count, MAX_MODES)
    radii = [disc.radius * math.sqrt((j + 0.5) / count) for j in range(count)]
    means = [
        (
            round(cx + r * math.cos(j * GOLDEN_ANGLE), 2),
            round(cy + r * math.sin(j * GOLDEN_ANGLE), 2),
        )
        for j, r in enumerate(radii)
    ]
    return {"kind": "mixture", "means": means, "masses": [1 / count] * count}
