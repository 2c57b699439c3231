"""A Gaussian energy of any covariance, for facts whose closed form needs more than unit modes."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.types import Evaluation, Parameters


class QuadraticEnergy:
    """U(x) = ½ xᵀPx + c with a symmetric precision P (d, d); p = N(0, P⁻¹)."""

    def __init__(self, precision: Tensor, shift: float = 0.0) -> None:
        self.precision = precision
        self.shift = shift

    @property
    def parameters(self) -> Parameters:
        """The tensor that an optimiser may change in place."""
        return {"precision": self.precision}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U, ∇U = Px and one mode's responsibilities, which are 1."""
        slope = x @ self.precision
        energy = 0.5 * (x * slope).sum(1) + self.shift
        ones = torch.ones(len(x), 1, dtype=x.dtype)
        return Evaluation(energy, slope if gradient else x[:0], ones)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """½ xᵀPx + c."""
        precision = (parameters or self.parameters)["precision"]
        return 0.5 * (x * (x @ precision)).sum(1) + self.shift

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ½ xᵢxᵢᵀ."""
        return {"precision": 0.5 * (x * weights[:, None].to(x.dtype)).T @ x}

    def sample(self, count: int, rng: Generator) -> Tensor:
        """Exact draws: L⁻ᵀξ with P = LLᵀ."""
        d = len(self.precision)
        noise = torch.randn(count, d, generator=rng, dtype=torch.float64)
        factor = torch.linalg.cholesky(self.precision)
        return torch.linalg.solve_triangular(factor.T, noise.T, upper=True).T.contiguous()

    def log_z(self) -> float:
        """(d/2) log 2π − ½ log det P − c."""
        d = len(self.precision)
        return 0.5 * (d * math.log(2 * math.pi) - float(torch.logdet(self.precision))) - self.shift

    def confinement(self, x: Tensor) -> Tensor:
        """0: every part of U depends on P."""
        return torch.zeros_like(x[:, 0])

    @property
    def exact(self) -> bool:
        """True: a Gaussian can be sampled and normalised."""
        return True

    def constrain(self) -> None:
        """Every P is allowed."""

    def origin(self) -> QuadraticEnergy:
        """A copy of itself."""
        return self.frozen()

    def frozen(self) -> QuadraticEnergy:
        """A copy that later updates of P leave alone."""
        return QuadraticEnergy(self.precision.clone(), self.shift)

    def toward(self, goal: QuadraticEnergy, share: float) -> QuadraticEnergy:
        """The straight path in P and c."""
        shift = (1 - share) * self.shift + share * goal.shift
        return QuadraticEnergy(torch.lerp(self.precision, goal.precision, share), shift)


def gaussian_energy(variance: float) -> QuadraticEnergy:
    """U(x) = x²/(2s) in one dimension."""
    return QuadraticEnergy(torch.tensor([[1 / variance]], dtype=torch.float64))


def variances(first: float, last: float, steps: int) -> list[float]:
    """s₀ … s_K, equally spaced."""
    return [first + (last - first) * k / steps for k in range(steps + 1)]
