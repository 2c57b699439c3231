"""The plane that is shown, and what lies on it: points have their own, and images."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from torch import Tensor

from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.types import Energy

GRID = 100  # points of the field along each axis
WIDER = 1.15  # the square shown, in units of the box that holds the target
FIELD_EVERY = 10  # updates between two fields of a network while it plays


class Plane(Protocol):
    """A square of the plane, with the target on it; what does not change is made once."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x_min, x_max, y_min, y_max."""
        ...

    @property
    def target_density(self) -> np.ndarray:
        """The target's marginal (g, g) float32 on the plane, NaN where it is not known."""
        ...

    @property
    def target_means(self) -> np.ndarray:
        """The means (J*, d) of a target of Gaussian modes, else (0, 2)."""
        ...

    @property
    def target_stds(self) -> np.ndarray:
        """Their standard deviations (J*,)."""
        ...

    def project(self, x: Tensor) -> np.ndarray:
        """Positions (n, 2) float32 on the plane of points (n, d)."""
        ...

    def lift(self, places: Tensor) -> np.ndarray:
        """Positions (…, 2) float32 of the places (…, 1 or 2) that trails keep."""
        ...

    def field(self, energy: Energy, step: int, *, playing: bool) -> np.ndarray:
        """The energy (g, g) float32 on the plane, a few updates old where it costs much."""
        ...

    def log_z(self, energy: Energy, verdict: Verdict) -> float:
        """log Z with p = exp(−field − log Z) on the plane, NaN where it is not known."""
        ...

    def mode_centres(self, energy: Energy) -> np.ndarray:
        """A point (J, ≥ 2) of each mode whose mass is measured."""
        ...
