"""Own points as a target: their density is unknown, so only samples and regions are available.

Regions are the cells of k-means with up to four centres; masses are the shares of the points in
them. The width is the median distance to the fifth neighbour, a robust scale of the finest detail
that the points can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.fixed import DensityEnergy
from ebm_engine.data.cells import Box, box_around, region_of, shares_of

MOST_REGIONS = 4
NEIGHBOUR = 5
FINEST_WIDTH = 1 / 200  # of the larger side of the points' box
MARGIN = 0.05  # of the same
SEED = 0  # of k-means: its answer is part of the target, not of a run


@final
@dataclass(frozen=True, eq=False)
class Cloud:
    """The points `rows` (n, 2) float64, kept as they are; see Density."""

    rows: Tensor
    box: Box
    width: float
    anchors: Tensor
    labels: Tensor
    centres: Tensor
    masses: Tensor
    known: bool = False

    def sample(self, count: int, rng: Generator, like: Tensor) -> Tensor:
        """`count` points in random order, each one once before any is taken again."""
        passes = -(-count // len(self.rows))
        orders = [
            torch.randperm(len(self.rows), generator=rng, device=like.device) for _ in range(passes)
        ]
        return self.rows.to(like)[torch.cat(orders)[:count]]

    def log_density(self, x: Tensor) -> Tensor:
        """Raises ValueError: it is unknown."""
        raise ValueError(f"The density of {len(self.rows)} own points is unknown.")

    def energy(self) -> DensityEnergy:
        """Raises ValueError: there is no density to take the logarithm of."""
        raise ValueError(f"The density of {len(self.rows)} own points is unknown.")

    def grid(self) -> tuple[Tensor, Tensor]:
        """Raises ValueError: there is no density to integrate."""
        raise ValueError(f"The density of {len(self.rows)} own points is unknown.")


def points(rows: Tensor) -> Cloud:
    """Own points (n, 2) as a target.

    Raises ValueError unless they are at least 10 finite points of the plane, not all equal.
    """
    rows = torch.as_tensor(rows).detach().double().cpu()
    if rows.ndim != 2 or rows.shape[1] != 2 or len(rows) < 2 * NEIGHBOUR:
        shape = tuple(rows.shape)
        raise ValueError(f"Own points have shape {shape}, and (n, 2) with n ≥ 10 is needed.")
    if not bool(torch.isfinite(rows).all()):
        raise ValueError(f"{int((~torch.isfinite(rows)).sum())} coordinates are not finite.")
    extent = float((rows.amax(0) - rows.amin(0)).max())
    if extent == 0:
        raise ValueError(f"All {len(rows)} points are equal, and 2 different ones are needed.")
    centres = _cluster_centres(rows)
    labels = torch.arange(len(centres))
    weights = torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)
    return Cloud(
        rows=rows,
        box=box_around(rows, MARGIN * extent),
        width=max(_neighbour_distance(rows), FINEST_WIDTH * extent),
        anchors=centres,
        labels=labels,
        centres=centres,
        masses=shares_of(region_of(rows, centres, labels), weights, len(centres)),
    )


def _cluster_centres(rows: Tensor) -> Tensor:
    # scikit-learn takes a second to load, which only own points have to pay for.
    from sklearn.cluster import KMeans

    count = min(MOST_REGIONS, len(rows.unique(dim=0)))
    # n_init may be a number, though its default is a string.
    means = KMeans(n_clusters=count, n_init=4, random_state=SEED)  # pyright: ignore[reportArgumentType]
    return torch.from_numpy(means.fit(rows.numpy()).cluster_centers_).double()


def _neighbour_distance(rows: Tensor) -> float:
    from sklearn.neighbors import NearestNeighbors

    # Asked about its own points, it does not count a point as a neighbour of itself.
    distance, _ = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(rows.numpy()).kneighbors()
    return float(torch.from_numpy(distance[:, -1]).median())
