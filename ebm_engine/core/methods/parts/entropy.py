"""Entropy from nearest neighbours.

Kozachenko and Leonenko (1987), for n points in ℝᵈ and ρᵢ the distance to the nearest other point:
Ĥ = (d/n) Σᵢ log ρᵢ + log(n − 1) + log V_d + γ,  V_d = π^{d/2}/Γ(d/2 + 1),  γ = 0.5772… (Euler).
Du et al. (2021, arXiv 2012.01316) use mean log ρ to past samples alone: a direction that keeps
samples apart, not an entropy. ∂ log|x − b|/∂x = (x − b)/|x − b|². Distances (n,) in units of x,
entropies in nats.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

FLOOR = 1e-6  # distances count as no smaller: log ρ stays finite and its gradient below 1/FLOOR
EULER = 0.5772156649015329


def nearest_distances(
    x: Tensor, others: Tensor, *, exclude_self: bool = False
) -> tuple[Tensor, Tensor]:
    """Distance (n,) of each x (n, d) to the nearest of `others` (m, d), and its index (n,).

    With `exclude_self` row i of `others` is xᵢ itself and does not count.
    """
    distances = _distances(x, others)
    if exclude_self:
        distances.fill_diagonal_(math.inf)
    nearest, index = distances.min(1)
    return nearest, index


def log_nearest(x: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """log ρᵢ (n,) to a fixed reference (m, d), and ∂ log ρᵢ/∂xᵢ (n, d).

    A reference at distance 0 is the sample's own copy and does not count; when there is no other,
    ρ is FLOOR and the gradient 0.
    """
    index = _nearest_other(x, reference)
    return _log_distance(x, reference[index])


def log_spacing(x: Tensor) -> tuple[Tensor, Tensor]:
    """log ρᵢ (n,) within x (n, d) itself, and ∂(Σⱼ log ρⱼ)/∂xᵢ (n, d).

    Moving a point changes its own distance and that of every point whose neighbour it is.
    """
    index = _nearest_other(x, x)
    values, pull = _log_distance(x, x[index])
    return values, pull.index_add(0, index, pull, alpha=-1)


def kozachenko_leonenko(x: Tensor) -> float:
    """Ĥ in nats of x (n, d), with all constants. Raises ValueError below 2 points."""
    n, d = x.shape
    if n < 2:
        raise ValueError(f"an entropy from nearest neighbours needs 2 points, there are {n}")
    distances, _ = nearest_distances(x.double(), x.double(), exclude_self=True)
    spacing = float(distances.clamp_min(FLOOR).log().mean())
    log_ball = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1)
    return d * spacing + math.log(n - 1) + log_ball + EULER


def _distances(x: Tensor, others: Tensor) -> Tensor:
    """|xᵢ − bⱼ| (n, m), exactly 0 for equal points, which matrix products would not give."""
    return torch.cdist(x, others, compute_mode="donot_use_mm_for_euclid_dist")


def _nearest_other(x: Tensor, others: Tensor) -> Tensor:
    distances = _distances(x, others)
    return distances.masked_fill_(distances == 0, math.inf).argmin(1)


def _log_distance(x: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    away = x - neighbours
    distance = torch.linalg.vector_norm(away, dim=1).clamp_min(FLOOR)
    return distance.log(), away / distance.square()[:, None]
