"""Exact gradient: no estimate at all, for targets and models known in closed form or on a grid.

∂H/∂θ = E_data[∂U/∂θ] − E_p[∂U/∂θ] is supplied by the caller for the whole target density; it is
the curve that every estimate is compared with (Carbone et al. 2023, arXiv 2305.19414, do so for
Gaussian mixtures). Walkers are only shown: they follow the model by plain kernel steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.smc.population import move, plain_start
from ebm_engine.core.types import Batch, Energy, Kernel, Parameters, Populations


class Exact(NamedTuple):
    """Descent along `exact_gradient(energy)`; `count` walkers from `base` are shown."""

    kernel: Kernel
    count: int
    base: Energy
    exact_gradient: Callable[[Energy], Parameters]

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on draws from the base."""
        return Populations(plain_start(energy, self.base.sample(self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """The exact ∂H/∂θ, whatever the batch and the walkers are."""
        return self.exact_gradient(energy)

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """One kernel step of the walkers that are shown."""
        return Populations(move(walkers.train, energy, self.kernel, rngs["walkers"]))
