"""A bracket of log Z for an energy without closed form: one annealed path, walked both ways.

Path U_β = start.toward(goal, β) with β = (k/K)², k = 0 … K, and MALA at each U_β. Walkers are
reweighted by exp(U_β − U_β′) first and moved then, so the weights hold no error of the moves:

    forward  x ~ exp(−U₀)/Z₀ exactly:        E[Ẑ] = Z,      so E[log Ẑ] ≤ log Z,
    reverse  x ~ exp(−U₁)/Z approximately:   E[R̂] = Z₀/Z,   so E[log Z₀ − log R̂] ≥ log Z.

The first line holds at every K and N, up to the order 1/N by which a step size that follows the
walkers biases it; the second as far as the start is a draw of the model. Here it is the end of the
forward walk, resampled by its weights and moved on. A mode that the forward walk never found is
missing from both. x (n, d); log-weights A (n,); ESS as in `population`.
(Neal 2001, arXiv physics/9803008; Grosse, Ghahramani and Adams 2015, arXiv 1511.02543.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Generator

from ebm_engine.core.kernels.adaptation import adapted
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.smc.population import (
    log_z_estimate,
    move,
    resample_below,
    weighted_move,
    weighted_start,
)
from ebm_engine.core.smc.resampling import systematic
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.smc.weights import normalised
from ebm_engine.core.types import Energy, Walkers

POWER = 2.0  # of k/K: short steps where the Gaussian begins to break up into modes
THRESHOLD = 0.5  # ESS/N below which walkers resample
ERRORS = 2.0  # standard errors by which the interval is wider than the two values
FOLLOW = Schedule(adapt=True)


class Bracket(NamedTuple):
    """log Z in nats, forward and reverse, each with its standard error by families of walkers."""

    forward: float
    forward_se: float
    reverse: float
    reverse_se: float

    @property
    def low(self) -> float:
        """Lower end of the interval: the smaller of both values less 2 of its s.e."""
        return min(self.forward - ERRORS * self.forward_se, self.reverse - ERRORS * self.reverse_se)

    @property
    def high(self) -> float:
        """Upper end of the interval: the larger of both values plus 2 of its s.e."""
        return max(self.forward + ERRORS * self.forward_se, self.reverse + ERRORS * self.reverse_se)


def climb(
    start: Energy, goal: Energy, count: int, steps: int, kernel: MALA, rng: Generator
) -> Iterator[Walkers]:
    """`count` weighted walkers after each of the `steps` from exact draws of `start` to `goal`.

    Their `log_z_estimate` is the forward value after the last one. Raises ValueError unless `start`
    is exact, for fewer than 2 walkers or less than 1 step.
    """
    _require(count, steps)
    yield from _walk(weighted_start(start, count, rng), start, goal, _shares(steps), kernel, rng)


def settle(
    walkers: Walkers, goal: Energy, steps: int, kernel: MALA, rng: Generator
) -> Iterator[Walkers]:
    """The walkers resampled by their weights, after each of `steps` moves at `goal`.

    They have equal weights and keep their first ancestors: copies of one walker stay one family.
    """
    index = systematic(normalised(walkers.log_w), rng)
    settled = walkers._replace(
        x=walkers.x[index],
        at=walkers.at.take(index),
        log_w=torch.zeros_like(walkers.log_w),
        log_norm=0.0,
        ancestors=walkers.ancestors[index],
    )
    for _ in range(steps):
        moved = move(settled, goal, kernel, rng, previous=goal)
        settled = adapted(moved, moved.log_w, kernel.target_acceptance)
        yield settled


def descend(
    walkers: Walkers, start: Energy, goal: Energy, steps: int, kernel: MALA, rng: Generator
) -> Iterator[Walkers]:
    """Draws of `goal` with equal weights, after each of `steps` back to `start`: log R̂ in the end.

    `walkers.log_norm` must be 0, as `settle` leaves it. Raises ValueError otherwise and for fewer
    than 2 walkers or less than 1 step.
    """
    _require(len(walkers.x), steps)
    if walkers.log_norm != 0:
        raise ValueError(f"a descent starts with log_norm 0; it is {walkers.log_norm:g}")
    yield from _walk(walkers, start, goal, _shares(steps)[::-1], kernel, rng)


def bracket(start: Energy, up: Walkers, down: Walkers) -> Bracket:
    """log Z from the last walkers of `climb` (up) and `descend` (down); `start` holds log Z₀."""
    forward, forward_se = log_z_estimate(up)
    ratio, reverse_se = log_z_estimate(down)
    return Bracket(forward, forward_se, start.log_z() - ratio, reverse_se)


def _walk(
    walkers: Walkers,
    start: Energy,
    goal: Energy,
    shares: list[float],
    kernel: MALA,
    rng: Generator,
) -> Iterator[Walkers]:
    """The walkers after each of `shares` but the first, where they are."""
    previous = start.toward(goal, shares[0])
    for share in shares[1:]:
        energy = start.toward(goal, share)
        walkers = weighted_move(walkers, energy, kernel, rng, schedule=FOLLOW, previous=previous)
        walkers = resample_below(walkers, THRESHOLD, "systematic", rng)
        yield walkers
        previous = energy


def _shares(steps: int) -> list[float]:
    """β from 0 to 1."""
    return [(k / steps) ** POWER for k in range(steps + 1)]


def _require(count: int, steps: int) -> None:
    if count < 2:
        raise ValueError(f"a bracket needs at least 2 walkers; there are {count}")
    if steps < 1:
        raise ValueError(f"a bracket needs at least 1 step; there are {steps}")
