"""Targets that are curves and shapes on the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import Disc, PointTarget
from ebm_engine.spec.fields import knob
from ebm_engine.spec.targets.fields import samples, step_for, width

if TYPE_CHECKING:
    from ebm_engine.data.densities import Density

SHEARED = 0.12  # h/s² on curves that bend within their own width


class Moons(PointTarget):
    """Two half circles that reach into each other."""

    kind: Literal["moons"] = "moons"
    title: ClassVar[str] = "Two moons"
    detailed: ClassVar[bool] = True
    noise: float = width(0.25, "Standard deviation across each half circle.")
    upper: float = knob(
        0.3,
        "Mass of the upper moon.",
        label="Upper moon's mass",
        usual=(0.1, 0.9),
        ge=0.01,
        le=0.99,
    )
    samples: int = samples()

    def density(self) -> Density:
        """The two moons."""
        from ebm_engine.data.curves import moons

        return moons(self.upper, self.noise)

    def network_step(self) -> float:
        """By the width of the half circles."""
        return step_for(self.noise)

    def disc(self) -> Disc:
        """Four modes for each moon."""
        return Disc(8, 2.5)


class Checkerboard(PointTarget):
    """Eight of sixteen squares, each filled evenly."""

    kind: Literal["checkerboard"] = "checkerboard"
    title: ClassVar[str] = "Checkerboard"
    detailed: ClassVar[bool] = True
    fixed_energy: ClassVar[bool] = False  # flat with walls: no gradient shows the way
    samples: int = samples()

    def density(self) -> Density:
        """The eight squares."""
        from ebm_engine.data.shapes import checkerboard

        return checkerboard()

    def network_step(self) -> float:
        """By trial: the edges of the squares have no width."""
        return 0.02

    def disc(self) -> Disc:
        """A mode for each square."""
        return Disc(8, 3.5)


class Spirals(PointTarget):
    """Arms that wind around the centre."""

    kind: Literal["spirals"] = "spirals"
    title: ClassVar[str] = "Spirals"
    detailed: ClassVar[bool] = True
    arms: int = knob(2, "Number of arms.", label="Arms", usual=(1, 4), ge=1, le=4)
    turns: float = knob(1.0, "Turns of each arm.", label="Turns", usual=(0.5, 2), ge=0.2, le=2)
    noise: float = width(0.15, "Standard deviation across the arms.", low=0.08)
    samples: int = samples()

    def density(self) -> Density:
        """The arms."""
        from ebm_engine.data.curves import spirals

        return spirals(self.arms, self.turns, self.noise)

    def network_step(self) -> float:
        """By the width of the arms."""
        return step_for(self.noise)

    def disc(self) -> Disc:
        """Twelve modes as far out as the arms reach."""
        return Disc(12, 4.0)


class Pinwheel(PointTarget):
    """Blades that bend as they leave the centre."""

    kind: Literal["pinwheel"] = "pinwheel"
    title: ClassVar[str] = "Pinwheel"
    detailed: ClassVar[bool] = True
    arms: int = knob(5, "Number of blades.", label="Blades", usual=(2, 8), ge=2, le=8)
    radial: float = knob(
        0.4,
        "Standard deviation along a blade.",
        label="Length of a blade",
        usual=(0.1, 0.6),
        ge=0.1,
        le=0.6,
    )
    tangential: float = width(0.2, "Standard deviation across a blade.", low=0.1, high=0.5)
    rate: float = knob(
        0.25,
        "How strongly the blades bend on their way out; 0 leaves them straight.",
        label="Bend",
        usual=(0, 0.4),
        ge=0,
        le=0.4,
    )
    samples: int = samples()

    def density(self) -> Density:
        """The blades."""
        from ebm_engine.data.shapes import pinwheel

        return pinwheel(self.arms, self.radial, self.tangential, self.rate)

    def network_step(self) -> float:
        """By the width of the blades."""
        return step_for(self.tangential, SHEARED)

    def disc(self) -> Disc:
        """A mode for each blade."""
        return Disc(self.arms, 3.0)


class SwissRoll(PointTarget):
    """One arm that rolls outwards."""

    kind: Literal["swiss-roll"] = "swiss-roll"
    title: ClassVar[str] = "Swiss roll"
    detailed: ClassVar[bool] = True
    noise: float = width(0.2, "Standard deviation across the roll.")
    samples: int = samples()

    def density(self) -> Density:
        """The roll."""
        from ebm_engine.data.curves import swiss_roll

        return swiss_roll(self.noise)

    def network_step(self) -> float:
        """By the width of the roll."""
        return step_for(self.noise, SHEARED)

    def disc(self) -> Disc:
        """Twelve modes as far out as the roll reaches."""
        return Disc(12, 4.0)
