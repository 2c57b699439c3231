"""Divergence: when a run must stop by itself, and why.

A run is stopped by a number that is not finite, by an energy or a gradient that explodes, or by
walkers of which almost none count any more (ESS/N < 0.05 during 20 updates).
"""

from __future__ import annotations

import math
from typing import NamedTuple

ENERGY_LIMIT = 1e4  # nats; walkers of a mixture that follow their model stay near d/2 + log Z
GRADIENT_LIMIT = 1e4
ESS_FLOOR = 0.05
ESS_PATIENCE = 20  # updates


class Alarm(NamedTuple):
    """Which quantity went wrong (None: nothing) and its value.

    `low_for` counts the updates with ESS/N below the floor, up to now.
    """

    quantity: str | None
    value: float = 0.0
    low_for: int = 0


def check_ess(ess: float, low_for: int) -> Alarm:
    """Judge ESS/N before resampling, 1 for walkers without weights; `low_for` as of last time.

    After resampling ESS/N reads 1, also when one ancestor is all that is left.
    """
    if not math.isfinite(ess):
        return Alarm("log-weights", ess)
    low_for = low_for + 1 if ess < ESS_FLOOR else 0
    return Alarm("ESS/N" if low_for >= ESS_PATIENCE else None, ess, low_for)


def check_size(energy: float, gradient_norm: float, dim: int) -> Alarm:
    """Judge the largest |U| of the walkers in dimension `dim` and the norm of the gradient."""
    limits = {
        "walker energy": (energy, ENERGY_LIMIT * max(1.0, dim / 10)),
        "gradient": (gradient_norm, GRADIENT_LIMIT),
    }
    for quantity, (value, limit) in limits.items():
        if not value <= limit:
            return Alarm(quantity, value)
    return Alarm(None)
