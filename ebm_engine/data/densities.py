"""True densities p* of the plane: what the training points are drawn from and judged against.

A Gaussian mixture Σⱼ pⱼ N(aⱼ, sⱼ² I) stands here with its two named cases, the ring and the grid;
curves, shapes and own points have modules of their own. Means a (J, 2), masses p and standard
deviations s (J,). Everything known about a density is float64 on the CPU; only samples take the
dtype and device of the run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Protocol, final

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.fixed import DensityEnergy, NormalMixture
from ebm_engine.core.rng import gaussian
from ebm_engine.data.cells import (
    Box,
    box_around,
    cells,
    log_mixture,
    region_masses,
    require,
)

TAIL = 5.5  # standard deviations: a Gaussian leaves 4·10⁻⁸ outside in one direction
MOST_MODES = 400


class Density(Protocol):
    """A true density on ℝ²; its modes are regions, mode j the points whose nearest anchor has
    label j.
    """

    @property
    def box(self) -> Box:
        """x_min, x_max, y_min, y_max; all but 10⁻⁶ of the mass lies inside."""
        ...

    @property
    def width(self) -> float:
        """The standard deviation of the narrowest feature."""
        ...

    @property
    def anchors(self) -> Tensor:
        """(A, 2) float64."""
        ...

    @property
    def labels(self) -> Tensor:
        """(A,) int64, of the anchors."""
        ...

    @property
    def centres(self) -> Tensor:
        """(J, 2) float64, one point of each mode."""
        ...

    @property
    def masses(self) -> Tensor:
        """(J,) float64, the true mass of each region."""
        ...

    @property
    def known(self) -> bool:
        """Whether log_density and grid are available."""
        ...

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2) in random order, in the dtype and on the device of `like`.

        The modes share a training set in exact proportion, by largest remainder: many small calls
        do not replace a large one. `rng` must live on the device of `like`.
        """
        ...

    def log_density(self, x: Tensor) -> Tensor:
        """log p*(x) in nats, normalised, (n,) float64. Raises ValueError where it is unknown."""
        ...

    def energy(self) -> NormalMixture | DensityEnergy:
        """U = −log p* for chains to walk on, in closed form where p* is a sum of Gaussians.

        Raises ValueError where it has no slope that shows the way.
        """
        ...

    def grid(self) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and p*·cell (m,), float64: Σ weights · f ≈ E[f], the weights sum to 1.

        At most 8000 points, or more where so many would not resolve the narrowest feature. Raises
        ValueError where the density is unknown.
        """
        ...


@final
@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Σⱼ pⱼ N(aⱼ, sⱼ² I); means (J, 2), shares p and stds s (J,), all float64. See Density."""

    means: Tensor
    shares: Tensor
    stds: Tensor
    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = True

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points (count, 2); each mode gets its exact share."""
        return sample_mixture(self.means.to(like), self.shares, count, rng, self.stds.to(like))

    def log_density(self, x: Tensor) -> Tensor:
        """log Σⱼ pⱼ N(x; aⱼ, sⱼ² I) in nats (n,) at x (n, 2)."""
        return log_mixture(x, self.means, self.shares.log(), self.stds)

    def energy(self) -> NormalMixture:
        """The same modes."""
        stds = self.stds[:, None].expand(-1, 2)
        return NormalMixture(self.means, self.shares.log(), stds)

    def grid(self) -> tuple[Tensor, Tensor]:
        """Points (m, 2) and masses (m,) of the cells that hold the mixture."""
        return cells(self.log_density, self.box, self.width)


def mixture(means: Tensor, masses: Tensor, stds: Tensor) -> GaussianMixture:
    """The mixture with means (J, 2), masses (J,) and stds (J,).

    Raises ValueError unless all are finite, masses and stds are positive and the masses sum to 1.
    """
    means, masses, stds = (t.detach().double().cpu() for t in (means, masses, stds))
    _check(means, masses, stds)
    box, width = box_around(means, TAIL * stds[:, None]), float(stds.min())
    labels = torch.arange(len(means))
    density = partial(log_mixture, means=means, log_weights=masses.log(), stds=stds)
    return GaussianMixture(
        means=means,
        shares=masses,
        stds=stds,
        box=box,
        width=width,
        anchors=means,
        labels=labels,
        centres=means,
        masses=region_masses(density, box, width, means, labels),
    )


def ring(modes: int, radius: float, std: float, ratio: float) -> GaussianMixture:
    """`modes` Gaussians evenly on a circle, the first at angle 0; masses alternate 1 : `ratio`.

    Raises ValueError for fewer than 2 modes, or a radius, std or ratio that is not positive.
    """
    require("The number of modes of the ring", modes, 2, MOST_MODES)
    require("The radius of the ring", radius, 1e-3, 1e3)
    require("The mass ratio of the ring", ratio, 1e-3, 1e3)
    index = torch.arange(modes, dtype=torch.float64)
    angle = 2 * math.pi * index / modes
    means = radius * torch.stack([angle.cos(), angle.sin()], 1)
    masses = 1 + (ratio - 1) * (index % 2)
    return mixture(means, masses / masses.sum(), torch.full_like(index, std))


def grid(side: int, spacing: float, std: float) -> GaussianMixture:
    """side² Gaussians of equal mass on a square lattice around 0, `spacing` apart.

    Raises ValueError for a side below 2, or a spacing or std that is not positive.
    """
    require("The side of the grid", side, 2, math.isqrt(MOST_MODES))
    require("The spacing of the grid", spacing, 1e-3, 1e3)
    line = spacing * (torch.arange(side, dtype=torch.float64) - (side - 1) / 2)
    means = torch.cartesian_prod(line, line)
    equal = torch.full((side**2,), 1 / side**2, dtype=torch.float64)
    return mixture(means, equal, torch.full_like(equal, std))


def _check(means: Tensor, masses: Tensor, stds: Tensor) -> None:
    if means.ndim != 2 or means.shape[1] != 2 or not 1 <= len(means) <= MOST_MODES:
        shape = tuple(means.shape)
        raise ValueError(f"Means have shape {shape}, and (J, 2) with J ≤ {MOST_MODES} is needed.")
    for name, values in (("masses", masses), ("stds", stds)):
        if values.shape != means.shape[:1]:
            shape = tuple(values.shape)
            raise ValueError(f"The {name} have shape {shape}, and ({len(means)},) is needed.")
        if not bool((torch.isfinite(values) & (values > 0)).all()):
            raise ValueError(f"The {name} are {values.tolist()}, and all must be positive.")
    if not bool(torch.isfinite(means).all()):
        raise ValueError(f"The means are {means.tolist()}, and all must be finite.")
    if abs(float(masses.sum()) - 1) > 1e-6:
        raise ValueError(f"The masses sum to {float(masses.sum()):g}, and they must sum to 1.")


def sample_mixture(
    means: Tensor, masses: Tensor, count: int, rng: Generator, stds: Tensor | None = None
) -> Tensor:
    """`count` points (count, d) of Σⱼ pⱼ N(aⱼ, sⱼ² I) in random order; means (J, d), masses (J,).

    stds: s (J,) in the dtype and on the device of the means, None for modes of unit width. Each
    mode gets exactly its share of the points (largest remainder), as in the public script of
    Carbone et al. (2023): the data's masses are then the target's up to 1/count.
    """
    labels = torch.repeat_interleave(
        torch.arange(len(masses), device=means.device), mode_counts(masses, count).to(means.device)
    )
    order = torch.randperm(count, generator=rng, device=means.device)
    modes = labels[order]
    centres = means[modes]
    noise = gaussian(centres, rng)
    return centres + (noise if stds is None else noise * stds[modes, None])


def mode_counts(masses: Tensor, count: int) -> Tensor:
    """Integers (J,) that sum to `count`, in proportion to `masses` by largest remainder."""
    exact = masses.double().cpu() * count
    # A share like 0.25 × 2000 must not fall to 499 by rounding.
    counts = (exact + 1e-9).floor().long()
    order = torch.argsort(exact - counts, descending=True, stable=True)
    counts[order[: count - int(counts.sum())]] += 1
    return counts
