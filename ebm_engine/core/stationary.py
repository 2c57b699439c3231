"""Langevin on a parabola: effective temperature and stationary variance, both in closed form.

Energy U(x) = x²/(2s²), so p = N(0, s²); step size η, noise of standard deviation σ, a = η/s².
T = σ²/(2η): for small η the chain samples exp(−U/T), and σ = √(2η) is needed for T = 1.
Gradient, then noise  x ← x − η∇U(x) + σξ:   variance σ²/(1 − (1 − a)²) = σ²/(a(2 − a)),
which at σ² = 2ηT is T s²/(1 − a/2), too wide.
Noise, then gradient  y = x + σξ, x ← y − η∇U(y):   (1 − a)² times that, too narrow.
From a = 2 on no chain has a stationary law. (Roberts and Tweedie 1996; the second order is the one
of Du and Mordatch 2019, arXiv 1903.08689, and Du et al. 2021, arXiv 2012.01316.)
"""

from __future__ import annotations

import math

ORDERS = ("gradient then noise", "noise then gradient")


def temperature(step_size: float, noise: float) -> float:
    """T = σ²/(2η). Raises ValueError for a step size or noise that is not positive and finite."""
    _require(step_size=step_size, noise=noise)
    return noise**2 / (2 * step_size)


def noise_at(step_size: float, temperature: float) -> float:
    """σ = √(2ηT). Raises ValueError for an argument that is not positive and finite."""
    _require(step_size=step_size, temperature=temperature)
    return math.sqrt(2 * step_size * temperature)


def stationary_variance(
    variance: float, step_size: float, noise: float, order: str = ORDERS[0]
) -> float:
    """The variance that the chain on N(0, `variance`) settles at, infinite from η = 2s² on.

    Raises ValueError for an unknown order or a number that is not positive and finite.
    """
    _require(variance=variance, step_size=step_size, noise=noise)
    if order not in ORDERS:
        raise ValueError(f"order must be one of {ORDERS}; it is {order!r}")
    a = step_size / variance
    if a >= 2:
        return math.inf
    settled = noise**2 / (a * (2 - a))
    return settled if order == ORDERS[0] else (1 - a) ** 2 * settled


def _require(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name.replace('_', ' ')} is {value}; it must be positive and finite")
