"""Recorder: the history of a run in bounded memory, and the trails of its walkers.

The history keeps every tenth update until it is full, then every twentieth and so on: always
evenly over the whole run, never only its end. Recording draws no random number and changes nothing
of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.types import Walkers
from ebm_engine.run.snapshot import HISTORY

if TYPE_CHECKING:
    from ebm_engine.build.images import ImageClasses
    from ebm_engine.core.referees.regions import Regions

CAPACITY = 600  # rows of the history
FIRST_STRIDE = 10  # updates between the first rows: the referee costs as much as an update
SLOW_STRIDE = 20  # where it costs several
TRAIL = 60  # positions of a trail
CHAINS = 12  # highlighted walkers
EVENTS = 2000  # resampling times kept
MARKS = 200  # changes and refreshes kept


class History:
    """Rows of HISTORY numbers at multiples of a stride, which doubles when they are full.

    `masses` (rows, J) holds the model's mode masses at the same updates.
    """

    def __init__(self, modes: int, stride: int = FIRST_STRIDE) -> None:
        self.rows = np.full((CAPACITY, len(HISTORY)), np.nan)
        self.masses = np.full((CAPACITY, modes), np.nan)
        self.count = 0
        self.stride = stride

    def due(self, step: int) -> bool:
        """Whether the row of this update belongs into the history."""
        return step % self.stride == 0

    def add(self, row: dict[str, float], masses: np.ndarray) -> None:
        """Append a row; when full, first thin out to every second row."""
        if self.count == CAPACITY:
            self.stride *= 2
            kept = self.rows[:, 0] % self.stride == 0
            self.count = int(kept.sum())
            for store in (self.rows, self.masses):
                store[: self.count] = store[kept]
            if not self.due(int(row["step"])):
                return
        self.rows[self.count] = [row[name] for name in HISTORY]
        self.masses[self.count] = masses
        self.count += 1

    def restore(self, rows: np.ndarray, names: Sequence[str] | None, masses: np.ndarray) -> None:
        """Put recorded rows (r, c) with columns of these names, and masses (r, J), back.

        Without names they are the first ones of HISTORY. What HISTORY has and the rows have not is
        NaN. Raises ValueError where names and columns do not match or the rows do not fit in.
        """
        columns = rows.T if rows.ndim == 2 else []
        named = HISTORY[: len(columns)] if names is None else names
        if rows.ndim != 2 or len(named) != len(columns):
            raise ValueError(f"the history has {len(columns)} columns and {len(named)} names")
        self.rows[:] = np.nan
        for name, column in zip(named, columns, strict=True):
            if name in HISTORY:
                self.rows[: len(rows), HISTORY.index(name)] = column
        self.masses[: len(rows)] = masses
        self.count = len(rows)

    def columns(
        self, last: dict[str, float], masses: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Arrays of equal length by name, and masses; `last` is appended when it is newer."""
        rows, shares = self.rows[: self.count], self.masses[: self.count]
        if not self.count or last["step"] > rows[-1, 0]:
            rows = np.vstack([rows, [last[name] for name in HISTORY]])
            shares = np.vstack([shares, masses])
        return {name: rows[:, i].copy() for i, name in enumerate(HISTORY)}, shares.copy()


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
        regions: Regions | ImageClasses | None = None,
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
            return walkers.at.responsibilities[rows].argmax(1).cpu()
        return self._regions.of(walkers.x[rows])
