"""Energy of a Gaussian latent variable, whose normaliser is the evidence of the observations.

Model: latent x ~ N(θ·1, I) in d dimensions, observed y = x + σξ; one scalar θ. With λ = 1 + 1/σ²
U(θ, x) = −log p_θ(x, y) = ½|x − θ1|² + |y − x|²/(2σ²) + d log 2πσ,
Z_θ = ∫ exp(−U) dx = p_θ(y) = N(y; θ1, (1 + σ²)I),  p_θ(x|y) = N((θ1 + y/σ²)/λ, I/λ).
Shapes: x (n, d), y (d,), θ (). Fisher's identity ∂(−log p_θ(y))/∂θ = E[∂U/∂θ | y] makes the
posterior mean of `parameter_gradient` the gradient of the evidence.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Parameters


class LatentEnergy(NamedTuple):
    """U(θ, x) = −log p_θ(x, y) over x (n, d); theta: θ (), observations: y (d,), noise: σ."""

    theta: Tensor
    observations: Tensor
    noise: float

    @property
    def parameters(self) -> Parameters:
        """θ by its name."""
        return {"theta": self.theta}

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        """U (n,) and ∇ₓU = (x − θ1) + (x − y)/σ², (n, d), or (0, d) when not asked for."""
        energy = self.value(x)
        if not gradient:
            return Evaluation(energy, x[:0])
        return Evaluation(energy, (x - self.theta) + (x - self.observations) / self.noise**2)

    def value(self, x: Tensor, parameters: Parameters | None = None) -> Tensor:
        """U (n,) as a function that autograd can differentiate, in x and in `parameters`."""
        theta = self.theta if parameters is None else parameters["theta"]
        return 0.5 * (x - theta).square().sum(1) + self.confinement(x)

    def parameter_gradient(self, x: Tensor, at: Evaluation, weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂U/∂θ(xᵢ) = Σᵢ wᵢ Σⱼ (θ − xᵢⱼ), a scalar; weights (n,) of any sign."""
        return {"theta": weights.to(x.dtype) @ (self.theta - x).sum(1)}

    def confinement(self, x: Tensor) -> Tensor:
        """|y − x|²/(2σ²) + d log 2πσ, (n,): the part of U without θ."""
        squares = ((x - self.observations) / self.noise).square().sum(1)
        return 0.5 * squares + len(self.observations) * math.log(2 * math.pi * self.noise)

    def sample(self, count: int, rng: Generator) -> Tensor:
        """`count` exact draws (count, d) from the posterior p_θ(x|y)."""
        precision = 1 + 1 / self.noise**2
        mean = (self.theta + self.observations / self.noise**2) / precision
        centres = mean.expand(count, -1)
        return centres + gaussian(centres, rng) / math.sqrt(precision)

    def log_z(self) -> float:
        """The evidence log p_θ(y) = −(d/2) log 2π(1 + σ²) − |y − θ1|²/(2(1 + σ²)), in nats."""
        d, variance = len(self.observations), 1 + self.noise**2
        squares = float((self.observations - self.theta).double().square().sum())
        return -0.5 * (d * math.log(2 * math.pi * variance) + squares / variance)

    @property
    def exact(self) -> bool:
        """True: posterior and evidence are Gaussian at every θ."""
        return True

    def constrain(self) -> None:
        """Every θ is allowed."""

    def frozen(self) -> LatentEnergy:
        """A copy that later updates of θ leave alone."""
        return self._replace(theta=self.theta.clone())

    def origin(self) -> LatentEnergy:
        """Itself: a path to a posterior may start at any θ."""
        return self.frozen()

    def toward(self, goal: LatentEnergy, share: float) -> LatentEnergy:
        """θ on the straight line to the goal's θ, with the observations and σ of this energy."""
        return self._replace(theta=torch.lerp(self.theta, goal.theta, share))
