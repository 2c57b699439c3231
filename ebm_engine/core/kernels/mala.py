"""Metropolis-adjusted Langevin (MALA) under the weights.

First ΔA = Uₖ(x) − Uₖ₊₁(x), then one step that leaves π_{k+1} ∝ exp(−Uₖ₊₁) invariant:
y = x − h∇Uₖ₊₁(x) + √(2h) ξ, kept with probability min(1, e^r),
r = α(x, y) − α(y, x),  α(x, y) = Uₖ₊₁(x) + ½(y − x)·∇Uₖ₊₁(x) + (h/4)|∇Uₖ₊₁(x)|².
The weight holds no kernel terms, so it does not degenerate with h; a large h is rejected instead.
(Roberts and Tweedie 1996; Neal 2001, arXiv physics/9803008.)
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from ebm_engine.core.kernels.checks import require_positive
from ebm_engine.core.kernels.metropolis import accepted, reweighted
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.types import Potential, Walkers


@dataclass(frozen=True)
class MALA:
    """Metropolis-adjusted Langevin with step size h. Raises ValueError unless h > 0."""

    step_size: float

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)

    @property
    def target_acceptance(self) -> float:
        """0.574, the optimum in high dimension (Roberts and Rosenthal 1998)."""
        return 0.574

    def move(
        self, walkers: Walkers, energy: Potential, rng: Generator, previous: Potential | None = None
    ) -> tuple[Walkers, Tensor]:
        """Reweight at x, then one Metropolis step, all with θₖ₊₁.

        Two evaluations; one when `previous` is `energy` itself, which says that θ did not change.
        """
        start, increment = reweighted(walkers, energy, previous)
        langevin = ULA(self.step_size * walkers.step_scale)
        y = langevin.propose(start.x, start.at, rng)
        at_y = energy.evaluate(y)
        # The weight of ULA at one θ is the log of the Metropolis ratio.
        ratio = langevin.log_ratio(start.x, start.at, y, at_y)
        return accepted(start, y, at_y, ratio, rng), increment
