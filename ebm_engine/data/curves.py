"""Densities around curves: a point c(u), u uniform on [0, 1], plus Gaussian noise.

p(x) = Σₖ pₖ ∫₀¹ N(x; cₖ(u), s² I) du

with strands cₖ: [0, 1] → ℝ², shares pₖ and noise s. The integral is a Gauss-Legendre sum over
panels of equal length along the strand, so the ends, where the curve stops, cost no accuracy: to
rounding it is a Gaussian mixture of many nodes. The two moons and the Swiss roll are the shapes of
scikit-learn (make_moons; make_swiss_roll seen along its height), centred and scaled to about ±4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.fixed import NormalMixture
from ebm_engine.core.rng import gaussian
from ebm_engine.data.cells import (
    Box,
    box_around,
    cells,
    log_mixture,
    region_masses,
    require,
)
from ebm_engine.data.densities import TAIL, mode_counts

Path = Callable[[Tensor], Tensor]

PANEL = 10.0  # length of a panel in units of the noise
ORDER = 20  # nodes per panel: two per s, log p within 10⁻⁶ as far as 30 nats below its peak
ANCHORS = 128  # per strand
MOONS_SCALE = 2.5
SPIRAL_START, SPIRAL_END = 0.5, 4.0  # radii
QUARTERS = 4
NOISE = (0.05, 1.0)


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """Noise of standard deviation `width` around strands; see Density.

    paths: cₖ, functions of u (n,) that give (n, 2); shares: (K,); nodes: (M, 2) with log_weights
    (M,), the mixture that stands for the integral.
    """

    paths: tuple[Path, ...]
    shares: Tensor
    nodes: Tensor
    log_weights: Tensor
    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = True

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2); each strand gets its exact share."""
        u = torch.rand(count, generator=rng, device=like.device).to(like.dtype)
        parts = u.split(mode_counts(self.shares, count).tolist())
        clean = torch.cat([path(part) for path, part in zip(self.paths, parts, strict=True)])
        noisy = clean + self.width * gaussian(clean, rng)
        return noisy[torch.randperm(count, generator=rng, device=like.device)]

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats (n,) at x (n, 2)."""
        stds = torch.full_like(self.log_weights, self.width)
        return log_mixture(x, self.nodes, self.log_weights, stds)

    def energy(self) -> NormalMixture:
        """A mode at each node."""
        return NormalMixture(self.nodes, self.log_weights, torch.full_like(self.nodes, self.width))

    def grid(self) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and masses (m,) of the cells along the strands."""
        return cells(self.log_density, self.box, self.width)


def moons(mass: float, noise: float) -> Curve:
    """Two interleaved half circles; `mass` is the share of the upper one, mode 0.

    Raises ValueError for a mass outside [0.01, 0.99] or noise outside [0.05, 1].
    """
    require("The share of the upper moon", mass, 0.01, 0.99)
    shares = torch.tensor([mass, 1 - mass], dtype=torch.float64)
    return _curve((_upper_moon, _lower_moon), shares, noise, modes_per_strand=1)


def spirals(arms: int, turns: float, noise: float) -> Curve:
    """`arms` Archimedean spirals of `turns` turns from radius 0.5 to 4; mode k is arm k.

    u is the share of the disc's area within the radius, so the points cover it evenly. Raises
    ValueError for arms outside 1…8, turns outside [0.1, 4] or noise outside [0.05, 1].
    """
    require("The number of spiral arms", arms, 1, 8)
    require("The number of turns", turns, 0.1, 4)
    paths = tuple(partial(_arm, start=2 * math.pi * k / arms, turns=turns) for k in range(arms))
    shares = torch.full((arms,), 1 / arms, dtype=torch.float64)
    return _curve(paths, shares, noise, modes_per_strand=1)


def swiss_roll(noise: float) -> Curve:
    """One spiral of one and a half turns; its modes are the four quarters of u, inside first.

    Raises ValueError for noise outside [0.05, 1].
    """
    return _curve((_roll,), torch.ones(1, dtype=torch.float64), noise, modes_per_strand=QUARTERS)


def _upper_moon(u: Tensor) -> Tensor:
    angle = math.pi * u
    return MOONS_SCALE * torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1)


def _lower_moon(u: Tensor) -> Tensor:
    angle = math.pi * u
    return MOONS_SCALE * torch.stack([0.5 - angle.cos(), 0.25 - angle.sin()], 1)


def _arm(u: Tensor, start: float, turns: float) -> Tensor:
    radius = torch.sqrt(SPIRAL_START**2 + u * (SPIRAL_END**2 - SPIRAL_START**2))
    grown = (radius - SPIRAL_START) / (SPIRAL_END - SPIRAL_START)
    angle = start + 2 * math.pi * turns * grown
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)


def _roll(u: Tensor) -> Tensor:
    angle = 1.5 * math.pi * (1 + 2 * u)
    # The roll spans about (−3π, 4π) × (−3.5π, 4.5π): half a unit of π brings it to the centre.
    return angle[:, None] / math.pi * torch.stack([angle.cos(), angle.sin()], 1) - 0.5


def _curve(paths: tuple[Path, ...], shares: Tensor, noise: float, modes_per_strand: int) -> Curve:
    """The density around `paths`, each cut into `modes_per_strand` modes of equal share."""
    require("The noise of the curve", noise, *NOISE)
    made = [_nodes(path, noise) for path in paths]
    nodes = torch.cat([points for points, _ in made])
    weights = torch.cat([share * w for share, (_, w) in zip(shares, made, strict=True)])
    anchors = torch.cat([path(_midpoints(ANCHORS)) for path in paths])
    labels = torch.arange(len(paths) * modes_per_strand)
    labels = labels.repeat_interleave(ANCHORS // modes_per_strand)
    box, stds = box_around(nodes, TAIL * noise), torch.full_like(weights, noise)
    density = partial(log_mixture, means=nodes, log_weights=weights.log(), stds=stds)
    return Curve(
        paths=paths,
        shares=shares,
        nodes=nodes,
        log_weights=weights.log(),
        box=box,
        width=noise,
        anchors=anchors,
        labels=labels,
        centres=torch.cat([path(_midpoints(modes_per_strand)) for path in paths]),
        masses=region_masses(density, box, noise, anchors, labels),
    )


def _midpoints(count: int) -> Tensor:
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _nodes(path: Path, noise: float) -> tuple[Tensor, Tensor]:
    """Nodes (M, 2) and weights (M,), which sum to 1, of ∫₀¹ f(c(u)) du for f of scale `noise`."""
    u = torch.linspace(0, 1, 4001, dtype=torch.float64)
    steps = path(u).diff(dim=0).norm(dim=1)
    length = np.concatenate([[0.0], steps.cumsum(0).numpy()])
    panels = math.ceil(length[-1] / (PANEL * noise))
    edges = np.interp(np.linspace(0, length[-1], panels + 1), length, u.numpy())
    roots, weights = np.polynomial.legendre.leggauss(ORDER)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    places = (middle[:, None] + half[:, None] * roots).reshape(-1)
    shares = (half[:, None] * weights).reshape(-1)
    return path(torch.from_numpy(places)), torch.from_numpy(shares)
