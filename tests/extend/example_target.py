"""The target that is a banana: a Gaussian bent along a parabola."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import Disc, PointTarget
from ebm_engine.spec.fields import knob
from ebm_engine.spec.targets.fields import samples, step_for, width

if TYPE_CHECKING:
    from ebm_engine.data.densities import Density


class Banana(PointTarget):
    """A Gaussian bent along a parabola."""

    kind: Literal["banana"] = "banana"
    title: ClassVar[str] = "Banana"
    detailed: ClassVar[bool] = False
    bend: float = knob(
        0.2,
        "How strongly the parabola bends; 0 leaves it straight.",
        label="Bend",
        usual=(0, 0.3),
        ge=0,
        le=0.3,
    )
    std: float = width(0.4, "Standard deviation across the parabola.", low=0.2)
    samples: int = samples()

    def density(self) -> Density:
        """The banana."""
        from ebm_engine.data.banana import banana

        return banana(self.bend, self.std)

    def network_step(self) -> float:
        """By the width of the band."""
        return step_for(self.std)

    def disc(self) -> Disc:
        """Four modes for each wing, as far out as two lengths."""
        return Disc(8, 3.0)
