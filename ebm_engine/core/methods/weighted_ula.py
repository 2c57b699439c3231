"""Weighted ULA: sequential Monte-Carlo training with the Jarzynski correction.

Carbone et al. 2023 (arXiv 2305.19414), Algorithm 1. X₀ is drawn exactly from the model, A₀ = 0; at
each update the gradient uses the weights p = softmax(A), θ changes, the walkers move with the OLD
θ, A grows by αₖ(Xₖ, Xₖ₊₁) − αₖ₊₁(Xₖ₊₁, Xₖ), and last comes resampling when ESS/N < threshold.

Because θ depends on the same walkers, their log Ẑ drifts low by about γ tr Cov(∂U/∂θ)/N_eff per
update. Two remedies: witnesses, a second population on the same path of θ that never enters a
gradient (its Ẑ is unbiased), and a refresh, a new population annealed from θ₀ to the present θ.

The kernel need not be ULA: each brings its own exact increment. Where θ₀ cannot be sampled exactly
the walkers start with the weights of a tempered path.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.adaptation import AdaptiveKernel
from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.smc.ais import anneal, temper
from ebm_engine.core.smc.population import resample_below, weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.types import Batch, Energy, Parameters, Populations, Walkers

TEMPERED_SHARE = 0.99  # of the ESS, kept by each step of a tempered start


class WeightedULA(NamedTuple):
    """Weighted walkers; a refresh anneals them anew from the origin of `base`, the energy at θ₀.

    threshold: ESS/N below which they resample by `scheme`; correction, steps, walker_batch, adapt:
    see Schedule; witnesses: size of the second population; refresh_every: updates between two
    refreshes of refresh_steps steps; 0 means none of either.
    """

    kernel: AdaptiveKernel
    count: int
    base: Energy
    threshold: float = 0.5
    scheme: str = "systematic"
    correction: bool = True
    witnesses: int = 0
    refresh_every: int = 0
    refresh_steps: int = 300
    walker_batch: int = 0
    steps: int = 1
    adapt: bool = False

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Exact draws from the model, all of weight 1, or else the end of a tempered path to it."""
        train = self._first(energy, self.count, rngs["walkers"])
        if not self.witnesses:
            return Populations(train)
        return Populations(train, self._first(energy, self.witnesses, rngs["witness"]))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """Data against the weighted walkers."""
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
        """Move, reweight, resample; both populations follow the same parameters."""
        if self.refresh_every and step % self.refresh_every == 0:
            train = self._refresh(walkers.train, energy, rngs["refresh"])
        else:
            noise, resampling = rngs["noise"], rngs["resampling"]
            train = self._follow(walkers.train, previous, energy, noise, resampling)
        if walkers.witness is None:
            return Populations(train)
        rng = rngs["witness"]
        return Populations(train, self._follow(walkers.witness, previous, energy, rng, rng))

    def _first(self, energy: Energy, count: int, rng: Generator) -> Walkers:
        if energy.exact:
            return weighted_start(energy, count, rng)
        origin = energy.origin()
        walkers = temper(
            origin,
            energy,
            count,
            self.kernel,
            TEMPERED_SHARE,
            self.scheme,
            rng,
            threshold=self.threshold,
        )
        return walkers._replace(parents=None, resampled=False)

    def _follow(
        self,
        walkers: Walkers,
        previous: Energy,
        energy: Energy,
        noise: Generator,
        resampling: Generator,
    ) -> Walkers:
        schedule = Schedule(self.correction, self.steps, self.walker_batch, self.adapt)
        moved = weighted_move(
            walkers, energy, self.kernel, noise, schedule=schedule, previous=previous
        )
        return resample_below(moved, self.threshold, self.scheme, resampling)

    def _refresh(self, old: Walkers, energy: Energy, rng: Generator) -> Walkers:
        """New walkers for the old ones' slots, with the step size that these have come to."""
        fresh = anneal(
            self.base.origin(),
            energy,
            len(old.x),
            self.refresh_steps,
            self.kernel,
            self.threshold,
            self.scheme,
            rng,
            step_scale=old.step_scale,
        )
        restarted = torch.full((len(old.x),), -1, device=old.x.device)
        return fresh._replace(parents=restarted, resampled=False)
