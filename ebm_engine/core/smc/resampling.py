"""Resampling: indices of the walkers that live on, with E[copies of i] = N pᵢ for every scheme.

Multinomial draws N times; residual keeps ⌊N pᵢ⌋ copies and draws the rest; stratified and
systematic invert the cumulated weights at (i + uᵢ)/N, with one u each or one u for all (Douc,
Cappé and Moulines 2005). Systematic copies are ⌊N pᵢ⌋ or ⌈N pᵢ⌉.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor


def multinomial(weights: Tensor, rng: Generator) -> Tensor:
    """N independent draws; weights (n,) float64 summing to 1, result (n,) indices."""
    return _invert(weights, _uniform(len(weights), weights, rng))


def residual(weights: Tensor, rng: Generator) -> Tensor:
    """⌊N pᵢ⌋ certain copies, the rest drawn from what remains."""
    n = len(weights)
    expected = n * weights
    certain = expected.floor()
    kept = torch.repeat_interleave(torch.arange(n, device=weights.device), certain.long())
    missing = n - len(kept)
    if missing == 0:
        return kept
    rest = (expected - certain).clamp_min(0)
    drawn = _invert(rest / rest.sum(), _uniform(missing, weights, rng))
    return torch.cat([kept, drawn])


def stratified(weights: Tensor, rng: Generator) -> Tensor:
    """One draw in each of N equal slices of the cumulated weights."""
    n = len(weights)
    slices = torch.arange(n, dtype=weights.dtype, device=weights.device)
    return _invert(weights, (slices + _uniform(n, weights, rng)) / n)


def systematic(weights: Tensor, rng: Generator) -> Tensor:
    """Like stratified, with the same u in every slice."""
    n = len(weights)
    slices = torch.arange(n, dtype=weights.dtype, device=weights.device)
    return _invert(weights, (slices + _uniform(1, weights, rng)) / n)


SCHEMES: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "multinomial": multinomial,
    "residual": residual,
    "stratified": stratified,
    "systematic": systematic,
}


def _uniform(count: int, like: Tensor, rng: Generator) -> Tensor:
    return torch.rand(count, generator=rng, device=like.device, dtype=like.dtype)


def _invert(weights: Tensor, points: Tensor) -> Tensor:
    cumulated = torch.cumsum(weights, 0)
    # Rounding may leave the last sum below 1; a point beyond it belongs to the last walker alive.
    last = int(weights.nonzero()[-1])
    return torch.searchsorted(cumulated, points, right=True).clamp_max(last)
