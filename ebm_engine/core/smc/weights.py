"""Log-weights: normalisation, log-mean-exp, effective sample size.

Weights stay in logs and in float64 until the last line; exp(A) itself overflows early.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def normalised(log_w: Tensor) -> Tensor:
    """Weights pᵢ = exp(Aᵢ) / Σ exp(A), (n,) summing to 1."""
    return torch.softmax(log_w, 0)


def log_mean_exp(log_w: Tensor) -> float:
    """log (1/n) Σ exp(A)."""
    return float(torch.logsumexp(log_w, 0)) - math.log(len(log_w))


def ess_fraction(weights: Tensor) -> float:
    """ESS/N = 1 / (N Σ pᵢ²) of normalised weights (n,), between 1/N and 1 (Carbone et al. 2023)."""
    return 1 / (len(weights) * float(torch.dot(weights, weights)))


def weighted_mean(values: Tensor, weights: Tensor, ancestors: Tensor) -> tuple[Tensor, Tensor]:
    """Σ pᵢvᵢ (J,) of values (n, J), and its standard error by the delta method.

    The error is √Σ F² over the families F = Σ pᵢ(vᵢ − mean) of walkers with one first ancestor
    (n,), which are not independent (Chan and Lai 2013); without resampling √Σ pᵢ²(vᵢ − mean)².
    """
    mean = weights @ values
    parts = weights[:, None] * (values - mean)
    families = torch.zeros_like(parts).index_add_(0, ancestors, parts)
    return mean, families.square().sum(0).sqrt()


def ess_ceiling(step_size: float, dim: int) -> float:
    """The ESS/N at which frozen parameters settle on modes of unit width.

    [(1 − h)(1 + h/2)/(1 − h/2)]^{d/2}, exact for one Gaussian mode; 0 from h = 1 on, where the
    variance of the weights is infinite. For small h it is exp(−h²d/4).
    """
    h = step_size
    if h >= 1:
        return 0.0
    return ((1 - h) * (1 + h / 2) / (1 - h / 2)) ** (dim / 2)
