"""PCD: persistent contrastive divergence (Tieleman 2008).

The walkers stay between updates: gradient at θₖ, new θ, one ULA step with the old gradient. Each
walker may go back to the start with a probability, or all of them after a number of updates. With
`restart_every` = 4 and a start from data this is the schedule that the public script of Carbone et
al. (2023) calls CD; with a start from the model it is their unweighted run.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.methods.cd import draw_data
from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.smc.population import move, plain_start
from ebm_engine.core.types import Batch, Energy, Kernel, Parameters, Populations


class PCD(NamedTuple):
    """Persistent chains started from data or, when `from_model` is set, from that energy (θ₀)."""

    kernel: Kernel
    count: int
    from_model: Energy | None
    restart: float = 0.0
    restart_every: int = 0

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers at the start, without weights."""
        return Populations(plain_start(energy, self._origin(data, self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """Data against the walkers, all of equal weight."""
        return contrast(walkers.train, energy, batch)

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """One step for all, then the restarts."""
        moved = move(walkers.train, energy, self.kernel, rngs["noise"])
        if self.restart_every and step % self.restart_every == 0:
            chosen = torch.ones(self.count, dtype=torch.bool, device=data.device)
        elif self.restart > 0:
            draws = torch.rand(self.count, generator=rngs["restart"], device=data.device)
            chosen = draws < self.restart
        else:
            return Populations(moved)
        x = moved.x.clone()
        x[chosen] = self._origin(data, int(chosen.sum()), rngs["restart"])
        parents = torch.arange(self.count, device=data.device).masked_fill(chosen, -1)
        return Populations(moved._replace(x=x, at=energy.evaluate(x), parents=parents))

    def _origin(self, data: Tensor, count: int, rng: Generator) -> Tensor:
        if self.from_model is None:
            return draw_data(data, count, rng)
        return self.from_model.sample(count, rng)
