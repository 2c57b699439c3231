"""Trainer: one parameter update of a method, nothing else.

θ ← opt(θ, E_data[∂U] − Ê_model[∂U]): the gradient of the cross-entropy H(θ) = log Z_θ + E_data[U_θ]
(Carbone et al. 2023, arXiv 2305.19414), with the model expectation as the method estimates it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.optim import Optimizer

from ebm_engine.core.types import Energy, Evaluation, Method, Parameters, Populations
from ebm_engine.core.weights import normalised


class TrainState(NamedTuple):
    """What an update changes besides θ; it is consumed: `step` returns the next one.

    data_at is the energy at the training points for the present θ.
    """

    step: int
    walkers: Populations
    data_at: Evaluation
    rngs: dict[str, Generator]


class Metrics(NamedTuple):
    """What one update used, all at θₖ; the numbers that judge it are computed when asked for.

    gradient: the method's estimate of ∂H/∂θ by parameter, before masking; at: copies of the
    parameters it belongs to; weights: (n,) of the walkers; data_energy and walker_energy: U at the
    training points (m,) and at the walkers (n,).
    """

    gradient: Parameters
    at: Parameters
    weights: Tensor
    data_energy: Tensor
    walker_energy: Tensor

    def contrast(self) -> float:
        """E_data[U] − E_walkers[U] with the method's weights, in nats."""
        return float(self.data_energy.mean() - torch.dot(self.weights, self.walker_energy))

    def gradient_norm(self) -> float:
        """Euclidean norm of the gradient over all parameters."""
        return math.sqrt(sum(float(g.square().sum()) for g in self.gradient.values()))

    def largest_energy(self) -> float:
        """Largest |U| of the walkers, in nats."""
        return float(self.walker_energy.abs().max())


class Trainer:
    """Owns θ (inside the energy) and the optimiser; `masks` is 1 where a parameter is learned."""

    def __init__(
        self,
        energy: Energy,
        data: Tensor,
        method: Method,
        optimizer: Optimizer,
        masks: Parameters,
    ) -> None:
        self.energy = energy
        self.data = data
        self.method = method
        self.optimizer = optimizer
        self.masks = masks
        self._data_weights = torch.full_like(data[:, 0], 1 / len(data))

    def start(self, rngs: dict[str, Generator]) -> TrainState:
        """The state at θ₀."""
        walkers = self.method.start(self.energy, self.data, rngs)
        return TrainState(0, walkers, self.energy.evaluate(self.data, gradient=False), rngs)

    def step(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update k → k + 1."""
        energy, rngs = self.energy, state.rngs
        walkers = self.method.before_gradient(state.walkers, energy, self.data, rngs)
        train = walkers.train
        weights = normalised(train.log_w).to(train.x.dtype)
        positive = energy.parameter_gradient(self.data, state.data_at, self._data_weights)
        negative = energy.parameter_gradient(train.x, train.at, weights)
        gradient = {name: positive[name] - negative[name] for name in positive}
        at = {name: parameter.clone() for name, parameter in energy.parameters.items()}
        metrics = Metrics(gradient, at, weights, state.data_at.energy, train.at.energy)
        for name, parameter in energy.parameters.items():
            parameter.grad = gradient[name] * self.masks[name]
        self.optimizer.step()
        step = state.step + 1
        walkers = self.method.after_update(walkers, energy, self.data, step, rngs)
        return TrainState(step, walkers, energy.evaluate(self.data, gradient=False), rngs), metrics
