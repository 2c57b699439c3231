"""Annealed importance sampling from one energy to another (Neal 2001), with ULA weights.

Walkers start exactly at the first energy and follow a straight path of parameters; the increment
is the same exact ratio as in training, so log Ẑ of the last energy is unbiased in Z. Used to
refresh walkers whose own feedback on θ has biased them.
"""

from __future__ import annotations

from torch import Generator

from ebm_engine.core.population import resample_below, weighted_move, weighted_start
from ebm_engine.core.types import Energy, Kernel, Walkers


def anneal(
    start: Energy,
    goal: Energy,
    count: int,
    steps: int,
    kernel: Kernel,
    threshold: float,
    scheme: str,
    rng: Generator,
) -> Walkers:
    """`count` weighted walkers for `goal`, `steps` equal steps away from exact draws of `start`."""
    walkers = weighted_start(start, count, rng)
    for k in range(1, steps + 1):
        walkers = weighted_move(walkers, start.toward(goal, k / steps), kernel, rng)
        walkers = resample_below(walkers, threshold, scheme, rng)
    return walkers
