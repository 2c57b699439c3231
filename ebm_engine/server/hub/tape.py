"""Tape: the recorded pictures of one run, evenly over its whole life, in bounded memory.

Pictures come when they come. Of those that fall into one cell of `stride` updates the first is
kept; when there are too many, the cells double. The newest picture is always there as well. What
all pictures share or what grows with the run (history, data, the target's density, events) is taken
from the newest one when a picture is asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

import numpy as np

from ebm_engine.run.snapshot import Snapshot, arrays_of

CAPACITY = 120  # pictures
MAX_BYTES = 8 * 2**20

_NOTHING = np.zeros(0)
_SHARED = ("data", "target_density", "resampled_at", "genealogy_steps", "genealogy")


class Tape:
    """Pictures by update; going back to an earlier update drops what came after it."""

    def __init__(self) -> None:
        self._pictures: list[Snapshot] = []
        self._sizes: list[int] = []  # bytes of each picture
        self._stride = 1

    @property
    def steps(self) -> tuple[int, ...]:
        """The recorded updates, newest last."""
        return tuple(picture.step for picture in self._pictures)

    @property
    def nbytes(self) -> int:
        """Size of all arrays on the tape."""
        return sum(self._sizes)

    def add(self, snapshot: Snapshot) -> None:
        """RunRecord a picture; those of the same update or later ones belong to another past."""
        self._keep(self._found(snapshot.step - 1))
        if len(self._pictures) > 1 and self._cell(-1) == self._cell(-2):
            self._keep(len(self._pictures) - 1)  # the last was there only as the newest
        picture = self._stripped(snapshot)
        self._pictures.append(picture)
        self._sizes.append(sum(array.nbytes for array in arrays_of(picture)))
        while len(self._pictures) > 2 and self._is_full():
            self._stride *= 2
            self._thin()

    def clear(self) -> None:
        """Forget all pictures."""
        self._keep(0)
        self._stride = 1

    def until(self, step: int) -> Tape:
        """A tape with the pictures up to update `step`; the arrays are shared."""
        copy = Tape()
        copy._pictures, copy._sizes = self._pictures.copy(), self._sizes.copy()
        copy._stride = self._stride
        copy._keep(self._found(step))
        return copy

    def at(self, step: int, newest: Snapshot) -> Snapshot | None:
        """The picture nearest at or before `step`, with its own past; None where there is none.

        `newest` is the present picture of the same run.
        """
        found = self._found(step)
        if not found:
            return None
        picture = self._pictures[found - 1]
        now, before = picture.step, newest.history["step"] < picture.history["step"][-1]
        families = newest.genealogy_steps <= now
        return replace(
            picture,
            playing=False,
            data=newest.data,
            target_density=newest.target_density,
            history={
                name: np.concatenate([column[before], picture.history[name]])
                for name, column in newest.history.items()
            },
            mass_history=np.concatenate([newest.mass_history[before], picture.mass_history]),
            resampled_at=newest.resampled_at[newest.resampled_at <= now],
            genealogy_steps=newest.genealogy_steps[families],
            genealogy=newest.genealogy[families],
            marks=tuple(mark for mark in newest.marks if mark[0] <= now),
            changes=tuple(change for change in newest.changes if change[0] <= now),
        )

    def _found(self, step: int) -> int:
        """How many pictures there are up to update `step`."""
        return bisect_right(self._pictures, step, key=lambda picture: picture.step)

    def _keep(self, count: int) -> None:
        del self._pictures[count:], self._sizes[count:]

    def _cell(self, index: int) -> int:
        return self._pictures[index].step // self._stride

    def _is_full(self) -> bool:
        return len(self._pictures) > CAPACITY or self.nbytes > MAX_BYTES

    def _thin(self) -> None:
        """Keep the first picture of each cell, and the newest."""
        last = len(self._pictures) - 1
        cells = [self._cell(i) for i in range(last + 1)]
        kept = [i for i in range(last + 1) if i in (0, last) or cells[i] != cells[i - 1]]
        self._pictures = [self._pictures[i] for i in kept]
        self._sizes = [self._sizes[i] for i in kept]

    def _stripped(self, snapshot: Snapshot) -> Snapshot:
        """The picture alone, with the last row of its history."""
        spec = snapshot.spec
        if self._pictures and self._pictures[-1].spec == spec:
            spec = self._pictures[-1].spec  # one object: a drawn target holds thousands of points
        return replace(
            snapshot,
            spec=spec,
            history={name: column[-1:].copy() for name, column in snapshot.history.items()},
            mass_history=snapshot.mass_history[-1:].copy(),
            marks=(),
            changes=(),
            notice="",
            **dict.fromkeys(_SHARED, _NOTHING),
        )
