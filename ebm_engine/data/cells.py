"""Sums over cells of the plane: ∫ p(x) f(x) dx ≈ Σₘ p(xₘ) f(xₘ) · cell.

For a density whose narrowest feature is a Gaussian of standard deviation s a lattice with cells of
size h errs by about exp(−2π² s²/h²): 3·10⁻⁹ already at h = s. Cells that hold next to no mass are
left out. Points (m, 2) and everything else are float64. Fibonacci lattices: Sloan and Joe, Lattice
Methods for Multiple Integration (1994).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

LogDensity = Callable[[Tensor], Tensor]
Box = tuple[float, float, float, float]

NEGLIGIBLE = 1e-8  # the mass that the left-out cells would hold together, judged at their centres
MOST_POINTS = 8000
MOST_MASS_POINTS = 40_000  # for the masses of regions, whose borders cut cells
MOST_CELLS = 4_000_000
CHUNK = 2**20  # numbers in one block of a table of distances: 8 MB


def log_mixture(x: Tensor, means: Tensor, log_weights: Tensor, stds: Tensor) -> Tensor:
    """log Σⱼ wⱼ N(x; aⱼ, sⱼ² I) in nats (n,) at x (n, d); means (J, d), log_weights, stds (J,).

    x may have any dtype and device, the rest is float64 on the CPU. The exponents −|x − aⱼ|²/2sⱼ²
    are one product of (|x|², x, 1) with a table made from the means.
    """
    x, precision = x.double().cpu(), stds**-2
    constant = log_weights - means.shape[1] * torch.log(math.sqrt(2 * math.pi) * stds)
    constant = constant - 0.5 * precision * (means**2).sum(1)
    table = torch.cat([-0.5 * precision[None], (means * precision[:, None]).T])  # (1 + d, J)
    found = x.new_empty(len(x))
    for rows, out in zip(_blocks(x, len(means)), _blocks(found, len(means)), strict=True):
        exponents = torch.addmm(constant, torch.cat([(rows**2).sum(1, True), rows], 1), table)
        top = exponents.amax(1, keepdim=True)
        out.copy_(exponents.sub_(top).exp_().sum(1).log_().add_(top[:, 0]))
    return found


def region_of(x: Tensor, anchors: Tensor, labels: Tensor) -> Tensor:
    """The label (n,) int64 of the anchor (A, 2) nearest to each point x (n, 2)."""
    blocks = _blocks(x.double().cpu(), len(anchors))
    nearest = [torch.cdist(rows, anchors).argmin(1) for rows in blocks]
    return labels[torch.cat(nearest)]


def cells(
    log_density: LogDensity, box: Box, width: float, most: int = MOST_POINTS
) -> tuple[Tensor, Tensor]:
    """Points (m, 2) in the cells that hold the density, and the mass that each stands for (m,).

    Cells of about `width` that hold mass get the same lattice each, as fine as keeps m below
    `most`; a density that fills more than `most` cells gets one point in each. Raises ValueError
    where the box has more than MOST_CELLS cells.
    """
    centres, sides = _occupied(log_density, box, width)
    offsets = _lattice(most // len(centres)) * sides
    points = (centres[:, None, :] + offsets).reshape(-1, 2)
    return points, torch.exp(log_density(points)) * (float(sides.prod()) / len(offsets))


def region_masses(
    log_density: LogDensity, box: Box, width: float, anchors: Tensor, labels: Tensor
) -> Tensor:
    """Mass (J,) of a density in each region, J = 1 + the largest label; it sums to 1."""
    points, weights = cells(log_density, box, width, MOST_MASS_POINTS)
    return shares_of(region_of(points, anchors, labels), weights, int(labels.max()) + 1)


def shares_of(labels: Tensor, weights: Tensor, count: int) -> Tensor:
    """Share (count,) of the weights (m,) that each label has; labels (m,) below `count`."""
    found = torch.zeros(count, dtype=torch.float64).index_add_(0, labels, weights)
    return found / found.sum()


def box_around(points: Tensor, margins: Tensor | float) -> Box:
    """The smallest box that holds every point (m, 2) with its margin, (m, 1) or one number."""
    low, high = (points - margins).amin(0).tolist(), (points + margins).amax(0).tolist()
    return low[0], high[0], low[1], high[1]


def require(name: str, value: float, low: float, high: float) -> None:
    """Raises ValueError unless low ≤ value ≤ high."""
    if not low <= value <= high:
        raise ValueError(f"{name} is {value:g}, and it must lie between {low:g} and {high:g}.")


def _blocks(rows: Tensor, columns: int) -> tuple[Tensor, ...]:
    return rows.split(max(1, CHUNK // columns))


def _lattice(most: int) -> Tensor:
    """The Fibonacci lattice (F, 2) of the unit cell around 0, F the largest number ≤ `most`.

    Side by side such cells make one lattice of the plane that is askew to the axes: a straight
    border through it never meets a whole row of points.
    """
    before, count = 1, 1
    while before + count <= most:
        before, count = count, before + count
    index = torch.arange(count, dtype=torch.float64) + 0.5
    return torch.stack([index / count, (index * before / count) % 1], 1) - 0.5


def _occupied(log_density: LogDensity, box: Box, width: float) -> tuple[Tensor, Tensor]:
    """Centres (m, 2) of the cells of about `width` that hold mass, and the cells' sides (2,)."""
    extents = (box[1] - box[0], box[3] - box[2])
    counts = [math.ceil(extent / width) for extent in extents]
    if counts[0] * counts[1] > MOST_CELLS:
        raise ValueError(
            f"The density needs {counts[0]} × {counts[1]} cells of its smallest width {width:g}, "
            f"and at most {MOST_CELLS} are possible."
        )
    axes = [
        low + (torch.arange(n, dtype=torch.float64) + 0.5) * (extent / n)
        for low, extent, n in zip((box[0], box[2]), extents, counts, strict=True)
    ]
    centres = torch.cartesian_prod(*axes)
    kept = log_density(centres) > math.log(NEGLIGIBLE / (extents[0] * extents[1]))
    sides = [extent / n for extent, n in zip(extents, counts, strict=True)]
    return centres[kept], torch.tensor(sides, dtype=torch.float64)
