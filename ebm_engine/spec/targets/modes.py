"""Targets that are mixtures of Gaussian modes: free ones, a ring and a grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from ebm_engine.spec.blocks import Disc, PointTarget
from ebm_engine.spec.fields import knob
from ebm_engine.spec.mixtures import Vector, check_mixture
from ebm_engine.spec.targets.fields import samples, step_for, width

if TYPE_CHECKING:
    from ebm_engine.data.densities import Density

MAX_SPREAD = 1500  # widths of the narrowest mode


class MixtureTarget(PointTarget):
    """The true density Σⱼ pⱼ N(aⱼ, sⱼ²I) and the number of training points drawn from it."""

    kind: Literal["mixture"] = "mixture"
    title: ClassVar[str] = "Gaussian mixture"
    detailed: ClassVar[bool] = False
    fixed_energy: ClassVar[bool] = False  # that page has two modes of its own, at any distance
    means: tuple[Vector, ...] = Field(
        default=((-5.0, 0.0), (5.0, 0.0)),
        description="Means aⱼ of the true modes, one row per mode.",
    )
    masses: Vector = Field(
        default=(0.25, 0.75), description="Masses pⱼ of the true modes; they sum to 1."
    )
    stds: Vector = Field(
        default=(),
        description="Standard deviations sⱼ of the true modes; none given means 1 for all.",
    )
    samples: int = samples(2000)

    @model_validator(mode="after")
    def _consistent(self) -> MixtureTarget:
        check_mixture("target", self.means, self.masses)
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

    @property
    def dim(self) -> int:
        """Dimension d of the means."""
        return len(self.means[0])

    @property
    def widths(self) -> Vector:
        """The standard deviation of each mode, 1 where none are given."""
        return self.stds or (1.0,) * len(self.means)

    def density(self) -> Density:
        """The mixture on the plane; raises ValueError in other dimensions."""
        import torch

        from ebm_engine.data.densities import mixture

        parts = (self.means, self.masses, self.widths)
        return mixture(*(torch.tensor(part, dtype=torch.float64) for part in parts))

    def network_step(self) -> float:
        """By the narrowest mode."""
        return step_for(min(self.widths))

    def disc(self) -> Disc:
        """As many modes as the target has, as far out as its farthest one, and at least 1."""
        means = np.array(self.means)
        centre = (means.min(0) + means.max(0)) / 2
        reach = max(1.0, float(np.linalg.norm(means - centre, axis=1).max()))
        return Disc(len(means), reach, (float(centre[0]), float(centre[1])))


def _check_spread(means: tuple[Vector, ...], stds: Vector) -> None:
    """Raise ValueError when a grid of the narrowest mode's width over all modes is too large."""
    spread = max(max(c) - min(c) for c in zip(*means, strict=True)) + 16 * max(stds)
    if spread > MAX_SPREAD * min(stds):
        raise ValueError(
            f"target.stds holds {min(stds):g} where all modes together spread over {spread:g}, "
            f"the limit is {MAX_SPREAD} times the narrowest mode"
        )


class Ring(PointTarget):
    """Gaussian modes on a ring, with masses that alternate."""

    kind: Literal["ring"] = "ring"
    title: ClassVar[str] = "Ring of modes"
    detailed: ClassVar[bool] = False
    modes: int = knob(8, "Number of modes.", label="Modes", usual=(2, 12), ge=2, le=32)
    radius: float = knob(
        3.0, "Distance of the modes from the centre.", label="Radius", usual=(1, 5), ge=0.5, le=20
    )
    std: float = width(0.3, "Standard deviation of each mode.")
    ratio: float = knob(
        4.0,
        "Mass of every second mode in units of its neighbours'.",
        label="Mass ratio",
        usual=(1, 10),
        ge=0.01,
        le=100,
    )
    samples: int = samples()

    def density(self) -> Density:
        """The ring."""
        from ebm_engine.data.densities import ring

        return ring(self.modes, self.radius, self.std, self.ratio)

    def network_step(self) -> float:
        """By the width of the modes."""
        return step_for(self.std)

    def disc(self) -> Disc:
        """As many modes as the ring has, within it."""
        return Disc(self.modes, self.radius)


class Grid(PointTarget):
    """Equal Gaussian modes on a square grid."""

    kind: Literal["grid"] = "grid"
    title: ClassVar[str] = "Grid of modes"
    detailed: ClassVar[bool] = True
    side: int = knob(5, "Modes along each side.", label="Side", usual=(2, 6), ge=2, le=6)
    spacing: float = knob(
        2.0, "Distance of neighbouring modes.", label="Spacing", usual=(1, 4), ge=0.2, le=10
    )
    std: float = width(0.25, "Standard deviation of each mode.")
    samples: int = samples()

    def density(self) -> Density:
        """The grid."""
        from ebm_engine.data.densities import grid

        return grid(self.side, self.spacing, self.std)

    def network_step(self) -> float:
        """By the width of the modes."""
        return step_for(self.std)

    def disc(self) -> Disc:
        """As many modes as the grid has, as far out as its corners."""
        return Disc(self.side**2, self.spacing * (self.side - 1) / math.sqrt(2))
