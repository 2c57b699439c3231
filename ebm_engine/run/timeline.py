"""Timeline: how a run gets back to an update that it has passed.

A point is a checkpoint of the run. The last RECENT stand EVERY updates apart; the older ones lie
evenly over the whole run, within a bound of memory, never only at its end. From a point the run
gets to a later update by training again, with the live changes that were made on the way: the same
bits. None of this needs torch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from ebm_engine.spec.edit import Change

EVERY = 25  # updates between two points
RECENT = 8
POINTS = 64
MAX_BYTES = 16 * 2**20
CHANGES = 1000


class Point(NamedTuple):
    """A checkpoint of update `step`, after the first `changes` live changes."""

    step: int
    changes: int
    content: bytes


class Replay(NamedTuple):
    """What a run still has to repeat: the live changes on the way to update `goal`."""

    goal: int = 0
    changes: tuple[Change, ...] = ()


class ChangeLog:
    """The live changes of a run, oldest first; `count` counts those, too, that are not kept."""

    def __init__(self, entries: Iterable[Change] = (), count: int | None = None) -> None:
        self.entries = deque(((int(s), dict(v)) for s, v in entries), maxlen=CHANGES)
        self.count = len(self.entries) if count is None else count

    @property
    def forgotten(self) -> int:
        """How many of the oldest changes are not kept."""
        return self.count - len(self.entries)

    def add(self, step: int, values: dict[str, Any]) -> None:
        """Note that these fields got these values at update `step`."""
        self.entries.append((step, values))
        self.count += 1

    def after(self, count: int, until: int) -> tuple[Change, ...]:
        """All but the first `count` changes, up to update `until`."""
        entries = list(self.entries)[count - self.forgotten :]
        return tuple(change for change in entries if change[0] <= until)


class Timeline:
    """The points of a run."""

    def __init__(self) -> None:
        self._recent: deque[Point] = deque(maxlen=RECENT)
        self._even: list[Point] = []
        self._stride = EVERY

    def add(self, point: Point) -> None:
        """Keep a point that is newer than all others."""
        self._recent.append(point)
        if self._even and point.step % self._stride:
            return
        self._even.append(point)
        while len(self._even) > 1 and self._is_full():
            self._stride *= 2
            first, *others = self._even  # the first may stand anywhere, after a restart
            self._even = [first, *(p for p in others if p.step % self._stride == 0)]

    def reach(self) -> int:
        """The update of the oldest of the recent points."""
        return self._recent[0].step

    def before(self, step: int, forgotten: int) -> Point | None:
        """The last point at or before `step` that is not older than the forgotten changes."""
        points = [*self._even, *self._recent]
        usable = [p for p in points if p.step <= step and p.changes >= forgotten]
        return max(usable, key=lambda point: (point.step, point.changes), default=None)

    def cut(self, step: int) -> None:
        """Forget the points after update `step`."""
        self._recent = deque((p for p in self._recent if p.step <= step), maxlen=RECENT)
        self._even = [p for p in self._even if p.step <= step]

    def _is_full(self) -> bool:
        return len(self._even) > POINTS or sum(len(p.content) for p in self._even) > MAX_BYTES
