"""The last positions of a few highlighted walkers, for the trails on the plane."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ebm_engine.core.referees.regions import Partition
from ebm_engine.core.types import Walkers

TRAIL = 60  # positions of a trail
CHAINS = 12  # highlighted walkers


def first_two(x: Tensor) -> Tensor:
    """The first two coordinates (…, 2) of points (…, d), or the only one."""
    return x[..., :2]


class Trails:
    """The last positions of every walker on the plane, following it through resampling.

    Also counts how often one of the highlighted chains goes from one mode's basin to another's:
    the mode of largest responsibility, or the region of the plane where `regions` are given.
    """

    def __init__(
        self,
        regions: Partition | None = None,
        on_plane: Callable[[Tensor], Tensor] = first_two,
    ) -> None:
        self._regions = regions
        self._on_plane = on_plane
        self._ring = torch.full((TRAIL, 0, 2), torch.nan)  # (t, n, 1 or 2)
        self._next = 0  # row of the oldest position, overwritten by the next one
        self._before: Walkers | None = None
        self._left: Tensor | None = None  # basins (m,) of the first walkers of `_before`
        self._film: Tensor | None = None
        self.crossings = 0

    def track(self, walkers: Walkers) -> None:
        """Append the present positions on the plane."""
        self._count_crossings(walkers)
        if walkers.path is not None:
            self._film = self._on_plane(walkers.path[-TRAIL:, :CHAINS]).cpu()
            return
        now = self._on_plane(walkers.x).float().cpu()
        if self._ring.shape[1:] != now.shape:
            self._ring = torch.full((TRAIL, *now.shape), torch.nan)
        if walkers.parents is not None:
            parents = walkers.parents.cpu()
            self._ring = self._ring[:, parents.clamp_min(0)]
            self._ring[:, parents < 0] = torch.nan
        self._ring[self._next] = now
        self._next = (self._next + 1) % TRAIL

    def highlighted(self) -> Tensor:
        """Trails (m, t, d) of the first walkers, oldest position first, NaN where there is none."""
        if self._film is not None:
            return self._film.transpose(0, 1).contiguous()
        ordered = self._ring[:, :CHAINS].roll(-self._next, 0)
        return ordered.transpose(0, 1).contiguous()

    def _count_crossings(self, walkers: Walkers) -> None:
        before, self._before = self._before, walkers
        left, self._left = self._left, None
        if walkers.path is not None:
            return
        self._left = now = self._basins(walkers, slice(CHAINS))
        if before is None:
            return
        if walkers.parents is None and left is not None:
            self.crossings += int((left != now).sum())
            return
        parents = torch.arange(len(now), device=walkers.x.device)
        if walkers.parents is not None:
            parents = walkers.parents[:CHAINS]
        changed = self._basins(before, parents.clamp_min(0)) != now
        self.crossings += int((changed & (parents.cpu() >= 0)).sum())

    def _basins(self, walkers: Walkers, rows: Tensor | slice) -> Tensor:
        """The basin (m,) of the walkers in some rows, on the CPU."""
        if self._regions is None:
            return walkers.at.modes[rows].argmax(1).cpu()
        return self._regions.of(walkers.x[rows])
