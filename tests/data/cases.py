"""The known densities that the tests share, and sums over a plane of their own."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from ebm_engine.data.curves import moons, spirals, swiss_roll
from ebm_engine.data.densities import Density, grid, mixture, ring
from ebm_engine.data.shapes import checkerboard, pinwheel

F64 = torch.float64
HALF = 7.0  # the plane is [−7, 7]²
MAKERS = {
    "mixture": lambda: mixture(
        torch.tensor([[-2.0, 0.5], [2.0, -1.0], [0.0, 2.0]]),
        torch.tensor([0.25, 0.5, 0.25]),
        torch.tensor([0.5, 0.75, 0.3]),
    ),
    "ring": lambda: ring(8, 3.0, 0.3, 3.0),
    "grid": lambda: grid(5, 2.0, 0.2),
    "moons": lambda: moons(0.3, 0.2),
    "spirals": lambda: spirals(3, 1.0, 0.2),
    "swiss_roll": lambda: swiss_roll(0.2),
    "pinwheel": lambda: pinwheel(5, 0.5, 0.15, 0.25),
    "checkerboard": checkerboard,
}


class Plane(NamedTuple):
    """Midpoints (m, 2) of square cells on [−7, 7]², and the density's mass in each (m,)."""

    points: Tensor
    weights: Tensor


@cache
def density(name: str) -> Density:
    return MAKERS[name]()


@cache
def plane(name: str) -> Plane:
    """Cells of a third of the width or less; 0.1 for the board, whose edges they then meet."""
    cells = {"checkerboard": 140, "pinwheel": 420}.get(name, 280)
    side = 2 * HALF / cells
    line = torch.linspace(-HALF + side / 2, HALF - side / 2, cells, dtype=F64)
    points = torch.cartesian_prod(line, line)
    return Plane(points, torch.exp(density(name).log_density(points)) * side**2)


@cache
def drawn(name: str) -> Tensor:
    """20 000 points in float64, seed 1."""
    like = torch.zeros(1, dtype=F64)
    return density(name).sample(20_000, torch.Generator().manual_seed(1), like)
