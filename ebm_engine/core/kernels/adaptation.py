"""A step size that follows the walkers: large where it can be, small where it must be.

After a move step_scale ← step_scale · clip(q^0.3, 0.9, 1.02), where q is 0.25/sd ΔA for kernels
without a Metropolis test and acceptance/target for those with one. The next move uses it, so h is
fixed before its noise is drawn. Since h then depends on the same walkers, E[e^A] = Zₖ/Z₀ holds
only as N → ∞, with a bias of order 1/N as for θ itself. The targets are the acceptance at which
high-dimensional chains are fastest: 0.574 for MALA (Roberts and Rosenthal 1998), and for HMC 0.8,
above its 0.651 (Beskos et al. 2013) as it is usual in practice.
"""

from __future__ import annotations

import math
from typing import Protocol

from torch import Tensor

from ebm_engine.core.types import Kernel, Walkers

SPREAD = 0.25  # wanted standard deviation of ΔA in one update, in nats
POWER = 0.3  # below 1, so that a noisy reading moves the step size a little only
SHRINK, GROW = 0.9, 1.02  # bounds of one change: back at once, forward with patience
SMALLEST, LARGEST = 1e-3, 1e3  # bounds of step_scale


class AdaptiveKernel(Kernel, Protocol):
    """A kernel that says its step size, and which share of accepted proposals it is best at."""

    @property
    def step_size(self) -> float:
        """h, before the factor `step_scale` of the walkers."""
        ...

    @property
    def target_acceptance(self) -> float:
        """The wanted share of accepted proposals, NaN without a Metropolis test."""
        ...


def adapted(walkers: Walkers, increment: Tensor, target_acceptance: float) -> Walkers:
    """The walkers with the step_scale of their next move.

    increment: (n,) what the moves themselves added to the log-weights, read where there is no
    target; target_acceptance: NaN for kernels without a Metropolis test.
    """
    if math.isnan(target_acceptance):
        spread = float(increment.double().std(correction=0))
        factor = _factor(SPREAD / spread if spread != 0 else math.inf)
    else:
        factor = _factor(walkers.acceptance / target_acceptance)
    scale = min(LARGEST, max(SMALLEST, walkers.step_scale * factor))
    return walkers._replace(step_scale=scale)


def _factor(quotient: float) -> float:
    # Weights or positions that are NaN are the plainest sign of a step that is too large.
    if math.isnan(quotient):
        return SHRINK
    return min(GROW, max(SHRINK, quotient**POWER))
