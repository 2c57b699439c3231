"""The mixture blocks of a RunSpec: the true density and the trained energy at its start."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.targets import samples

MAX_MODES = 32
MAX_DIM = 256
MAX_SPREAD = 1500  # widths of the narrowest mode

Vector = tuple[float, ...]


def _check_mixture(name: str, means: tuple[Vector, ...], masses: Vector) -> None:
    """Raise ValueError with value and limit unless means (J, d) and masses (J,) fit together."""
    if not 1 <= len(means) <= MAX_MODES:
        raise ValueError(f"{name}.means has {len(means)} modes, allowed are 1 to {MAX_MODES}")
    dims = sorted({len(a) for a in means})
    if len(dims) > 1:
        raise ValueError(f"{name}.means has rows of lengths {dims}, all must be equal")
    if not 1 <= dims[0] <= MAX_DIM:
        raise ValueError(f"{name}.means has dimension {dims[0]}, allowed are 1 to {MAX_DIM}")
    largest = max(abs(c) for a in means for c in a)
    if largest > 1000:
        raise ValueError(f"{name}.means has a coordinate of size {largest:g}, the limit is 1000")
    if len(masses) != len(means):
        raise ValueError(f"{name}.masses has {len(masses)} entries for {len(means)} modes")
    if min(masses) <= 0:
        raise ValueError(f"{name}.masses holds {min(masses):g}, each mass must be above 0")
    if not math.isclose(sum(masses), 1.0, abs_tol=1e-6):
        raise ValueError(f"{name}.masses sum to {sum(masses):g}, the sum must be 1")


def _check_spread(means: tuple[Vector, ...], stds: Vector) -> None:
    """Raise ValueError when a grid of the narrowest mode's width over all modes is too large."""
    spread = max(max(c) - min(c) for c in zip(*means, strict=True)) + 16 * max(stds)
    if spread > MAX_SPREAD * min(stds):
        raise ValueError(
            f"target.stds holds {min(stds):g} where all modes together spread over {spread:g}, "
            f"the limit is {MAX_SPREAD} times the narrowest mode"
        )


class MixtureTarget(Block):
    """The true density Σⱼ pⱼ N(aⱼ, sⱼ²I) and the number of training points drawn from it."""

    kind: Literal["mixture"] = "mixture"
    title: ClassVar[str] = "Gaussian mixture"
    means: tuple[Vector, ...] = Field(
        ((-5.0, 0.0), (5.0, 0.0)), description="Means aⱼ of the true modes, one row per mode."
    )
    masses: Vector = Field((0.25, 0.75), description="Masses pⱼ of the true modes; they sum to 1.")
    stds: Vector = Field(
        (), description="Standard deviations sⱼ of the true modes; none given means 1 for all."
    )
    samples: int = samples(2000)

    @model_validator(mode="after")
    def _consistent(self) -> MixtureTarget:
        _check_mixture("target", self.means, self.masses)
        if self.stds and len(self.stds) != len(self.means):
            raise ValueError(
                f"target.stds has {len(self.stds)} entries for {len(self.means)} modes"
            )
        if self.stds and not (min(self.stds) >= 0.02 and max(self.stds) <= 100):
            worst = min(self.stds) if min(self.stds) < 0.02 else max(self.stds)
            raise ValueError(f"target.stds holds {worst:g}, allowed are 0.02 to 100")
        if self.stds and len(self.means[0]) <= 2:
            _check_spread(self.means, self.stds)
        return self


class MixtureEnergy(Block):
    """The trained energy U(x) = −log Σⱼ exp(−½|x−aⱼ|² − zⱼ) at its start, zⱼ = −log massⱼ."""

    kind: Literal["mixture"] = "mixture"
    title: ClassVar[str] = "Mixture"
    means: tuple[Vector, ...] = Field(
        ((-0.1, 0.0), (0.1, 0.0)), description="Means aⱼ of the model at the start."
    )
    masses: Vector = Field((0.5, 0.5), description="Masses of the model's modes at the start.")
    jitter: float = knob(
        0.0,
        "Standard deviation of the noise added at the start to the zero coordinates of the means.",
        label="Initial jitter",
        usual=(0.0, 0.1),
        ge=0.0,
        le=10.0,
    )
    learn: tuple[Literal["means", "log_masses"], ...] = Field(
        ("means", "log_masses"),
        description="Which parameters are learned; none of them freezes the model.",
        json_schema_extra={"label": "Learn", "live": True},
    )

    @model_validator(mode="after")
    def _consistent(self) -> MixtureEnergy:
        _check_mixture("energy", self.means, self.masses)
        if len(set(self.learn)) != len(self.learn):
            raise ValueError(f"energy.learn repeats an entry: {list(self.learn)}")
        return self
