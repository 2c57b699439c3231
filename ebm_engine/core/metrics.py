"""Metrics: what one parameter update used, and the numbers that are read from it.

With p the walkers' normalised weights, x*ⱼ the m training points of the update and xᵢ the walkers,

    contrast  (1/m) Σⱼ U(x*ⱼ) − Σᵢ pᵢ U(xᵢ),

whose derivative in θ is the gradient of contrastive divergence (Hinton 2002) and, with Jarzynski
weights, that of the cross-entropy (Carbone et al. 2023, arXiv 2305.19414). What a method adds to
that derivative is a regulariser: the KL term of Du et al. (2021, arXiv 2012.01316).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ebm_engine.core.types import Energy, Parameters


class Metrics(NamedTuple):
    """What one update used, all at θₖ; the numbers that judge it are computed when asked for.

    gradient: the method's estimate of ∂H/∂θ by parameter, before masking and without the extras;
    previous: the energy at θₖ; weights: (n,) of the walkers; data_energy and walker_energy: U at
    the training points of the update (m,) and at the walkers (n,), whose places are `points` (m, d)
    and `walkers` (n, d).
    """

    gradient: Parameters
    previous: Energy
    weights: Tensor
    data_energy: Tensor
    walker_energy: Tensor
    points: Tensor
    walkers: Tensor

    def contrast(self) -> float:
        """E_data[U] − E_walkers[U] with the method's weights, in nats."""
        return self.mean_data_energy() - self.mean_walker_energy()

    def mean_data_energy(self) -> float:
        """Mean U of the training points, in nats."""
        return float(self.data_energy.double().mean())

    def mean_walker_energy(self) -> float:
        """Mean U of the walkers with the method's weights, in nats."""
        return float(torch.dot(self.weights.double(), self.walker_energy.double()))

    def contrast_gradient(self) -> Parameters:
        """E_data[∂U/∂θ] − E_walkers[∂U/∂θ] by parameter, computed anew.

        What the method's gradient adds to it is a regulariser, such as the KL term of improved CD.
        """
        equal = torch.full_like(self.points[:, 0], 1 / len(self.points))
        positive = _mean_slope(self.previous, self.points, equal)
        negative = _mean_slope(self.previous, self.walkers, self.weights)
        return {name: positive[name] - negative[name] for name in positive}

    def gradient_norm(self) -> float:
        """Euclidean norm of the gradient over all parameters."""
        return norm(self.gradient)

    def largest_energy(self) -> float:
        """Largest |U| of the walkers, in nats."""
        return float(self.walker_energy.abs().max())


def norm(gradient: Parameters) -> float:
    """Euclidean norm over all parameters."""
    return math.sqrt(sum(float(g.square().sum()) for g in gradient.values()))


def _mean_slope(energy: Energy, x: Tensor, weights: Tensor) -> Parameters:
    """Σᵢ wᵢ ∂U/∂θ(xᵢ) with weights (n,) at points (n, d)."""
    return energy.parameter_gradient(x, energy.evaluate(x, gradient=False), weights)
