"""What can be said of Markov chains on a fixed energy: mixing, crossings, measured variance.

Autocorrelation of f along the chains, ρ(t) = E[(f₀ − m)(f_t − m)]/Var f, by FFT, with m the mean
over all chains: chains that stay apart keep ρ high, as they should.
Integrated autocorrelation time τ = 1 + 2 Σ_{t=1}^{M} ρ(t), with the smallest window M ≥ 5τ(M);
N correlated draws are worth N/τ independent ones, and Var(τ) ≈ 2(2M + 1)τ²/N. For AR(1) with
coefficient ρ it is (1 + ρ)/(1 − ρ). (Sokal 1997, Monte Carlo Methods in Statistical Mechanics;
Madras and Sokal 1988.)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.rng import gaussian
from ebm_engine.core.stationary import ORDERS, temperature
from ebm_engine.core.types import Evaluation, Walkers

WINDOW = 5.0  # τ's that the window must span
STAY = 10  # steps in a row in another region that make a crossing
FORGOTTEN = 1e-6  # share of the start's variance that may be left when a variance is read
MOST_STEPS = 20_000


class Mean(NamedTuple):
    """A mean over independent chains and its standard error, NaN for a single chain."""

    value: float
    se: float


class IntegratedTime(NamedTuple):
    """τ in steps with its standard error; window: M.

    resolved: whether the window closed within the series. If not, τ is only a lower bound.
    """

    value: float
    se: float
    window: int
    resolved: bool


class Basins(NamedTuple):
    """Which region each of n chains belongs to, and how often it has changed; all (n,) int64.

    home: the region it belongs to; visited: where it was last seen; stayed: for how many steps in
    a row; crossed: number of changes of home.
    """

    home: Tensor
    visited: Tensor
    stayed: Tensor
    crossed: Tensor


def mean_over_chains(values: Tensor) -> Mean:
    """The mean of one number per chain, (n,), as an estimate of its expectation."""
    values = values.double()
    return Mean(float(values.mean()), float(values.std()) / math.sqrt(len(values)))


def autocorrelation(series: Tensor) -> Tensor:
    """ρ(t) for t = 0 … T − 1, (T,) float64, from series (T, n) of n chains.

    NaN where the series does not vary. Raises ValueError for fewer than two steps.
    """
    length = len(series)
    if series.ndim != 2 or length < 2:
        raise ValueError(f"series {tuple(series.shape)} must be (T, n) with T at least 2")
    centred = series.double() - series.double().mean()
    padded = 2 ** math.ceil(math.log2(2 * length))  # else the end would correlate with the start
    power = torch.fft.rfft(centred, padded, dim=0).abs().square().mean(1)
    covariance = torch.fft.irfft(power, padded)[:length]
    covariance = covariance / torch.arange(length, 0, -1, dtype=torch.float64)
    return covariance / covariance[0]


def integrated_time(rho: Tensor, chains: int) -> IntegratedTime:
    """τ from ρ (T,) of `chains` chains, at Sokal's window."""
    partial = 2 * rho.cumsum(0) - 1  # (T,) τ(M) for M = 0 … T − 1
    closed = (torch.arange(len(rho)) >= WINDOW * partial).nonzero()
    resolved = len(closed) > 0
    window = int(closed[0]) if resolved else len(rho) - 1
    # A window that does not close sums ρ over lags of which few pairs are left.
    value = float(partial[window]) if resolved else float(partial.max())
    spread = math.sqrt(2 * (2 * window + 1) / (len(rho) * chains))
    return IntegratedTime(value, abs(value) * spread, window, resolved)


def enter_basins(labels: Tensor) -> Basins:
    """Chains that start in the regions `labels` (n,)."""
    return Basins(labels, labels, torch.ones_like(labels), torch.zeros_like(labels))


def visit(basins: Basins, labels: Tensor, stay: int = STAY) -> Basins:
    """One step later the chains are in the regions `labels` (n,).

    A chain that is in the same other region for `stay` steps in a row has crossed, once; one that
    only trembles on a border has not.
    """
    stayed = torch.where(labels == basins.visited, basins.stayed + 1, 1)
    crossed = (labels != basins.home) & (stayed >= stay)
    home = torch.where(crossed, labels, basins.home)
    return Basins(home, labels, stayed, basins.crossed + crossed)


def chains_at(x: Tensor, at: Evaluation) -> Walkers:
    """Unweighted chains at x (n, d), where the energy is `at`."""
    index = torch.arange(len(x), device=x.device)
    return Walkers(x, at, torch.zeros(len(x), dtype=torch.float64), math.nan, index)


def measured_variance(
    variance: float, step_size: float, noise: float, order: str, count: int, rng: Generator
) -> Mean:
    """E[x²] of `count` independent Langevin chains on N(0, `variance`), once they have settled.

    They start at N(0, variance) and run until 10⁻⁶ of that is left. Raises ValueError from
    step_size = 2 variance on, where they never settle, and for an unknown order.
    """
    a = step_size / variance
    if not 0 < a < 2:
        raise ValueError(f"step size is {step_size}; it must lie between 0 and {2 * variance:g}")
    if order not in ORDERS:
        raise ValueError(f"order must be one of {ORDERS}; it is {order!r}")
    left = max(abs(1 - a), 1e-6)
    steps = min(MOST_STEPS, math.ceil(math.log(FORGOTTEN) / (2 * math.log(left))))
    kernel = ULA(step_size, temperature(step_size, noise))
    x = math.sqrt(variance) * gaussian(torch.empty(count, 1, dtype=torch.float64), rng)
    for _ in range(steps):
        if order == ORDERS[0]:
            x = kernel.propose(x, Evaluation(x[:, 0], x / variance), rng)
        else:
            noisy = x + noise * gaussian(x, rng)
            x = noisy - step_size * noisy / variance
    return mean_over_chains(x.square().sum(1))
