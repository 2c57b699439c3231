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
    """Which quantity went wrong and its value; `low_ess_for` counts updates below the floor."""

    quantity: str | None
    value: float
    low_ess_for: int


def check(*, energy: float, gradient_norm: float, ess: float, dim: int, low_ess_for: int) -> Alarm:
    """Judge one update: the largest |U| of the walkers, the gradient's norm and ESS/N.

    `ess` is NaN-free for a sound run and 1 for walkers without weights; `low_ess_for` is the count
    of the update before.
    """
    low = low_ess_for + 1 if ess < ESS_FLOOR else 0
    if not math.isfinite(energy):
        return Alarm("walker energy", energy, low)
    if not math.isfinite(gradient_norm):
        return Alarm("gradient", gradient_norm, low)
    if not math.isfinite(ess):
        return Alarm("log-weights", ess, low)
    if energy > ENERGY_LIMIT * max(1.0, dim / 10):
        return Alarm("walker energy", energy, low)
    if gradient_norm > GRADIENT_LIMIT:
        return Alarm("gradient", gradient_norm, low)
    if low >= ESS_PATIENCE:
        return Alarm("ESS/N", ess, low)
    return Alarm(None, 0.0, low)
