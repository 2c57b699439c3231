"""Unadjusted Langevin (ULA) and its Jarzynski weight.

Move: y = x − h∇Uₖ(x) + √(2hT) ξ, with the OLD parameters θₖ.
Weight (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1), at T = 1:
ΔA = αₖ(x, y) − αₖ₊₁(y, x),  αₖ(x, y) = Uₖ(x) + ½(y − x)·∇Uₖ(x) + (h/4)|∇Uₖ(x)|².
It is log of exp(−Uₖ₊₁(y)) q_{k+1}(y→x) over exp(−Uₖ(x)) qₖ(x→y), so E[e^A] = Zₖ/Z₀ at every h. For
T ≠ 1 the kernel terms are divided by T and the weights still target exp(−U): exact, at the price
of a lower ESS.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation


class ULA(NamedTuple):
    """Unadjusted Langevin with step size h and temperature T."""

    step_size: float
    temperature: float = 1.0

    def propose(self, x: Tensor, at: Evaluation, rng: Generator) -> Tensor:
        """x − h∇U(x) + √(2hT) ξ, (n, d); never writes into x."""
        drifted = torch.add(x, at.gradient, alpha=-self.step_size)
        noise_scale = math.sqrt(2 * self.step_size * self.temperature)
        return drifted.add_(gaussian(x, rng), alpha=noise_scale)

    def log_ratio(self, x: Tensor, at_x: Evaluation, y: Tensor, at_y: Evaluation) -> Tensor:
        """αₖ(x, y) − αₖ₊₁(y, x), (n,); `at_x` at θₖ, `at_y` at θₖ₊₁."""
        # ½(y−x)·(g+g') + (h/4)(|g|²−|g'|²) = ½(g+g')·((y−x) + (h/2)(g−g')): one product, not three.
        both = at_x.gradient + at_y.gradient
        shift = torch.add(y - x, at_x.gradient, alpha=0.5 * self.step_size)
        shift.add_(at_y.gradient, alpha=-0.5 * self.step_size)
        kernel = torch.linalg.vecdot(both, shift)
        return (at_x.energy - at_y.energy).add_(kernel, alpha=0.5 / self.temperature)
