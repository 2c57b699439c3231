"""Weighted ULA: sequential Monte-Carlo training with the Jarzynski correction.

Carbone et al. 2023 (arXiv 2305.19414), Algorithm 1. X₀ is drawn exactly from the model, A₀ = 0; at
each update the gradient uses the weights p = softmax(A), θ changes, the walkers move with the OLD
θ, A grows by αₖ(Xₖ, Xₖ₊₁) − αₖ₊₁(Xₖ₊₁, Xₖ), and last comes resampling when ESS/N < threshold.

Because θ depends on the same walkers, their log Ẑ drifts low by about γ tr Cov(∂U/∂θ)/N_eff per
update. Two remedies: witnesses, a second population on the same path of θ that never enters a
gradient (its Ẑ is unbiased), and a refresh, a new population annealed from θ₀ to the present θ.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.ais import anneal
from ebm_engine.core.population import resample_below, weighted_move, weighted_start
from ebm_engine.core.types import Energy, Kernel, Populations, Walkers


class WeightedULA(NamedTuple):
    """Weighted walkers; `base` is the energy at θ₀, from which they start and are refreshed."""

    kernel: Kernel
    count: int
    base: Energy
    threshold: float = 0.5
    scheme: str = "systematic"
    correction: bool = True
    witnesses: int = 0
    refresh_every: int = 0
    refresh_steps: int = 300

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Exact draws from the model, all of weight 1."""
        train = weighted_start(energy, self.count, rngs["walkers"])
        if not self.witnesses:
            return Populations(train)
        return Populations(train, weighted_start(energy, self.witnesses, rngs["witness"]))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def after_update(
        self,
        walkers: Populations,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """Move, reweight, resample; both populations follow the same parameters."""
        if self.refresh_every and step % self.refresh_every == 0:
            train = self._refresh(energy, self.count, rngs["refresh"])
        else:
            train = self._follow(walkers.train, energy, rngs["noise"], rngs["resampling"])
        if walkers.witness is None:
            return Populations(train)
        rng = rngs["witness"]
        return Populations(train, self._follow(walkers.witness, energy, rng, rng))

    def _follow(
        self, walkers: Walkers, energy: Energy, noise: Generator, resampling: Generator
    ) -> Walkers:
        moved = weighted_move(walkers, energy, self.kernel, noise, correction=self.correction)
        return resample_below(moved, self.threshold, self.scheme, resampling)

    def _refresh(self, energy: Energy, count: int, rng: Generator) -> Walkers:
        fresh = anneal(
            self.base,
            energy,
            count,
            self.refresh_steps,
            self.kernel,
            self.threshold,
            self.scheme,
            rng,
        )
        restarted = torch.full((count,), -1, device=fresh.x.device)
        return fresh._replace(parents=restarted, resampled=False)
