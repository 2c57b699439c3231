"""The history of a run in bounded memory.

The history keeps every tenth update until it is full, then every twentieth and so on: always
evenly over the whole run, never only its end. Recording draws no random number and changes nothing
of the run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ebm_engine.run.snapshot import HISTORY

CAPACITY = 600  # rows of the history
FIRST_STRIDE = 10  # updates between the first rows: the referee costs as much as an update
SLOW_STRIDE = 20  # where it costs several
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
