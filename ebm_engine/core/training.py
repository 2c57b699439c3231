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
    """What one update measured, all at θₖ, before the update.

    contrast: E_data[U] − E_walkers[U] with the method's weights; gradient: the method's estimate of
    ∂H/∂θ by parameter; at: copies of the parameters it belongs to; gradient_norm over the learned
    ones; walker_energy: largest |U| of the walkers, in nats.
    """

    contrast: float
    gradient: Parameters
    at: Parameters
    gradient_norm: float
    walker_energy: float


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
        self._data_weights = torch.full((len(data),), 1 / len(data), device=data.device)

    def start(self, rngs: dict[str, Generator]) -> TrainState:
        """The state at θ₀."""
        walkers = self.method.start(self.energy, self.data, rngs)
        return TrainState(0, walkers, self.energy.evaluate(self.data), rngs)

    def step(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update k → k + 1."""
        energy, rngs = self.energy, state.rngs
        walkers = self.method.before_gradient(state.walkers, energy, self.data, rngs)
        metrics = self._measure(walkers, state.data_at)
        for name, parameter in energy.parameters.items():
            parameter.grad = metrics.gradient[name] * self.masks[name]
        self.optimizer.step()
        step = state.step + 1
        walkers = self.method.after_update(walkers, energy, self.data, step, rngs)
        return TrainState(step, walkers, energy.evaluate(self.data), rngs), metrics

    def _measure(self, walkers: Populations, data_at: Evaluation) -> Metrics:
        """The gradient estimate and the numbers that judge the update."""
        train = walkers.train
        weights = normalised(train.log_w).to(train.x.dtype)
        positive = self.energy.parameter_gradient(self.data, data_at, self._data_weights)
        negative = self.energy.parameter_gradient(train.x, train.at, weights)
        gradient = {name: positive[name] - negative[name] for name in positive}
        squares = [(g * self.masks[n]).square().sum() for n, g in gradient.items()]
        numbers = torch.stack(
            [
                data_at.energy.mean() - torch.dot(weights, train.at.energy),
                sum(squares),
                train.at.energy.abs().max(),
            ]
        )
        contrast, squared_norm, largest = numbers.tolist()
        at = {name: p.detach().clone() for name, p in self.energy.parameters.items()}
        return Metrics(contrast, gradient, at, math.sqrt(squared_norm), largest)
