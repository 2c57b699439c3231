"""How far jobs in other processes are: each counts its updates in a file that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import NamedTuple

import numpy as np

REPORT_SECONDS = 0.3  # between two reports of all updates done meanwhile

Progress = Callable[[int], object]


class Counter(NamedTuple):
    """Counts the updates of the job at `place`; it can be sent to another process."""

    path: str
    place: int

    def __call__(self, updates: int) -> None:
        """Add updates that are done."""
        _shared(self.path)[self.place] += updates


@lru_cache(maxsize=1)
def _shared(path: str) -> np.ndarray:
    return np.memmap(path, np.int64, "r+")


@contextmanager
def counters(count: int, progress: Progress) -> Generator[list[Counter], None, None]:
    """A counter for each of `count` jobs; progress(n), called from a thread, hears of n updates."""
    with TemporaryDirectory(prefix="ebm-lab-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "updates"
        updates = np.memmap(path, np.int64, "w+", shape=(count,))
        over = Event()

        def report() -> None:
            reported = 0
            while True:
                last = over.wait(REPORT_SECONDS)
                total = int(updates.sum())
                progress(total - reported)
                reported = total
                if last:
                    return

        thread = Thread(target=report, name="progress", daemon=True)
        thread.start()
        try:
            yield [Counter(str(path), place) for place in range(count)]
        finally:
            over.set()
            thread.join()
