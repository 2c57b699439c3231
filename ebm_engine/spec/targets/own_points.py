"""The target that is a file of one's own points."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ebm_engine.data.points import read_points
from ebm_engine.spec.blocks import Disc, PointTarget
from ebm_engine.spec.targets.fields import samples

if TYPE_CHECKING:
    from ebm_engine.data.densities import Density

STEP = 0.002  # of the variance of the points, whose finest detail is unknown


class Points(PointTarget):
    """Own points from a CSV file of two columns; their density is not known."""

    kind: Literal["points"] = "points"
    title: ClassVar[str] = "Own points"
    own_file: ClassVar[bool] = True
    detailed: ClassVar[bool] = False
    fits_mixture: ClassVar[bool] = False  # their scale may be any
    fixed_energy: ClassVar[bool] = False
    path: str = Field(
        default="", max_length=4096, description="Path of a CSV file with two columns."
    )
    samples: int = samples()

    def density(self) -> Density:
        """The points as they are; raises ValueError where they cannot be read."""
        import torch

        from ebm_engine.data.cloud import points

        if not self.path:
            raise ValueError("path is empty, and own points need a CSV file of two columns")
        return points(torch.from_numpy(read_points(self.path)))

    def network_step(self) -> float:
        """By the larger variance of the two coordinates, one significant digit."""
        variance = float(read_points(self.path).var(0).max())
        return float(f"{min(max(STEP * variance, 1e-6), 100):.1g}")

    def disc(self) -> Disc:
        """Eight modes within 1.5 standard deviations."""
        points = read_points(self.path)
        x, y = points.mean(0)
        return Disc(8, 1.5 * float(points.std(0).max()), (float(x), float(y)))
