"""The target blocks of a RunSpec beside the mixture: the true density on the plane."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from ebm_engine.spec.fields import Block, knob

THIN = "Thin shapes need a small step size, near a tenth of the squared width."


def samples(default: int = 4000) -> Any:
    """The number of training points, a field that every target has."""
    return knob(
        default,
        "Number of training points drawn from the true density.",
        label="Data points",
        usual=(200, 10_000),
        log=True,
        outside="Below 200 the data themselves misrepresent the target.",
        ge=2,
        le=100_000,
    )


def width(default: float, what: str, low: float = 0.05, high: float = 1.0) -> Any:
    """A standard deviation that sets how thin a shape is."""
    usual = (max(low, 0.1), min(high, 0.5))
    return knob(default, what, label="Width", usual=usual, outside=THIN, ge=low, le=high)


class Ring(Block):
    """Gaussian modes on a ring, with masses that alternate."""

    kind: Literal["ring"] = "ring"
    title: ClassVar[str] = "Ring of modes"
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


class Grid(Block):
    """Equal Gaussian modes on a square grid."""

    kind: Literal["grid"] = "grid"
    title: ClassVar[str] = "Grid of modes"
    side: int = knob(5, "Modes along each side.", label="Side", usual=(2, 6), ge=2, le=6)
    spacing: float = knob(
        2.0, "Distance of neighbouring modes.", label="Spacing", usual=(1, 4), ge=0.2, le=10
    )
    std: float = width(0.25, "Standard deviation of each mode.")
    samples: int = samples()


class Moons(Block):
    """Two half circles that reach into each other."""

    kind: Literal["moons"] = "moons"
    title: ClassVar[str] = "Two moons"
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


class Checkerboard(Block):
    """Eight of sixteen squares, each filled evenly."""

    kind: Literal["checkerboard"] = "checkerboard"
    title: ClassVar[str] = "Checkerboard"
    samples: int = samples()


class Spirals(Block):
    """Arms that wind around the centre."""

    kind: Literal["spirals"] = "spirals"
    title: ClassVar[str] = "Spirals"
    arms: int = knob(2, "Number of arms.", label="Arms", usual=(1, 4), ge=1, le=4)
    turns: float = knob(1.0, "Turns of each arm.", label="Turns", usual=(0.5, 2), ge=0.2, le=2)
    noise: float = width(0.15, "Standard deviation across the arms.", low=0.08)
    samples: int = samples()


class Pinwheel(Block):
    """Blades that bend as they leave the centre."""

    kind: Literal["pinwheel"] = "pinwheel"
    title: ClassVar[str] = "Pinwheel"
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


class SwissRoll(Block):
    """One arm that rolls outwards."""

    kind: Literal["swiss-roll"] = "swiss-roll"
    title: ClassVar[str] = "Swiss roll"
    noise: float = width(0.2, "Standard deviation across the roll.")
    samples: int = samples()


class Points(Block):
    """Own points from a CSV file of two columns; their density is not known."""

    kind: Literal["points"] = "points"
    title: ClassVar[str] = "Own points"
    path: str = Field("", max_length=4096, description="Path of a CSV file with two columns.")
    samples: int = samples()
