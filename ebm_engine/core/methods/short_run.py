"""Short-run training: every chain starts from the same simple law at every update.

x₀ ~ p₀, K kernel steps at θₖ, and the end points stand for the model (Nijkamp et al. 2019, arXiv
1904.09770). With few steps the chains do not reach p: what is learned is a sampler of K steps from
p₀, not a density.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.methods.cd import run_chains
from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.smc.population import plain_start
from ebm_engine.core.types import Batch, Energy, Kernel, Parameters, Populations


class ShortRun(NamedTuple):
    """`count` chains of `steps` kernel steps from exact draws of `base`, new at each update."""

    kernel: Kernel
    count: int
    base: Energy
    steps: int

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on draws from the base."""
        return Populations(plain_start(energy, self.base.sample(self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """Fresh draws from the base after K steps at the present θ."""
        x = self.base.sample(self.count, rngs["restart"])
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
