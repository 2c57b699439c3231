"""RunSpec: everything that defines a run, as one frozen, validated value.

One spec serves five uses: the widgets of a page, the share link, the label of a snapshot, the
builder of the trainer and the JSON file.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from ebm_engine.spec.blocks import EnergyBlock, MethodBlock, TargetBlock
from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.kinds import DEFAULT_KINDS, IMAGE_ENERGIES, KINDS
from ebm_engine.spec.methods import WeightedULA
from ebm_engine.spec.mixtures import MixtureEnergy
from ebm_engine.spec.optimizer import SGD, Adam
from ebm_engine.spec.sampler import Sampler, Walkers
from ebm_engine.spec.targets import MixtureTarget


class SpecError(ValueError):
    """A specification that cannot be run; the message is one sentence with value and limit."""


if TYPE_CHECKING:
    AnyTarget = TargetBlock
    AnyEnergy = EnergyBlock
    AnyMethod = MethodBlock
    AnyOptimizer = SGD | Adam
else:
    # The blocks of each table as one type, told apart by their kind.
    AnyTarget, AnyEnergy, AnyMethod, AnyOptimizer = (
        Annotated[reduce(or_, table.values()), Field(discriminator="kind")]
        for table in KINDS.values()
    )


class RunSpec(Block):
    """Everything that defines a run: same spec, same bits on the same kind of hardware."""

    target: AnyTarget = MixtureTarget()
    energy: AnyEnergy = MixtureEnergy()
    method: AnyMethod = WeightedULA()
    sampler: Sampler = Sampler()
    walkers: Walkers = Walkers()
    optimizer: AnyOptimizer = SGD()
    seed: int = knob(
        0,
        "Seed of every random number of the run.",
        label="Seed",
        usual=(0, 9999),
        ge=0,
        le=2**31 - 1,
    )
    dtype: Literal["float32", "float64"] = knob(
        "float32",
        "Precision of the walkers; log-weights are always float64.",
        label="Precision",
    )
    device: Literal["auto", "cpu", "cuda"] = knob(
        "cpu",
        "Where the run is computed; auto takes a GPU when there is one.",
        label="Device",
    )

    @model_validator(mode="before")
    @classmethod
    def _default_kinds(cls, content: Any) -> Any:
        """A block without a kind has the default one, as every field has a default."""
        if not isinstance(content, dict):
            return content
        named = {name: {"kind": kind} for name, kind in DEFAULT_KINDS.items()}
        blocks = {n: named[n] | content[n] for n in named if isinstance(content.get(n), dict)}
        return content | blocks

    @model_validator(mode="after")
    def _fits(self) -> RunSpec:
        for check in CHECKS:
            check(self)
        return self

    @property
    def dim(self) -> int:
        """Dimension d of the space the walkers live in."""
        latent = self.target.of_images and self.energy.space == "latent"
        return self.energy.dim if latent else self.target.dim


MAX_ELEMENTS = 10_000_000  # points × dimensions: 40 MB in float32, and a run holds several of them
MAX_UNITS = 20_000_000  # points × hidden units: what one evaluation of a network keeps
OWN_IMAGES = 20_000  # the most that a file may have


def check_dimensions(spec: RunSpec) -> None:
    """Target and energy live in the same space."""
    target, energy = spec.target, spec.energy
    if target.of_images:
        _check_images(spec)
    elif energy.needs_images or energy.space != "latent":
        path = (
            f"energy.kind = {energy.kind!r}" if energy.needs_images else "energy.space = 'pixels'"
        )
        raise ValueError(f"{path} needs a target of images, and target.kind is {target.kind!r}")
    elif energy.is_network:
        if spec.dim != 2:
            raise ValueError(
                f"energy.kind = {energy.kind!r} needs a target in 2 dimensions, not in {spec.dim}"
            )
    elif energy.dim != spec.dim:
        raise ValueError(
            f"target has dimension {spec.dim} and energy {energy.dim}, they must be equal"
        )


def _check_images(spec: RunSpec) -> None:
    target, energy, method = spec.target, spec.energy, spec.method
    if not energy.is_network:
        *kinds, last = map(repr, IMAGE_ENERGIES)
        raise ValueError(
            f"target.kind = {target.kind!r} needs a network: energy.kind {', '.join(kinds)} or "
            f"{last}, not {energy.kind!r}"
        )
    if target.own_file and energy.space == "pixels":
        raise ValueError("energy.space = 'pixels': own images are learned in the space 'latent'")
    if energy.space == "latent" and 0 < target.samples < energy.dim:
        raise ValueError(
            f"energy.dim = {energy.dim}: {target.samples} images have at most as many "
            "principal components"
        )
    if not method.on_images:
        raise ValueError(f"method.kind = {method.kind!r}: its gradient is unknown on images")
    if spec.dim > method.most_dims:
        raise ValueError(
            f"method.kind = {method.kind!r} in {spec.dim} dimensions, the limit is "
            f"{method.most_dims:g}"
        )


def check_kernel(spec: RunSpec) -> None:
    """The kernel has what the method and the temperature need."""
    kernel = spec.sampler.kernel
    if kernel == "ula":
        return
    if not spec.method.any_kernel:
        raise ValueError(
            f"sampler.kernel = {kernel!r}: {spec.method.title} differentiates the Langevin step "
            "and needs 'ula'"
        )
    if spec.sampler.temperature != 1:
        raise ValueError(
            f"sampler.temperature = {spec.sampler.temperature:g}: kernel {kernel!r} samples at 1, "
            "only 'ula' has other temperatures"
        )


def check_buffer(spec: RunSpec) -> None:
    """The replay buffer holds at least one state per walker."""
    if 0 < spec.method.capacity < spec.walkers.count:
        raise ValueError(
            f"method.capacity = {spec.method.capacity}: the replay buffer needs a slot for each of "
            f"{spec.walkers.count} walkers"
        )


def check_size(spec: RunSpec) -> None:
    """The points, and what a network keeps of them, fit into memory."""
    images = spec.target.of_images
    witness = spec.method.witness
    samples = spec.target.samples or OWN_IMAGES
    points = max(spec.walkers.count, samples, witness)
    stored = max(points, spec.method.capacity) if images else points
    if stored * spec.dim > MAX_ELEMENTS:
        raise ValueError(
            f"{stored} points in dimension {spec.dim} make {stored * spec.dim} numbers, "
            f"the limit is {MAX_ELEMENTS}"
        )
    if images and spec.optimizer.batch:
        points = max(spec.walkers.count, spec.optimizer.batch, witness)
    units = spec.energy.hidden_units(spec.target.image_side)
    if points * units > MAX_UNITS:
        raise ValueError(
            f"{points} points through {units} hidden units make {points * units} numbers, "
            f"the limit is {MAX_UNITS}"
        )


CHECKS = (check_dimensions, check_kernel, check_buffer, check_size)
