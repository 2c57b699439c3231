"""Genealogy: which of the first walkers still have descendants, over the whole run.

At some updates the walkers are sorted by their first ancestor and the ancestor is noted at RANKS
evenly spaced ranks, (i + ½) n / RANKS. Each row is then a column of bands: a band's height is the
share of the population that comes from one walker of update 0.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

RANKS = 64
CAPACITY = 150  # rows
FIRST_STRIDE = 10  # updates


class Genealogy:
    """Rows of ancestors (r, RANKS) at multiples of a stride, which doubles when they are full.

    `count` is the number of walkers, the highest ancestor plus 1.
    """

    def __init__(self, count: int) -> None:
        self._dtype = np.uint16 if count <= 2**16 else np.uint32
        self._steps = np.zeros(CAPACITY, dtype=np.int64)
        self._rows = np.zeros((CAPACITY, RANKS), dtype=self._dtype)
        self._count = 0
        self.stride = FIRST_STRIDE

    def due(self, step: int) -> bool:
        """Whether the row of this update belongs into the record."""
        return step % self.stride == 0

    def add(self, step: int, ancestors: Tensor) -> None:
        """Note the ancestors (n,) of update `step`; when full, first keep every second row."""
        if self._count == CAPACITY:
            self.stride *= 2
            kept = self._steps % self.stride == 0
            self._put(self._steps[kept], self._rows[kept])
            if not self.due(step):
                return
        ordered = np.sort(ancestors.cpu().numpy())
        ranks = (2 * np.arange(RANKS) + 1) * len(ordered) // (2 * RANKS)
        self._steps[self._count] = step
        self._rows[self._count] = ordered[ranks]
        self._count += 1

    @property
    def steps(self) -> np.ndarray:
        """The updates (r,) int64 of the rows; a copy."""
        return self._steps[: self._count].copy()

    @property
    def rows(self) -> np.ndarray:
        """Ancestors (r, RANKS), uint16 where that holds all walkers, else uint32; a copy."""
        return self._rows[: self._count].copy()

    def restore(self, steps: np.ndarray, rows: np.ndarray, stride: int) -> None:
        """Put a record back. Raises ValueError when it has another shape."""
        if rows.shape != (len(steps), RANKS) or len(steps) > CAPACITY or stride < FIRST_STRIDE:
            raise ValueError(
                f"a genealogy of {len(steps)} updates, shape {rows.shape} and stride {stride}, "
                f"allowed are {CAPACITY} updates of {RANKS} ranks and a stride from {FIRST_STRIDE}"
            )
        self._put(steps, rows)
        self.stride = stride

    def _put(self, steps: np.ndarray, rows: np.ndarray) -> None:
        self._count = len(steps)
        self._steps[: self._count] = steps
        self._rows[: self._count] = rows
