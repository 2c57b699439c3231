"""The fixed energy of a chains study and its starting points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.build.density import density_of
from ebm_engine.core.energies.fixed import DensityEnergy, NormalMixture
from ebm_engine.core.referees.regions import Regions
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Energy
from ebm_engine.data.densities import Density
from ebm_engine.run.run import Run
from ebm_engine.spec.blocks import PointTarget
from ebm_engine.spec.targets import TARGETS, MixtureTarget
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.specs.chains import ChainsSpec

SIDE = 240  # points of the quadrature along each axis; even, so that none is on a middle line
GROWTH = (1.0, 1.5, 2.0, 3.0, 4.5, 7.0)  # factors of the box
NEGLIGIBLE = 1e-6  # share of the mass on the edge of a box that holds all of it
CHUNK = 20_000
TAIL = 5.5  # standard deviations of a Gaussian that the box holds

Box = tuple[float, float, float, float]
AnyEnergy = Energy | NormalMixture | DensityEnergy


class Landscape(NamedTuple):
    """A fixed energy on the plane.

    regions: its modes, around `centres` (J, 2); box: what is shown of it; like: an empty tensor in
    the dtype of the energy; draw(count, rng): exact draws (count, 2) of the target.
    """

    energy: AnyEnergy
    regions: Regions
    centres: Tensor
    box: Box
    like: Tensor
    draw: Callable[[int, Generator], Tensor]

    def grid(self, side: int, factor: float = 1.0) -> Tensor:
        """side² points (m, 2) evenly over the box, `factor` times as large; x₁ the slower one."""
        return torch.cartesian_prod(*(_line(self.box[i : i + 2], side, factor) for i in (0, 2)))

    def values(self, points: Tensor) -> Tensor:
        """U (m,) float64 at points (m, 2)."""
        with torch.no_grad():
            parts = [
                self.energy.evaluate(p, gradient=False) for p in points.to(self.like).split(CHUNK)
            ]
        return torch.cat([part.energy for part in parts]).double()

    def quadrature(self, temperature: float) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and shares (m,) of exp(−U/T), over a box that grows until it holds it.

        Raises TaskError when even the largest one does not.
        """
        for factor in GROWTH:
            points = self.grid(SIDE, factor)
            shares = torch.softmax(-self.values(points) / temperature, 0)
            square = shares.reshape(SIDE, SIDE)
            if float(shares.sum() - square[1:-1, 1:-1].sum()) < NEGLIGIBLE:
                return points, shares
        raise TaskError(
            f"this energy still holds mass {GROWTH[-1]:g} times as far out as its target"
        )


def _line(ends: tuple[float, ...], side: int, factor: float) -> Tensor:
    middle, half = (ends[0] + ends[1]) / 2, factor * (ends[1] - ends[0]) / 2
    return torch.linspace(middle - half, middle + half, side, dtype=torch.float64)


def landscape_of(spec: ChainsSpec) -> Landscape:
    """The energy that a spec names; raises TaskError when there is no model on the plane."""
    if spec.landscape == "gaussian":
        return _gaussian(spec)
    if spec.landscape == "model":
        return _model(spec)
    if spec.landscape == "two-modes":
        means = ((-spec.separation, 0.0), (spec.separation, 0.0))
        density = density_of(MixtureTarget(means=means, masses=(0.25, 0.75)))
    else:
        density = density_of(TARGETS[spec.landscape]())
    return _on_density(density, density.energy(), torch.empty(0, dtype=torch.float64), spec)


def start_of(spec: ChainsSpec, scene: Landscape, rng: Generator) -> Tensor:
    """Where the chains begin, (n, 2)."""
    drawn = scene.draw(spec.chains, rng).to(scene.like)
    match spec.start:
        case "data":
            return drawn
        case "mode":
            return scene.centres[:1].to(scene.like).repeat(spec.chains, 1)
        case "noise":
            return drawn.std() * gaussian(drawn, rng)


def _gaussian(spec: ChainsSpec) -> Landscape:
    stds = torch.tensor([[spec.std_x, spec.std_y]], dtype=torch.float64)
    zero = torch.zeros_like(stds)
    energy = NormalMixture(zero, zero[:, 0], stds)
    regions = Regions(zero, torch.zeros(1, dtype=torch.int64), 1)
    reach = TAIL * math.sqrt(max(1.0, spec.real_temperature))
    box = (-reach * spec.std_x, reach * spec.std_x, -reach * spec.std_y, reach * spec.std_y)

    def draw(count: int, rng: Generator) -> Tensor:
        return stds * gaussian(stds.expand(count, 2), rng)

    return Landscape(energy, regions, zero, box, stds[:0], draw)


def _model(spec: ChainsSpec) -> Landscape:
    """The model of a checkpoint, judged by the modes of the target it was trained on."""
    if not spec.checkpoint:
        raise TaskError("there is no trained model yet: open the explorer, train one and come back")
    run = Run.load(spec.checkpoint, "cpu")  # where this study walks
    target = run.spec.target
    if not isinstance(target, PointTarget):
        raise TaskError("the model was trained on images, and this page needs points on the plane")
    if run.spec.dim != 2:
        raise TaskError(f"the model lives in {run.spec.dim} dimensions, and this page needs 2")
    if run.divergence is not None:
        raise TaskError(f"the model has diverged: {run.divergence.message}")
    like = run.parts.trainer.data[:0]
    return _on_density(density_of(target), run.parts.model, like, spec)


def _on_density(density: Density, energy: AnyEnergy, like: Tensor, spec: ChainsSpec) -> Landscape:
    """An energy seen through the modes and the box of a density."""
    regions = Regions(density.anchors, density.labels, len(density.masses))
    grow = 1.15 * math.sqrt(max(1.0, spec.real_temperature))
    x_min, x_max, y_min, y_max = density.box
    cx, cy = (x_min + x_max) / 2, (y_min + y_max) / 2
    dx, dy = grow * (x_max - x_min) / 2, grow * (y_max - y_min) / 2
    box = (cx - dx, cx + dx, cy - dy, cy + dy)

    def draw(count: int, rng: Generator) -> Tensor:
        return density.sample(count, rng, like)

    return Landscape(energy, regions, density.centres, box, like, draw)
