"""CD-k: contrastive divergence (Hinton 2002).

At each update every walker starts at a data point and makes k ULA steps with θₖ; the end points
stand for the model. For k = 1 and small h the direction is score matching (Hyvärinen 2005), which
is blind to the relative masses of separated modes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.population import move, plain_start
from ebm_engine.core.types import Energy, Kernel, Populations

FILMED = 12  # chains whose way within an update is kept for the trails


class CD(NamedTuple):
    """Contrastive divergence with `count` walkers and `steps` Langevin steps from the data."""

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
        chains = plain_start(energy, draw_data(data, self.count, rngs["restart"]))
        path = [chains.x[:FILMED]]
        for _ in range(self.steps):
            chains = move(chains, energy, self.kernel, rngs["noise"])
            path.append(chains.x[:FILMED])
        restarted = torch.full((self.count,), -1, device=data.device)
        return Populations(chains._replace(parents=restarted, path=torch.stack(path)))

    def after_update(
        self,
        walkers: Populations,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """The same end points, seen with the new parameters."""
        return Populations(walkers.train._replace(at=energy.evaluate(walkers.train.x)))


def draw_data(data: Tensor, count: int, rng: Generator) -> Tensor:
    """`count` data points (count, d): whole passes through the data in random order."""
    n = len(data)
    rounds = max(1, -(-count // n))  # a restart may fall on no walker at all
    order = [torch.randperm(n, generator=rng, device=data.device) for _ in range(rounds)]
    return data[torch.cat(order)[:count]]
