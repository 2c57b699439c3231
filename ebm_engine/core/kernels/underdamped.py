"""Underdamped Langevin by the splitting OBABO, and its shadow work.

O: p ← c p + √(1 − c²) ξ with c = e^{−γε/2};  B: p ← p − (ε/2)∇U(x);  A: x ← x + εp;  ε = √(2h).
One move is O B A B O, the first kick with the cached ∇Uₖ(x), the second with ∇Uₖ₊₁(x′).
O leaves N(0, I) of the momentum alone and carries no weight; over BAB, from (x, p) to (x′, p′),
ΔA = Uₖ(x) + ½|p|² − Uₖ₊₁(x′) − ½|p′|²,
exact for exp(−U) at every ε. (Bussi and Parrinello 2007; Sivak, Chodera and Crooks 2013.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Generator, Tensor

from ebm_engine.core.kernels.checks import require_positive
from ebm_engine.core.kernels.hmc import energy_drop, leapfrog
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Potential, Walkers


@dataclass(frozen=True)
class Underdamped:
    """OBABO with time step √(2h) and friction γ per unit of time, for unit masses.

    Raises ValueError unless h > 0 and γ > 0.
    """

    step_size: float
    friction: float = 1.0

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_positive("friction", self.friction)

    @property
    def target_acceptance(self) -> float:
        """NaN: there is no Metropolis test."""
        return math.nan

    def move(
        self, walkers: Walkers, energy: Potential, rng: Generator, previous: Potential | None = None
    ) -> tuple[Walkers, Tensor]:
        """One OBABO move; one evaluation. Walkers without momentum first draw it from N(0, I)."""
        x, p = walkers.x, walkers.momentum
        if p is None:
            p = gaussian(x, rng)
        epsilon = math.sqrt(2 * self.step_size * walkers.step_scale)
        p = self._thermalised(p, epsilon, rng)
        y, at_y, q = leapfrog(x, walkers.at, p, energy, epsilon, 1)
        increment = energy_drop(walkers.at, p, at_y, q)
        rest = self._thermalised(q, epsilon, rng)
        return walkers._replace(x=y, at=at_y, momentum=rest, acceptance=math.nan), increment

    def _thermalised(self, p: Tensor, epsilon: float, rng: Generator) -> Tensor:
        damping = math.exp(-0.5 * self.friction * epsilon)
        return (damping * p).add_(gaussian(p, rng), alpha=math.sqrt(1 - damping**2))
