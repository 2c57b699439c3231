"""The referee of the plane: exact answers for any energy in two dimensions, by quadrature.

Z = Σ exp(−U) · cell on a regular grid over a box that grows until less than 1e-6 of the mass lies
outside; such a sum converges faster than any power for smooth integrands that decay, and the
difference to the grid of every second point bounds its error. Expectations under the target
use the target's own grid, which the target density provides. With a target of unknown density
(own points) KL is replaced by the cross-entropy on the points, log Z + E_data[U].
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.referees.regions import Regions
from ebm_engine.core.types import Energy, Parameters

NEGLIGIBLE_OUTSIDE = 1e-6  # share of the mass that the box may miss
GROWTH = (1.0, 1.5, 2.0, 3.0, 4.5, 7.0)  # factors of the box
FARTHEST = 50.0  # the same, of the look beyond the largest box
COARSE = 48  # points along each axis of the look for mass outside
SPACING = 0.5  # of the narrowest feature's width
FEWEST, MOST = 64, 120  # points along each axis
CHUNK = 20_000

Box = tuple[float, float, float, float]


class Truth(NamedTuple):
    """What is known of the target, all float64 on the CPU.

    points (m, 2) with shares (m,), the quadrature of expectations under the target; log_density at
    the points (m,) and its mean over the training points, both 0 when `known` is False; masses:
    (J,) of the regions; width: the narrowest feature; box: holds the target.
    """

    points: Tensor
    shares: Tensor
    log_density: Tensor
    data_log_density: float
    masses: Tensor
    width: float
    box: Box
    known: bool = True


class GridReferee:
    """Judges any energy on the plane against one target and its training points (n, 2)."""

    def __init__(self, truth: Truth, data: Tensor, regions: Regions) -> None:
        self.truth = truth
        self.data = data
        self.regions = regions
        self.data_log_density = truth.data_log_density
        self._labels: dict[Box, Tensor] = {}

    def judge(self, energy: Energy) -> Verdict:
        """KL(target ‖ model), KL on the data, log Z, total variation and mode masses."""
        truth = self.truth
        grid, cell, outside = self._model_grid(energy)
        u = self._energy(energy, grid)
        log_z = float(torch.logsumexp(-u, 0)) + math.log(cell)
        data_energy = float(self._energy(energy, self.data).mean())
        kl_data = log_z + data_energy + truth.data_log_density
        kl, total_variation = kl_data, math.nan
        if truth.known:
            ratio = truth.log_density + self._energy(energy, truth.points) + log_z
            kl = float((truth.shares * ratio).sum())
            # ½∫|p* − p| = ∫(p* − p)₊, which lives where the target does.
            lacking = (1 - torch.exp(-ratio)).clamp_min(0)
            total_variation = float((truth.shares * lacking).sum())
        weights = torch.exp(-u - log_z) * cell
        masses = self._masses(grid, weights)
        error = abs(self._half_grid(u, cell) - log_z)
        return Verdict(
            kl, 0.0, kl_data, log_z, masses, total_variation, data_energy, outside, error
        )

    def gradient(self, energy: Energy) -> Parameters:
        """Exact ∂H/∂θ of the cross-entropy on the data: E_data[∂U] − Σ_grid p ∂U."""
        grid, _, _ = self._model_grid(energy)
        grid = grid.to(self.data)
        at_grid = energy.evaluate(grid, gradient=False)
        weights = torch.softmax(-at_grid.energy.double(), 0).to(grid.dtype)
        negative = energy.parameter_gradient(grid, at_grid, weights)
        equal = torch.full_like(self.data[:, 0], 1 / len(self.data))
        at_data = energy.evaluate(self.data, gradient=False)
        positive = energy.parameter_gradient(self.data, at_data, equal)
        return {name: positive[name] - negative[name] for name in positive}

    def true_masses(self, energy: Energy) -> Tensor:
        """The true mass (J,) of each region."""
        return self.truth.masses

    def _energy(self, energy: Energy, x: Tensor) -> Tensor:
        """U at points x (n, 2) of any kind, float64 on the CPU."""
        parts = [energy.value(part.to(self.data)) for part in x.split(CHUNK)]
        return torch.cat(parts).double().cpu()

    def _model_grid(self, energy: Energy) -> tuple[Tensor, float, float]:
        """A regular grid (m, 2) that holds the model, the volume of a cell, and what it misses."""
        looks = [self.truth.box, *(_grown(self.truth.box, f) for f in (GROWTH[-1], FARTHEST))]
        places, log_mass = [], []
        for inner, box in zip([None, *looks], looks, strict=False):
            points, cell = _regular(box, COARSE)
            points = points if inner is None else points[~_inside(points, inner)]
            places.append(points)
            log_mass.append(math.log(cell) - self._energy(energy, points))
        seen, shares = torch.cat(places), torch.softmax(torch.cat(log_mass), 0)
        for factor in GROWTH:
            box = _grown(self.truth.box, factor)
            outside = float(shares[~_inside(seen, box)].sum())
            if outside < NEGLIGIBLE_OUTSIDE:
                break
        widest = max(box[1] - box[0], box[3] - box[2])
        count = math.ceil(widest / (SPACING * self.truth.width))
        # An even number, so that every second point is a grid as well.
        count = 2 * (min(MOST, max(FEWEST, count)) // 2)
        grid, cell = _regular(box, count)
        return grid, cell, outside

    def _half_grid(self, u: Tensor, cell: float) -> float:
        """log Z from every second point along each axis."""
        side = math.isqrt(len(u))
        half = u.reshape(side, side)[::2, ::2].reshape(-1)
        return float(torch.logsumexp(-half, 0)) + math.log(4 * cell)

    def _masses(self, grid: Tensor, weights: Tensor) -> Tensor:
        box = (*grid[0].tolist(), *grid[-1].tolist())
        if box not in self._labels:
            self._labels[box] = self.regions.of(grid)
        total = torch.zeros(self.regions.count, dtype=torch.float64)
        return total.index_add(0, self._labels[box], weights)


def _grown(box: Box, factor: float) -> Box:
    """The box about the same centre, `factor` times as large."""
    x_min, x_max, y_min, y_max = box
    cx, cy = (x_min + x_max) / 2, (y_min + y_max) / 2
    dx, dy = factor * (x_max - x_min) / 2, factor * (y_max - y_min) / 2
    return cx - dx, cx + dx, cy - dy, cy + dy


def _regular(box: Box, count: int) -> tuple[Tensor, float]:
    """The centres (m, 2) of count² equal cells of the box, float64, and the volume of a cell.

    Centres, because a border between regions on an axis of symmetry would meet a row of corners.
    """
    x_min, x_max, y_min, y_max = box
    dx, dy = (x_max - x_min) / count, (y_max - y_min) / count
    steps = torch.arange(count, dtype=torch.float64) + 0.5
    mesh = torch.meshgrid(x_min + dx * steps, y_min + dy * steps, indexing="ij")
    return torch.stack([m.reshape(-1) for m in mesh], 1), dx * dy


def _inside(x: Tensor, box: Box) -> Tensor:
    return (x[:, 0] >= box[0]) & (x[:, 0] <= box[1]) & (x[:, 1] >= box[2]) & (x[:, 1] <= box[3])
