"""Unadjusted Langevin (ULA) and its Jarzynski weight.

Move: y = x − h∇Uₖ(x) + √(2hT) ξ, with the OLD parameters θₖ.
Weight (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1), at T = 1:
ΔA = αₖ(x, y) − αₖ₊₁(y, x),  αₖ(x, y) = Uₖ(x) + ½(y − x)·∇Uₖ(x) + (h/4)|∇Uₖ(x)|².
It is log of exp(−Uₖ₊₁(y)) q_{k+1}(y→x) over exp(−Uₖ(x)) qₖ(x→y), so E[e^A] = Zₖ/Z₀ at every h. For
T ≠ 1 the kernel terms are divided by T and the weights still target exp(−U): exact, at the price
of a lower ESS. The backward kernel may be any other density of x given y: with ∇Uₖ(y) in place of
∇Uₖ₊₁(y) the weight is as exact, with a higher ESS at large steps and one evaluation more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.checks import require_positive
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Potential, Walkers

BACKWARD = ("new", "old")


@dataclass(frozen=True)
class ULA:
    """Unadjusted Langevin with step size h and temperature T.

    backward: "new" or "old", the parameters of the backward kernel's gradient at the new point.
    Raises ValueError for a value out of range.
    """

    step_size: float
    temperature: float = 1.0
    backward: str = "new"

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_positive("temperature", self.temperature)
        if self.backward not in BACKWARD:
            raise ValueError(f"backward must be one of {BACKWARD}; it is {self.backward!r}")

    @property
    def target_acceptance(self) -> float:
        """NaN: there is no Metropolis test."""
        return math.nan

    def move(
        self, walkers: Walkers, energy: Potential, rng: Generator, previous: Potential | None = None
    ) -> tuple[Walkers, Tensor]:
        """One step with the cached gradient at θₖ; the new points are evaluated at θₖ₊₁.

        One evaluation; with backward "old" a second one, of `previous`. Without `previous` that
        kernel falls back on the new gradient, which is exact too.
        """
        kernel, x, at_x = self.scaled(walkers.step_scale), walkers.x, walkers.at
        y = kernel.propose(x, at_x, rng)
        at_y = back = energy.evaluate(y)
        if self.backward == "old" and previous is not None and previous is not energy:
            back = at_y._replace(gradient=previous.evaluate(y).gradient)
        moved = walkers._replace(x=y, at=at_y, acceptance=math.nan)
        return moved, kernel.log_ratio(x, at_x, y, back)

    def scaled(self, factor: float) -> ULA:
        """The kernel with `factor` times the step size."""
        return self if factor == 1 else replace(self, step_size=self.step_size * factor)

    def propose(self, x: Tensor, at: Evaluation, rng: Generator) -> Tensor:
        """x − h∇U(x) + √(2hT) ξ, (n, d); never writes into x."""
        drifted = torch.add(x, at.gradient, alpha=-self.step_size)
        noise_scale = math.sqrt(2 * self.step_size * self.temperature)
        return drifted.add_(gaussian(x, rng), alpha=noise_scale)

    def log_ratio(self, x: Tensor, at_x: Evaluation, y: Tensor, at_y: Evaluation) -> Tensor:
        """αₖ(x, y) − αₖ₊₁(y, x), (n,); `at_x` at θₖ, `at_y` at θₖ₊₁ (or its gradient at θₖ)."""
        # ½(y−x)·(g+g') + (h/4)(|g|²−|g'|²) = ½(g+g')·((y−x) + (h/2)(g−g')): one product, not three.
        both = at_x.gradient + at_y.gradient
        shift = torch.add(y - x, at_x.gradient, alpha=0.5 * self.step_size)
        shift.add_(at_y.gradient, alpha=-0.5 * self.step_size)
        kernel = torch.linalg.vecdot(both, shift)
        return (at_x.energy - at_y.energy).add_(kernel, alpha=0.5 / self.temperature)
