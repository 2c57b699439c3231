"""MNIST brought to this machine: four files, each checked before it counts (data.mnist).

The download runs in a thread of its own, because it reports by calls; the steps of the task look at
where it is. A task that is dropped ends the download, which leaves nothing half-done behind.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import numpy as np

from ebm_engine.data.mnist import FILES, MnistUnavailable, load_mnist
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.specs.images import FetchSpec

LOOK_GAP = 0.3  # seconds
SIZES = (9_912_422, 28_881, 1_648_877, 4_542)  # bytes, in the order of FILES; for the progress only

Load = Callable[..., tuple[np.ndarray, np.ndarray]]
Report = Callable[[int, int], None]


class _Dropped(Exception):  # noqa: N818 - names what happened
    """Nobody wants the rest."""


def fetch(spec: FetchSpec, load: Load = load_mnist) -> Steps:
    """The task: download what is missing. Raises TaskError, with the remedy, where that fails."""
    download = _Download(load)
    thread = Thread(target=download.run, name="fetch-mnist", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(LOOK_GAP)
            yield min(0.99, download.done / sum(SIZES)), None
    finally:
        download.dropped.set()
    if download.error:
        raise TaskError(download.error)
    yield 1.0, download.result


def brought(report: Report, load: Load = load_mnist) -> Result:
    """Number of training and test images, downloaded if need be; `report` as in `load_mnist`.

    Raises SpecError, with the remedy, where that fails.
    """
    try:
        return _counts(report, load)
    except MnistUnavailable as error:
        raise SpecError(str(error)) from None


def _counts(report: Report, load: Load) -> Result:
    found = {split: load(split, download=True, progress=report) for split in FILES}
    return {split: len(labels) for split, (_, labels) in found.items()}


class _Download:
    """One download; done: bytes so far, of sum(SIZES); error: one sentence, or ""."""

    def __init__(self, load: Load) -> None:
        self.dropped, self.done, self.error = Event(), 0, ""
        self.result: Result = {}
        self._load, self._file, self._last, self._total = load, -1, 0, -1

    def run(self) -> None:
        """Download in this thread."""
        try:
            self.result = _counts(self._report, self._load)
        except MnistUnavailable as error:
            self.error = str(error).rstrip(".")
        except _Dropped:
            self.error = "cancelled"

    def _report(self, done: int, total: int) -> None:
        if self.dropped.is_set():
            raise _Dropped
        # Another size, or a count that starts anew, belongs to the next file.
        if (total, self._last > done) != (self._total, False):
            self._file += 1
        self._last, self._total = done, total
        self.done = sum(SIZES[: max(0, self._file)]) + done
