"""The pool: a slot for each worker process, which is filled again when its process dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ebm_engine.server.commands import Stop, Together
from ebm_engine.server.process import WorkerProcess

MAX_DELAY = 30.0  # seconds between two attempts to start a worker
STAGES = (  # how to end workers, and the seconds that each way is given
    (lambda process: process.send(Stop()), 1.0),
    (WorkerProcess.terminate, 0.5),
    (WorkerProcess.kill, 0.5),
)


class Slot:
    """The place of one worker: its present process, and when to start the next one."""

    def __init__(self, *, gpu: bool) -> None:
        self.gpu = gpu
        self.process: WorkerProcess | None = None
        self.ready = False
        self.start_at = 0.0
        self._false_starts = 0
        self._gathered: list[Any] | None = None
        self._lock = threading.RLock()

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None while there is none."""
        return self.process.pid if self.process else None

    def busy_with(self) -> int:
        """The id of the run that the process works on, or worked on when it died; 0 = none."""
        return self.process.busy_with() if self.process else 0

    def send(self, message: Any) -> None:
        """Send to the process, if there is one; a new process gets all it needs anyway."""
        with self._lock:
            if self._gathered is not None:
                self._gathered.append(message)
            elif self.process is not None:
                self.process.send(message)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is sent in this block arrives as one: the worker takes it in before it works on."""
        with self._lock:
            self._gathered = []
            try:
                yield
            finally:
                messages, self._gathered = tuple(self._gathered), None
                if messages:
                    self.send(Together(messages))

    def opened(self) -> None:
        """The process has loaded everything."""
        self.ready, self._false_starts = True, 0

    def lost(self, now: float) -> None:
        """The process has died; one that never got ready is started again ever more slowly."""
        if not self.ready:
            self._false_starts += 1
        delay = 0.5 * 2**self._false_starts if self._false_starts else 0.0
        self.start_at = now + min(delay, MAX_DELAY)
        self.process, self.ready = None, False


class Pool:
    """All workers; the one for a GPU is started when it is first needed.

    on_message(slot, message) and on_end(slot) are called from threads of the processes. The other
    methods are called under the hub's lock.
    """

    def __init__(
        self,
        workers: int,
        on_message: Callable[[Slot, Any], None],
        on_end: Callable[[Slot], None],
    ) -> None:
        self.slots = [Slot(gpu=False) for _ in range(workers)]
        self._folder = TemporaryDirectory(prefix="ebm-runs-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)  # readable by its owner only
        self._on_message = on_message
        self._on_end = on_end
        self._started = 0

    def start_missing(self) -> list[Slot]:
        """Start a process in each empty slot whose time has come; return those slots."""
        now = time.monotonic()
        empty = [s for s in self.slots if s.process is None and s.start_at <= now]
        for slot in empty:
            self._start(slot)
        return empty

    def choose(self, *, gpu: bool, load: dict[Slot, int]) -> Slot:
        """The slot with the smallest load; or the one for a GPU."""
        slots = [s for s in self.slots if s.gpu == gpu]
        if not slots:
            slots = [Slot(gpu=True)]
            self.slots += slots
            self._start(slots[0])
        return min(slots, key=lambda s: load.get(s, 0))

    def checkpoint(self, run_id: int) -> Path:
        """The file that the worker of this run writes its checkpoints to."""
        return self.folder / f"{run_id}.safetensors"

    def stop(self) -> None:
        """End all workers within two seconds and remove the checkpoints."""
        left = [slot.process for slot in self.slots if slot.process is not None]
        for end, patience in STAGES:
            for process in left:
                end(process)
            deadline = time.monotonic() + patience
            left = [p for p in left if not p.join(max(0.0, deadline - time.monotonic()))]
        self._folder.cleanup()

    def _start(self, slot: Slot) -> None:
        self._started += 1
        slot.process = WorkerProcess(
            self.folder,
            self.folder / f"worker-{self._started}",
            lambda message: self._on_message(slot, message),
            lambda: self._on_end(slot),
        )
