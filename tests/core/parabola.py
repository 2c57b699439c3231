"""The smallest energy with a full protocol, for facts with a closed form: U(x) = ½θ|x|²."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters


class Parabola:
    """U(x) = ½θ|x|² + c in d dimensions; p = N(0, I/θ)."""

    def __init__(self, theta: float, dim: int = 1, shift: float = 0.0) -> None:
        self.theta = torch.tensor(theta, dtype=torch.float64)
        self.dim = dim
        self.shift = shift

    @property
    def parameters(self) -> Parameters:
        """θ, which an optimiser may change in place."""
        return {"theta": self.theta}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U and ∇U = θx."""
        return Evaluation(self.value(x), self.theta * x if gradient else x[:0])

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """½θ|x|² + c, differentiable."""
        theta = self.theta if parameters is None else parameters["theta"]
        return 0.5 * theta * x.square().sum(1) + self.shift

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ½|xᵢ|²."""
        return {"theta": 0.5 * (weights * x.square().sum(1)).sum()}

    def confinement(self, x: Tensor) -> Tensor:
        """The constant c, which θ does not change."""
        return torch.full_like(x[:, 0], self.shift)

    def sample(self, count: int, rng: Generator) -> Tensor:
        """Exact draws."""
        like = torch.empty(count, self.dim, dtype=torch.float64)
        return gaussian(like, rng) / math.sqrt(float(self.theta))

    def log_z(self) -> float:
        """(d/2) log(2π/θ) − c."""
        return 0.5 * self.dim * math.log(2 * math.pi / float(self.theta)) - self.shift

    @property
    def exact(self) -> bool:
        """True at every θ > 0."""
        return True

    def constrain(self) -> None:
        """Every θ is left as it is."""

    def frozen(self) -> Parabola:
        """A copy that later updates of θ leave alone."""
        return Parabola(float(self.theta), self.dim, self.shift)

    def origin(self) -> Parabola:
        """Itself."""
        return self.frozen()

    def toward(self, goal: Parabola, share: float) -> Parabola:
        """The straight path in θ and c."""
        theta = (1 - share) * float(self.theta) + share * float(goal.theta)
        return Parabola(theta, self.dim, (1 - share) * self.shift + share * goal.shift)
