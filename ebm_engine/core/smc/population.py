"""Populations of walkers: start, move, reweight, resample.

The pair (U, ∇U) at (θₖ, Xₖ) is kept from the last update, so a weighted step of ULA costs one
evaluation per walker, at (θₖ₊₁, Xₖ₊₁).
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.adaptation import AdaptiveKernel, adapted
from ebm_engine.core.smc.resampling import SCHEMES
from ebm_engine.core.smc.schedule import Follow, Schedule
from ebm_engine.core.smc.weights import ess_fraction, log_mean_exp, normalised
from ebm_engine.core.types import Energy, Kernel, Potential, Walkers

ONE_MOVE = Schedule()


def weighted_start(energy: Energy, count: int, rng: Generator) -> Walkers:
    """Walkers drawn exactly from the model, A = 0, log Z known."""
    return _start(energy, energy.sample(count, rng), energy.log_z())


def plain_start(energy: Potential, x: Tensor) -> Walkers:
    """Walkers at given positions x (n, d), without weights."""
    return _start(energy, x, math.nan)


def _start(energy: Potential, x: Tensor, log_norm: float) -> Walkers:
    zeros = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    ancestors = torch.arange(len(x), device=x.device)
    return Walkers(x, energy.evaluate(x), zeros, log_norm, ancestors)


def move(
    walkers: Walkers,
    energy: Potential,
    kernel: Kernel,
    rng: Generator,
    *,
    steps: int = 1,
    previous: Potential | None = None,
) -> Walkers:
    """Unweighted steps, the first from θₖ (cached in `walkers`), the rest at θₖ₊₁ (in `energy`).

    `previous` holds θₖ; passing `energy` itself says that θ did not change, which saves the
    Metropolis kernels an evaluation.
    """
    for _ in range(steps):
        walkers, _ = kernel.move(walkers, energy, rng, previous)
        previous = energy
    return walkers._replace(parents=None, resampled=False, path=None)


def weighted_move(
    walkers: Walkers,
    energy: Energy,
    kernel: AdaptiveKernel,
    rng: Generator,
    *,
    schedule: Schedule = ONE_MOVE,
    previous: Energy | None = None,
) -> Walkers:
    """One update from θₖ (cached in `walkers`, held by `previous`) to θₖ₊₁ (in `energy`).

    `previous` is needed by kernels that look at θₖ at new points. A step size that adapts changes
    after the move, for the next one.
    """
    change = Follow(energy, kernel, schedule, previous).change(walkers, rng)
    moved = change.walkers
    if schedule.adapt:
        moved = adapted(moved, change.own, kernel.target_acceptance)
    log_w = walkers.log_w + change.increment
    return moved._replace(log_w=log_w, parents=None, resampled=False, path=None)


def resample_below(walkers: Walkers, threshold: float, scheme: str, rng: Generator) -> Walkers:
    """Resample when ESS/N < threshold; log Z is carried over, every per-walker cache follows."""
    weights = normalised(walkers.log_w)
    share = ess_fraction(weights)
    # A NaN share falls through to the divergence report; resampling it would hide the cause.
    if not share < threshold:
        return walkers._replace(ess=share, ess_before=share)
    index = SCHEMES[scheme](weights, rng)
    return walkers._replace(
        x=walkers.x[index],
        at=walkers.at.take(index),
        log_w=torch.zeros_like(walkers.log_w),
        log_norm=walkers.log_norm + log_mean_exp(walkers.log_w),
        ancestors=walkers.ancestors[index],
        momentum=None if walkers.momentum is None else walkers.momentum[index],
        parents=index,
        ess=1.0,
        ess_before=share,
        resampled=True,
    )


def log_z_estimate(walkers: Walkers) -> tuple[float, float]:
    """log Ẑ in nats and its standard error by the delta method; NaN without weights.

    The error is √(Σ P² − 1/N) over the weight P of each first ancestor's descendants: walkers of
    one ancestor are not independent (Chan and Lai 2013; Lee and Whiteley 2018; a little too large
    for multinomial resampling). Without resampling it is √(CV²/N). It is the spread for a
    parameter path that does not depend on these walkers.
    """
    if math.isnan(walkers.log_norm):
        return math.nan, math.nan
    weights = normalised(walkers.log_w)
    families = torch.zeros_like(weights).index_add_(0, walkers.ancestors, weights)
    variance = float(families.square().sum()) - 1 / len(weights)
    return walkers.log_norm + log_mean_exp(walkers.log_w), math.sqrt(max(0.0, variance))
