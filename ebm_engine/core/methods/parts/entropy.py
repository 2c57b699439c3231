"""Entropy from nearest neighbours: the part of it that moves with the points.

Kozachenko and Leonenko (1987), for n points in ℝᵈ and ρᵢ the distance to the nearest other point:
Ĥ = (d/n) Σᵢ log ρᵢ + a constant of n and d.
Du et al. (2021, arXiv 2012.01316) use mean log ρ to past samples alone: a direction that keeps
samples apart, not an entropy. ∂ log|x − b|/∂x = (x − b)/|x − b|². Distances (n,) in units of x,
entropies in nats.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

FLOOR = 1e-6  # distances count as no smaller: log ρ stays finite and its gradient below 1/FLOOR


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


def _nearest_other(x: Tensor, others: Tensor) -> Tensor:
    # Exactly 0 for equal points, which matrix products would not give.
    distances = torch.cdist(x, others, compute_mode="donot_use_mm_for_euclid_dist")  # (n, m)
    return distances.masked_fill_(distances == 0, math.inf).argmin(1)


def _log_distance(x: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    away = x - neighbours
    distance = torch.linalg.vector_norm(away, dim=1).clamp_min(FLOOR)
    return distance.log(), away / distance.square()[:, None]
