"""A probe around the kernel: what the first move of an update was made of.

It passes every move on unchanged and keeps the first one. A Langevin proposal is
y = x − h∇U(x) + √(2hT) ξ with ξ ~ N(0, I): the probe draws ξ again from a copy of the generator
as it was, by the kernel's own function, so that the numbers are those of the move itself.
x, y, ξ (n, d), h step size, T temperature. (MALA: Roberts and Tweedie 1996.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.kernels.adaptation import AdaptiveKernel
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.metropolis import reweighted
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Energy, Walkers


class Langevin(NamedTuple):
    """A Langevin proposal x + drift + noise, each (m, d)."""

    drift: Tensor
    noise: Tensor
    proposal: Tensor


class FirstMove(NamedTuple):
    """The first move of an update from x to y, (m, d); langevin: None for kernels with momentum."""

    x: Tensor
    y: Tensor
    langevin: Langevin | None


@dataclass
class Probe:
    """A kernel that passes every move on to `kernel` and remembers the first one."""

    kernel: AdaptiveKernel
    first: FirstMove | None = None

    @property
    def target_acceptance(self) -> float:
        """That of the kernel."""
        return self.kernel.target_acceptance

    @property
    def step_size(self) -> float:
        """That of the kernel."""
        return self.kernel.step_size

    def move(
        self, walkers: Walkers, energy: Energy, rng: Generator, previous: Energy | None = None
    ) -> tuple[Walkers, Tensor]:
        """The kernel's own move; the generator is left as the kernel leaves it."""
        replay = rng.clone_state() if self.first is None else None
        moved = self.kernel.move(walkers, energy, rng, previous)
        if replay is not None:
            start, kernel = _proposed_from(self.kernel, walkers, energy, previous)
            langevin = None if kernel is None else _langevin(kernel, start, replay)
            self.first = FirstMove(walkers.x, moved[0].x, langevin)
        return moved


def _proposed_from(
    kernel: AdaptiveKernel, walkers: Walkers, energy: Energy, previous: Energy | None
) -> tuple[Walkers, ULA | None]:
    """The walkers with the gradient that the proposal uses, and the Langevin step it takes."""
    match kernel:
        case ULA():
            return walkers, kernel.scaled(walkers.step_scale)
        case MALA():
            start, _ = reweighted(walkers, energy, previous)
            return start, ULA(kernel.step_size * walkers.step_scale)
        case _:
            return walkers, None


def _langevin(kernel: ULA, start: Walkers, rng: Generator) -> Langevin:
    """The proposal once more, from the generator as it was, and its two parts."""
    h, scale = kernel.step_size, math.sqrt(2 * kernel.step_size * kernel.temperature)
    noise = scale * gaussian(start.x, rng.clone_state())
    return Langevin(-h * start.at.gradient, noise, kernel.propose(start.x, start.at, rng))
