"""Energies that are not trained: what chains walk on when the density itself is known.

Normal mixture: U(x) = −log Σₖ wₖ N(x; aₖ, diag(sₖ²)), with rₖ = softmaxₖ of the terms
∇U = Σₖ rₖ (x − aₖ)/sₖ²; means a (K, d), log-weights (K,), standard deviations s (K, d).
Any other density: U = −log p with its gradient by autograd.
Both offer `evaluate`, the one thing that a kernel asks of an energy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ebm_engine.core.types import Evaluation


class NormalMixture(NamedTuple):
    """U = −log Σₖ wₖ N(x; aₖ, diag(sₖ²)): means (K, d), log_weights (K,), stds (K, d)."""

    means: Tensor
    log_weights: Tensor
    stds: Tensor

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and ∇U (n, d), or (0, d) when not asked for, at x (n, d)."""
        precision = self.stds**-2
        pull = self.means * precision  # (K, d)
        constant = self.log_weights - 0.5 * (self.means * pull).sum(1)
        constant = constant - torch.log(math.sqrt(2 * math.pi) * self.stds).sum(1)
        scores = torch.addmm(constant, x, pull.T).addmm(x * x, precision.T, alpha=-0.5)  # (n, K)
        energy = -torch.logsumexp(scores, 1)
        if not gradient:
            return Evaluation(energy, x[:0])
        shares = torch.softmax(scores, 1)
        return Evaluation(energy, x * (shares @ precision) - shares @ pull)


class DensityEnergy(NamedTuple):
    """U = −log p for a function log_density: (n, d) → (n,) that autograd can differentiate."""

    log_density: Callable[[Tensor], Tensor]

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and ∇U (n, d), or (0, d) when not asked for, at x (n, d)."""
        if not gradient:
            return Evaluation(-self.log_density(x), x[:0])
        with torch.enable_grad():
            point = x.detach().requires_grad_()
            energy = -self.log_density(point)
            (slope,) = torch.autograd.grad(energy.sum(), point)
        return Evaluation(energy.detach(), slope)
