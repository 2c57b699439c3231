"""Hamiltonian Monte Carlo (HMC) under the weights, with or without a Metropolis test.

Fresh momentum p ~ N(0, I), then L leapfrog steps of length ε = √(2h) from (x, p) to (x′, p′).
Without the test the first half-kick uses the cached ∇Uₖ(x) and all others ∇Uₖ₊₁;
ΔA = Uₖ(x) + ½|p|² − Uₖ₊₁(x′) − ½|p′|²,
exact because each kick and each drift keeps the volume; L = 1 is the move and the weight of ULA.
With the test ΔA = Uₖ(x) − Uₖ₊₁(x) first, then all kicks use θₖ₊₁ and the end point is kept with
probability min(1, e^{−ΔH}), H = Uₖ₊₁ + ½|p|², which leaves π_{k+1} invariant.
(Duane et al. 1987; Neal 2011, arXiv 1206.1901; Neal 2001, arXiv physics/9803008.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.checks import require_positive
from ebm_engine.core.kernels.metropolis import accepted, reweighted
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Potential, Walkers


@dataclass(frozen=True)
class HMC:
    """`leapfrog` steps of length √(2h), accepted or rejected if `metropolis`.

    Raises ValueError unless h > 0 and leapfrog ≥ 1.
    """

    step_size: float
    leapfrog: int = 5
    metropolis: bool = True

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        if self.leapfrog < 1:
            raise ValueError(f"leapfrog must be at least 1; it is {self.leapfrog}")

    @property
    def target_acceptance(self) -> float:
        """0.8 with the Metropolis test, NaN without."""
        return 0.8 if self.metropolis else math.nan

    def move(
        self, walkers: Walkers, energy: Potential, rng: Generator, previous: Potential | None = None
    ) -> tuple[Walkers, Tensor]:
        """One trajectory. L evaluations without the test, L + 1 with it.

        The one more is at x for θₖ₊₁; it is saved when `previous` is `energy` itself, which says
        that θ did not change.
        """
        start, increment = walkers, None
        if self.metropolis:
            start, increment = reweighted(walkers, energy, previous)
        p = gaussian(start.x, rng)
        epsilon = math.sqrt(2 * self.step_size * walkers.step_scale)
        y, at_y, q = leapfrog(start.x, start.at, p, energy, epsilon, self.leapfrog)
        drop = energy_drop(start.at, p, at_y, q)
        if increment is None:
            return walkers._replace(x=y, at=at_y, acceptance=math.nan), drop
        return accepted(start, y, at_y, drop, rng), increment


def leapfrog(
    x: Tensor, at: Evaluation, p: Tensor, energy: Potential, epsilon: float, steps: int
) -> tuple[Tensor, Evaluation, Tensor]:
    """`steps` times kick, drift, kick of length ε from (x, p), each (n, d); `at` belongs to x.

    Returns the new x, its evaluation and the new p; nothing is written in place.
    """
    p = torch.add(p, at.gradient, alpha=-0.5 * epsilon)
    for left in range(steps, 0, -1):
        x = torch.add(x, p, alpha=epsilon)
        at = energy.evaluate(x)
        # Two half-kicks at one point make a whole one, except at the end.
        p = torch.add(p, at.gradient, alpha=-epsilon if left > 1 else -0.5 * epsilon)
    return x, at, p


def energy_drop(at_x: Evaluation, p: Tensor, at_y: Evaluation, q: Tensor) -> Tensor:
    """U(x) + ½|p|² − U(y) − ½|q|², (n,), each U as its evaluation has it."""
    return at_x.energy - at_y.energy + 0.5 * torch.linalg.vecdot(p - q, p + q)
