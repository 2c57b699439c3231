"""Populations of walkers: start, move, reweight, resample.

The pair (U, ∇U) at (θₖ, Xₖ) is kept from the last update, so a weighted step costs one evaluation
per walker, at (θₖ₊₁, Xₖ₊₁).
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ebm_engine.core.resampling import SCHEMES
from ebm_engine.core.types import Energy, Kernel, Walkers
from ebm_engine.core.weights import ess_fraction, log_mean_exp, normalised


def weighted_start(energy: Energy, count: int, rng: Generator) -> Walkers:
    """Walkers drawn exactly from the model, A = 0, log Z known."""
    return _start(energy, energy.sample(count, rng), energy.log_z())


def plain_start(energy: Energy, x: Tensor) -> Walkers:
    """Walkers at given positions x (n, d), without weights."""
    return _start(energy, x, math.nan)


def _start(energy: Energy, x: Tensor, log_norm: float) -> Walkers:
    zeros = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    ancestors = torch.arange(len(x), device=x.device)
    return Walkers(x, energy.evaluate(x), zeros, log_norm, ancestors)


def move(walkers: Walkers, energy: Energy, kernel: Kernel, rng: Generator) -> Walkers:
    """One unweighted step with the cached gradient, then the energy at the new points."""
    y = kernel.propose(walkers.x, walkers.at, rng)
    return walkers._replace(x=y, at=energy.evaluate(y), parents=None, resampled=False, path=None)


def weighted_move(
    walkers: Walkers, energy: Energy, kernel: Kernel, rng: Generator, *, correction: bool = True
) -> Walkers:
    """One step with θₖ (cached in `walkers`) and the increment to θₖ₊₁ (in `energy`).

    Without `correction` the weight is Uₖ(x) − Uₖ₊₁(x), the first-order discretisation of
    dA = −∂U/∂θ·dθ: biased at any finite step, kept to show what the correction is worth.
    """
    moved = move(walkers, energy, kernel, rng)
    if correction:
        increment = kernel.log_ratio(walkers.x, walkers.at, moved.x, moved.at)
    else:
        increment = walkers.at.energy - energy.evaluate(walkers.x).energy
    return moved._replace(log_w=walkers.log_w + increment)


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
