"""The banana: a Gaussian that is bent along a parabola, with everything known in closed form.

x₁ ~ N(0, a²) and x₂ = b(x₁² − a²) + s ξ with ξ ~ N(0, 1). The bend keeps areas, so
p(x) = N(x₁; 0, a²) N(x₂; b(x₁² − a²), s²). Its modes are its two wings, x₁ < 0 and x₁ > 0, of mass
½ each. (Haario, Saksman and Tamminen 1999, Computational Statistics 14.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.fixed import DensityEnergy
from ebm_engine.core.rng import gaussian
from ebm_engine.data.cells import Box, cells, require
from ebm_engine.data.densities import TAIL

LENGTH = 1.5  # a
ANCHORS = 64


@final
@dataclass(frozen=True, eq=False)
class Banana:
    """A bent Gaussian; bend: b, std: s. See Density."""

    bend: float
    std: float
    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = True

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2); each wing gets half of them, the left one the odd point."""
        z = gaussian(like.new_empty(count, 2), rng)
        left = torch.arange(count, device=like.device) % 2 == 0
        x = LENGTH * torch.where(left, -z[:, 0].abs(), z[:, 0].abs())
        points = torch.stack([x, _ridge(x, self.bend) + self.std * z[:, 1]], 1)
        return points[torch.randperm(count, generator=rng, device=like.device)]

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats (n,) at x (n, 2)."""
        return _log_density(x, self.bend, self.std)

    def energy(self) -> DensityEnergy:
        """−log p with its slope by autograd."""
        return DensityEnergy(self.log_density)

    def grid(self) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and masses (m,) of the cells along the ridge."""
        return cells(self.log_density, self.box, self.width)


def banana(bend: float, std: float) -> Banana:
    """The banana with ridge x₂ = bend·(x₁² − a²) and noise `std` across it.

    Raises ValueError for a bend outside [0, 0.3] or a std outside [0.2, 1].
    """
    require("The bend of the banana", bend, 0, 0.3)
    require("The width of the banana", std, 0.2, 1)
    reach = TAIL * LENGTH
    top = float(_ridge(torch.tensor(reach), bend)) + TAIL * std
    box = (-reach, reach, -bend * LENGTH**2 - TAIL * std, top)
    # Two lengths out the ridge rises with the slope 4ab, which thins the band across it.
    width = std / math.hypot(1, 4 * LENGTH * bend)
    line = torch.linspace(-3 * LENGTH, 3 * LENGTH, ANCHORS, dtype=torch.float64)
    anchors, labels = _on_ridge(line, bend), (line > 0).long()
    return Banana(
        bend=bend,
        std=std,
        box=box,
        width=width,
        anchors=anchors,
        labels=labels,
        centres=_on_ridge(torch.tensor([-LENGTH, LENGTH], dtype=torch.float64), bend),
        masses=torch.full((2,), 0.5, dtype=torch.float64),  # one wing is the mirror of the other
    )


def _ridge(x: Tensor, bend: float) -> Tensor:
    """x₂ on the ridge at x₁ (n,)."""
    return bend * (x**2 - LENGTH**2)


def _on_ridge(x: Tensor, bend: float) -> Tensor:
    return torch.stack([x, _ridge(x, bend)], 1)


def _log_density(x: Tensor, bend: float, std: float) -> Tensor:
    """log p (n,) float64 at x (n, 2)."""
    x = x.double().cpu()
    along, across = x[:, 0] / LENGTH, (x[:, 1] - _ridge(x[:, 0], bend)) / std
    return -0.5 * (along**2 + across**2) - math.log(2 * math.pi * LENGTH * std)
