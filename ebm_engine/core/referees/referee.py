"""What a referee offers: the exact numbers of an energy, whoever trained it.

Three know more or less of the truth: closed forms for mixtures in any dimension (mixtures), a
quadrature on the plane for any energy (plane), and held-out data where neither log Z nor the
density of the data is known (held_out).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor

from ebm_engine.core.types import Energy, Parameters


class Verdict(NamedTuple):
    """Exact (or Monte-Carlo) numbers of one model.

    kl: KL(target ‖ model) in nats and its standard error, 0 where kl comes from quadrature;
    kl_data: the same on the training points; masses (J,); total_variation: ½∫|p* − p|, NaN where
    the target's density is not known; data_energy: mean U of the training points; outside: share
    of the model's mass that a quadrature misses; error: bound on the error of a quadrature's log Z.
    """

    kl: float
    kl_se: float
    kl_data: float
    log_z: float
    masses: Tensor
    total_variation: float
    data_energy: float
    outside: float = 0.0
    error: float = 0.0


class Referee(Protocol):
    """Judges an energy against one target and its training points."""

    @property
    def data_log_density(self) -> float:
        """Mean log p* over the training points, in nats; 0 where it is not known."""
        ...

    def judge(self, energy: Energy) -> Verdict:
        """The exact numbers of the energy."""
        ...

    def gradient(self, energy: Energy) -> Parameters:
        """Exact ∂H/∂θ of the cross-entropy on the data. Raises ValueError where it is not known."""
        ...

    def true_masses(self, energy: Energy) -> Tensor:
        """The true mass (J,) float64 of each mode whose mass in the model `judge` measures."""
        ...
