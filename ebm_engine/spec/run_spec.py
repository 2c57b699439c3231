"""RunSpec: everything that defines a run, as one frozen, validated value.

One spec serves five uses: the widgets of a page, the share link, the label of a snapshot, the
builder of the trainer and the JSON file.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ebm_engine.spec import image_targets
from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.image_targets import IMAGE_KINDS, SIDES
from ebm_engine.spec.kinds import DEFAULT_KINDS, IMAGE_TARGETS, KINDS, OPTIMIZERS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.mixtures import MixtureEnergy, MixtureTarget
from ebm_engine.spec.optimizer import SGD
from ebm_engine.spec.sampler import Sampler, Walkers


class SpecError(ValueError):
    """A specification that cannot be run; the message is one sentence with value and limit."""


def _one_of(table: dict[str, type[Block]]) -> Any:
    """The blocks of a table as one type, told apart by their kind."""
    return Annotated[reduce(or_, table.values()), Field(discriminator="kind")]


class RunSpec(Block):
    """Everything that defines a run: same spec, same bits on the same kind of hardware."""

    target: _one_of(KINDS["target"]) = MixtureTarget()
    energy: _one_of(KINDS["energy"]) = MixtureEnergy()
    method: _one_of(METHODS) = METHODS["weighted-ula"]()
    sampler: Sampler = Sampler()
    walkers: Walkers = Walkers()
    optimizer: _one_of(OPTIMIZERS) = SGD()
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
        if self.target.kind in IMAGE_TARGETS:
            latent = self.energy.space == "latent"
            return self.energy.dim if latent else image_targets.SIDES[self.target.kind] ** 2
        return len(self.target.means[0]) if self.target.kind == "mixture" else 2


MAX_ELEMENTS = 10_000_000  # points × dimensions: 40 MB in float32, and a run holds several of them
MAX_UNITS = 20_000_000  # points × hidden units: what one evaluation of a network keeps
MAX_SCORE_DIM = 64  # exact score matching goes back through the network once per dimension
OWN_IMAGES, LONGEST_SIDE = 20_000, 64  # the most that a file of own images may have


def check_dimensions(spec: RunSpec) -> None:
    """Target and energy live in the same space."""
    if spec.target.kind in IMAGE_KINDS:
        _check_images(spec)
    elif spec.energy.kind == "cnn" or getattr(spec.energy, "space", "latent") != "latent":
        path = "energy.kind = 'cnn'" if spec.energy.kind == "cnn" else "energy.space = 'pixels'"
        raise ValueError(
            f"{path} needs a target of images, and target.kind is {spec.target.kind!r}"
        )
    elif spec.energy.kind != "mixture":
        if spec.dim != 2:
            raise ValueError(
                f"energy.kind = {spec.energy.kind!r} needs a target in 2 dimensions, "
                f"not in {spec.dim}"
            )
    elif len(spec.energy.means[0]) != spec.dim:
        raise ValueError(
            f"target has dimension {spec.dim} and energy {len(spec.energy.means[0])}, "
            "they must be equal"
        )


def _check_images(spec: RunSpec) -> None:
    kind, energy = spec.target.kind, spec.energy
    if energy.kind == "mixture":
        raise ValueError(
            f"target.kind = {kind!r} needs a network: energy.kind 'mlp', 'multiscale' or 'cnn', "
            "not 'mixture'"
        )
    if kind == "images" and energy.space == "pixels":
        raise ValueError("energy.space = 'pixels': own images are learned in the space 'latent'")
    if energy.space == "latent" and 0 < spec.target.samples < energy.dim:
        raise ValueError(
            f"energy.dim = {energy.dim}: {spec.target.samples} images have at most as many "
            "principal components"
        )
    if spec.method.kind == "exact":
        raise ValueError("method.kind = 'exact': nobody knows the exact gradient on images")
    if spec.method.kind == "score-matching" and spec.dim > MAX_SCORE_DIM:
        raise ValueError(
            f"method.kind = 'score-matching' in {spec.dim} dimensions, the limit is {MAX_SCORE_DIM}"
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
    if spec.method.kind == "improved-cd" and spec.method.capacity < spec.walkers.count:
        raise ValueError(
            f"method.capacity = {spec.method.capacity}: the replay buffer needs a slot for each of "
            f"{spec.walkers.count} walkers"
        )


def check_size(spec: RunSpec) -> None:
    """The points, and what a network keeps of them, fit into memory."""
    images = spec.target.kind in IMAGE_KINDS
    witness = getattr(spec.method, "witness", 0)
    samples = spec.target.samples or OWN_IMAGES
    points = max(spec.walkers.count, samples, witness)
    stored = max(points, getattr(spec.method, "capacity", 0)) if images else points
    if stored * spec.dim > MAX_ELEMENTS:
        raise ValueError(
            f"{stored} points in dimension {spec.dim} make {stored * spec.dim} numbers, "
            f"the limit is {MAX_ELEMENTS}"
        )
    if spec.energy.kind == "mixture":
        return
    if images and spec.optimizer.batch:
        points = max(spec.walkers.count, spec.optimizer.batch, witness)
    units = _units(spec)
    if points * units > MAX_UNITS:
        raise ValueError(
            f"{points} points through {units} hidden units make {points * units} numbers, "
            f"the limit is {MAX_UNITS}"
        )


def _units(spec: RunSpec) -> int:
    """Hidden units of one evaluation; those of a convolution count with its maps."""
    energy = spec.energy
    if energy.kind == "cnn":
        side = SIDES.get(spec.target.kind, LONGEST_SIDE)
        return side**2 * energy.hidden // 4 * energy.scales
    networks = 3 if energy.kind == "multiscale" else 1
    return networks * energy.width * energy.depth


CHECKS = (check_dimensions, check_kernel, check_buffer, check_size)
