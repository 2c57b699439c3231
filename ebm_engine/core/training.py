"""Trainer: one parameter update of a method, nothing else.

θ ← opt(θ, ∂H/∂θ as the method estimates it), where H(θ) = log Z_θ + E_data[U_θ] is the
cross-entropy (Carbone et al. 2023, arXiv 2305.19414). Around it are the stabilisers of Du et al.
(2021, arXiv 2012.01316): a penalty on squared energies, a limit on the gradient's norm and an
exponential average of θ, each off unless asked for.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.optim import Optimizer

from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.core.smc.weights import normalised
from ebm_engine.core.types import Batch, Energy, Method, Parameters, Populations

BACK_OFF, RECOVER = 0.7, 1.003  # factors of the learning rate at a resampling and otherwise
LAST_RATE = 0.1  # share of the learning rate that a linear decay ends at


class Extras(NamedTuple):
    """What goes beside the plain update; 0 switches each of them off.

    batch: training points per update; l2: weight of the mean squared learned energy of data and
    walkers; clip: largest norm of the gradient; average: decay μ of the exponential average of θ;
    decay_over: updates of a linear decay of the learning rate to a tenth; follow_ess: whether the
    rate backs off when the walkers resample.
    """

    batch: int = 0
    l2: float = 0.0
    clip: float = 0.0
    average: float = 0.0
    decay_over: int = 0
    follow_ess: bool = False


class TrainState(NamedTuple):
    """What an update changes besides θ; it is consumed: `step` returns the next one.

    batch: the training points of the next update with the energy there at the present θ; rate: the
    factor on the learning rate that `follow_ess` controls.
    """

    step: int
    walkers: Populations
    batch: Batch
    rngs: dict[str, Generator]
    rate: float = 1.0


class Trainer:
    """Owns θ (inside the energy) and the optimiser.

    masks is 1 where a parameter is learned; rates are the learning rates of the optimiser's groups
    before any factor; `average` follows θ when asked for and is None otherwise.
    """

    def __init__(
        self,
        energy: Energy,
        data: Tensor,
        method: Method,
        optimizer: Optimizer,
        masks: Parameters,
        extras: Extras | None = None,
    ) -> None:
        self.energy = energy
        self.data = data
        self.method = method
        self.optimizer = optimizer
        self.masks = masks
        self.extras = extras or Extras()
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.average = energy.frozen() if self.extras.average else None

    def start(self, rngs: dict[str, Generator]) -> TrainState:
        """The state at θ₀."""
        walkers = self.method.start(self.energy, self.data, rngs)
        return TrainState(0, walkers, self._next_batch(rngs), rngs)

    def step(self, state: TrainState) -> tuple[TrainState, Metrics]:
        """One update k → k + 1."""
        energy, rngs, batch = self.energy, state.rngs, state.batch
        walkers = self.method.before_gradient(state.walkers, energy, self.data, rngs)
        train = walkers.train
        weights = normalised(train.log_w).to(train.x.dtype)
        gradient = self.method.gradient(walkers, energy, batch, rngs)
        previous = energy.frozen()
        metrics = Metrics(
            gradient, previous, weights, batch.at.energy, train.at.energy, batch.x, train.x
        )
        self._descend(self._penalised(gradient, walkers, batch, weights), state)
        step = state.step + 1
        walkers = self.method.after_update(walkers, previous, energy, self.data, step, rngs)
        rate = self._follow(state.rate, resampled=walkers.train.resampled)
        return TrainState(step, walkers, self._next_batch(rngs), rngs, rate), metrics

    def _next_batch(self, rngs: dict[str, Generator]) -> Batch:
        x, size = self.data, self.extras.batch
        if 0 < size < len(x):
            x = x[torch.randperm(len(x), generator=rngs["batch"], device=x.device)[:size]]
        return Batch(x, self.energy.evaluate(x, gradient=False))

    def _penalised(
        self, gradient: Parameters, walkers: Populations, batch: Batch, weights: Tensor
    ) -> Parameters:
        """The gradient plus that of l2 · (mean V² on data + weighted mean V² on the walkers).

        V is the learned part of U: the part that does not depend on θ need not stay small.
        """
        if not self.extras.l2:
            return gradient
        equal = torch.full_like(batch.x[:, 0], 1 / len(batch.x))
        total = dict(gradient)
        for (x, at), share in ((batch, equal), ((walkers.train.x, walkers.train.at), weights)):
            learned = at.energy - self.energy.confinement(x)
            pull = self.energy.parameter_gradient(x, at, 2 * self.extras.l2 * share * learned)
            total = {name: total[name] + pull[name] for name in total}
        return total

    def _descend(self, gradient: Parameters, state: TrainState) -> None:
        """One step of the optimiser along the masked and clipped gradient."""
        masked = {name: gradient[name] * self.masks[name] for name in gradient}
        shrink = 1.0
        if self.extras.clip:
            shrink = min(1.0, self.extras.clip / max(norm(masked), 1e-30))
        for name, parameter in self.energy.parameters.items():
            parameter.grad = masked[name] if shrink == 1.0 else masked[name] * shrink
        factor = self.factor(state)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        self.optimizer.step()
        # A matrix that is not finite has no norm: it stays as it is, and the run's alarm tells.
        # The error is public, though torch.linalg does not list it.
        with suppress(torch.linalg.LinAlgError):  # pyright: ignore[reportPrivateImportUsage]
            self.energy.constrain()
        if self.average is not None:
            for name, mean in self.average.parameters.items():
                mean.lerp_(self.energy.parameters[name], 1 - self.extras.average)

    def factor(self, state: TrainState) -> float:
        """What the learning rates are multiplied by in the next update: back-off and decay."""
        if not self.extras.decay_over:
            return state.rate
        fallen = 1 - (1 - LAST_RATE) * state.step / self.extras.decay_over
        return state.rate * max(LAST_RATE, fallen)

    def _follow(self, rate: float, *, resampled: bool) -> float:
        """Additive patience, multiplicative retreat: the walkers must be able to keep up."""
        if not self.extras.follow_ess:
            return 1.0
        return rate * BACK_OFF if resampled else min(1.0, rate * RECOVER)
