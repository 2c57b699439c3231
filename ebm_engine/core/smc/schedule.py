"""What weighted walkers do between θₖ and θₖ₊₁: one move, several, or a move of some of them.

One move: the kernel's own increment ΔA. Several moves: ΔA = Uₖ(x) − Uₖ₊₁(x) first, then each move
at the new θ adds its own. Walker batch: a uniformly drawn subset follows either rule, and the
others stay with ΔA = Uₖ(x) − Uₖ₊₁(x), since staying is its own reverse. All three keep
E[φ(X)e^A] = (Zₖ/Z₀) Eₖ[φ]. (Carbone et al. 2023, arXiv 2305.19414.)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.kernels.metropolis import reweighted
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Evaluation, Kernel, Potential, Walkers


class Schedule(NamedTuple):
    """What the walkers do within one update.

    correction: whether the moves' own weights count. Without them the weight is Uₖ(x) − Uₖ₊₁(x),
    the first-order discretisation of dA = −∂U/∂θ·dθ: biased for unadjusted kernels at any finite
    step, kept to show what the correction is worth. steps: moves per update. batch: walkers that
    move; 0, or as many as there are, moves all. adapt: whether the step size follows the walkers.
    """

    correction: bool = True
    steps: int = 1
    batch: int = 0
    adapt: bool = False


class Moved(NamedTuple):
    """Where walkers went: the walkers with log_w as it was, and what it has to grow by.

    increment: ΔA (n,); own: the part of it that the moves made, (m,) for m walkers that moved.
    """

    walkers: Walkers
    increment: Tensor
    own: Tensor


class Follow(NamedTuple):
    """A change of parameters for walkers to follow: θₖ₊₁ in `energy`, θₖ in `previous` if known."""

    energy: Potential
    kernel: Kernel
    schedule: Schedule
    previous: Potential | None = None

    def change(self, walkers: Walkers, rng: Generator) -> Moved:
        """One update of all walkers or of a batch.

        Evaluations per walker: those of the kernel for each move, and one more where the walkers
        are reweighted first, where they stay, and where the correction is left out.
        """
        if 0 < self.schedule.batch < len(walkers.x):
            return self._some(walkers, rng)
        return self._all(walkers, rng)

    def _all(self, walkers: Walkers, rng: Generator) -> Moved:
        gain, previous = torch.zeros_like(walkers.at.energy), self.previous
        if self.schedule.steps > 1:
            walkers, gain = reweighted(walkers, self.energy, previous)
            previous = self.energy
        elif not self.schedule.correction:
            gain = walkers.at.energy - self.energy.evaluate(walkers.x, gradient=False).energy
        own = torch.zeros_like(gain)
        for _ in range(self.schedule.steps):
            walkers, increment = self.kernel.move(walkers, self.energy, rng, previous)
            own = own + increment
        return Moved(walkers, gain + own if self.schedule.correction else gain, own)

    def _some(self, walkers: Walkers, rng: Generator) -> Moved:
        order = torch.randperm(len(walkers.x), generator=rng, device=walkers.x.device)
        goes, stays = order.tensor_split([self.schedule.batch])
        going = self._all(_rows(walkers, goes), rng)
        staying, gain = reweighted(_rows(walkers, stays), self.energy, self.previous)
        if going.walkers.momentum is not None and staying.momentum is None:
            # The first move draws the momentum of every walker; those that stay have one too.
            staying = staying._replace(momentum=gaussian(staying.x, rng))
        slots = order.argsort()
        together = _together(going.walkers, staying, slots)
        return Moved(together, torch.cat([going.increment, gain])[slots], going.own)


def _rows(walkers: Walkers, index: Tensor) -> Walkers:
    """Some of the walkers, as far as a kernel looks at them."""
    momentum = None if walkers.momentum is None else walkers.momentum[index]
    return walkers._replace(x=walkers.x[index], at=walkers.at.take(index), momentum=momentum)


def _together(one: Walkers, other: Walkers, slots: Tensor) -> Walkers:
    """Both groups in one population, walker i at row slots[i] of `one` followed by `other`.

    Layers are dropped: computed again they do not depend on how the walkers were split.
    """

    def joined(a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a, b])[slots]

    def joined_if(a: Tensor | None, b: Tensor | None) -> Tensor | None:
        return None if a is None or b is None else joined(a, b)

    at = Evaluation(
        joined(one.at.energy, other.at.energy),
        joined(one.at.gradient, other.at.gradient),
        joined_if(one.at.responsibilities, other.at.responsibilities),
    )
    momentum = joined_if(one.momentum, other.momentum)
    return one._replace(x=joined(one.x, other.x), at=at, momentum=momentum)
