"""The checkpoint file of a run in a worker, written so that a kill leaves it whole."""

from __future__ import annotations

import logging
from pathlib import Path
from time import perf_counter

from ebm_engine.run.run import Run
from ebm_engine.writing.whole_file import write_whole

SAVE_UPDATES = 50  # at most this many updates are lost with a worker
SAVE_SECONDS = 2.0

log = logging.getLogger(__name__)


class Backup:
    """Where one run is kept, and when it was kept last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._step, self._time = -1, 0.0

    def due(self, step: int, now: float) -> bool:
        """Whether update `step`, at `now` in seconds of perf_counter, is to be kept."""
        return step - self._step >= SAVE_UPDATES or now - self._time >= SAVE_SECONDS

    def write(self, run: Run) -> str:
        """Keep the run as it is; the answer is "" or one sentence on why it could not be kept."""
        self._step, self._time = run.step, perf_counter()
        try:
            write_whole(self._path, run.save(), sync=False)  # outlives the worker, not the server
        except OSError as error:
            log.warning("%s was not written: %s", self._path, error)
            return f"no checkpoint could be written: {error.strerror}"
        return ""

    def read(self) -> Run | None:
        """The run as it was kept last, None if it never was. Raises CheckpointError."""
        return Run.load(self._path.read_bytes()) if self._path.exists() else None

    def remove(self) -> None:
        """Forget the run."""
        self._path.unlink(missing_ok=True)
