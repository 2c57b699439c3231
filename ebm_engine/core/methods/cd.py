"""CD-k: contrastive divergence (Hinton 2002).

At each update every walker starts at a data point and makes k kernel steps with θₖ; the end points
stand for the model. For k = 1, unadjusted Langevin and small h the direction is score matching
(Hyvärinen 2005), which is blind to the relative masses of separated modes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.smc.population import move, plain_start
from ebm_engine.core.types import Batch, Energy, Kernel, Parameters, Populations, Walkers

FILMED = 12  # chains whose way within an update is kept for the trails


class CD(NamedTuple):
    """Contrastive divergence with `count` walkers and `steps` kernel steps from the data."""

    kernel: Kernel
    count: int
    steps: int

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on data points."""
        return Populations(plain_start(energy, draw_data(data, self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """Fresh data points after k steps at the present θ."""
        x = draw_data(data, self.count, rngs["restart"])
        return Populations(run_chains(x, energy, self.kernel, self.steps, rngs["noise"]))

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """Data against the end points of the chains."""
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
        """The same end points, seen with the new parameters."""
        return Populations(walkers.train._replace(at=energy.evaluate(walkers.train.x)))


def run_chains(
    x: Tensor, energy: Energy, kernel: Kernel, steps: int, rng: Generator, kept: int = 0
) -> Walkers:
    """Fresh chains from x (n, d) after `steps` moves at one θ, with the film of the first ones.

    The first `kept` of them also carry the positions before their last move.
    """
    chains = plain_start(energy, x)
    path, before_last = [x[:FILMED]], None
    for _ in range(steps):
        before_last = chains.x[:kept]
        chains = move(chains, energy, kernel, rng)
        path.append(chains.x[:FILMED])
    restarted = torch.full((len(x),), -1, device=x.device)
    chains = chains._replace(parents=restarted, path=torch.stack(path))
    return chains._replace(before_last=before_last) if kept else chains


def draw_data(data: Tensor, count: int, rng: Generator) -> Tensor:
    """`count` data points (count, d): whole passes through the data in random order."""
    n = len(data)
    rounds = max(1, -(-count // n))  # a restart may fall on no walker at all
    order = [torch.randperm(n, generator=rng, device=data.device) for _ in range(rounds)]
    return data[torch.cat(order)[:count]]
