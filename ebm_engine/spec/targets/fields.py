"""Fields and settings that several targets share."""

from __future__ import annotations

from typing import Any

from ebm_engine.spec.fields import knob

THIN = "Thin shapes need a small step size, near a tenth of the squared width."
LARGEST_STEP = 0.05


def samples(default: int = 4000) -> Any:
    """The number of training points, a field that every target of points has."""
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


def step_for(finest: float, share: float = 0.2) -> float:
    """The step size h of a network on a target whose finest detail has the width `finest`.

    h ≈ 0.2·s², one significant digit and at most 0.05: a Langevin step √(2h) is then about 0.6 of
    that width. On curves that bend within their own width a `share` of 0.12 suits.
    """
    return float(f"{min(LARGEST_STEP, share * finest**2):.1g}")
