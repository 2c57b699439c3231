"""The hub: owner of all runs of the server, whose work is done in worker processes.

Whoever holds a run's token (128 random bits) may watch and control it. A run that is not watched
pauses, later leaves memory, and comes back from its checkpoint when it is looked at again.
Importing this module never loads torch.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import Command, Ready, Report, Seen
from ebm_engine.server.hub import requests
from ebm_engine.server.hub.pool import Pool, Slot
from ebm_engine.server.hub.registry import HubFull, Registry
from ebm_engine.server.hub.run_record import RunRecord, RunView, read_only
from ebm_engine.server.limits import Limits
from ebm_engine.spec.run_spec import RunSpec

__all__ = ["CheckpointError", "Hub", "HubFull", "RunView", "UnknownRun", "hub"]

MAX_TICK, MIN_TICK = 0.25, 0.02  # seconds between two checks of leases and turns

log = logging.getLogger(__name__)


class UnknownRun(KeyError):  # noqa: N818 - names what the token is
    """No run has this token: it was closed, has expired or never existed."""


class Hub:
    """All runs, by token; its methods may be called from any thread."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits.from_environment()
        self._lock = threading.RLock()
        self._pool = Pool(self.limits.workers, self._hear, self._lose)
        self._registry = Registry(self.limits, self._pool)
        self._started = False
        self._ended = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the hub has been started and not yet stopped."""
        return self._started and not self._ended.is_set()

    def start(self) -> None:
        """Start the workers, so that they are ready before the first run; only the first time."""
        with self._lock:
            if self._started:
                return
            self._started = True
            self._registry.staff()
        atexit.register(self.stop)
        threading.Thread(target=self._keep_house, name="hub", daemon=True).start()

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until every worker has loaded what it needs; False when that takes longer."""
        end = time.monotonic() + seconds
        while not all(worker["ready"] for worker in self.stats()["workers"]):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def stop(self) -> None:
        """End all workers, within two seconds, and remove the checkpoints; for good."""
        with self._lock:
            if not self.running:
                return
            self._ended.set()
        self._pool.stop()
        atexit.unregister(self.stop)

    def open(self, spec: RunSpec, *, play: bool, group: str = "") -> str:
        """Take in a new run and return its token. Raises HubFull when there is no room.

        Runs of one `group`, a random string of the caller, go in lockstep: none is more than one
        update ahead, after a pause all stand at the same one, and one that diverged or failed does
        not count. A run that plays starts at once: open a group paused, play when it is complete.
        """
        with self._registry_to_change() as registry:
            self._require_running()
            return requests.begin(registry, spec, play=play, group=group)

    def branch(
        self, token: str, step: int, spec: RunSpec | None = None, *, play: bool = False
    ) -> str:
        """Take in a new run that starts as this one was at update `step`, and return its token.

        It repeats the updates since the last point kept before, with the same bits, and then goes
        on with `spec` if given. Raises UnknownRun, HubFull, ValueError when `step` is not recorded,
        and SpecError when `spec` needs a reset.
        """
        with self._registry_to_change() as registry:
            return requests.branch(registry, self._find(token), step, spec, play=play)

    def admit(self, content: bytes, *, play: bool = False) -> str:
        """Take in a new run that goes on from a checkpoint file, and return its token.

        Raises HubFull, and CheckpointError or SpecError with one sentence on anything wrong with
        the file; the notice of the run reports a tensor that does not fit.
        """
        spec = checkpoint_file.admit(content)
        with self._registry_to_change() as registry:
            self._require_running()
            return requests.admit(registry, spec, content, play=play)

    def command(self, token: str, command: Command) -> None:
        """Carry out a command; its effect is seen in the next views.

        To a run of a group, Change is for this run, Reset starts all again, this run with the new
        spec, and all other commands are for all of it. Raises UnknownRun, and HubFull when a
        dropped run finds no room.
        """
        with self._registry_to_change() as registry:
            requests.carry_out(registry, self._find(token), command)

    def view(self, token: str) -> RunView:
        """The run as it was last heard of, without waiting. Raises UnknownRun.

        Looking asks for the next picture: a viewer that looks often sees 30 a second, one that
        looks rarely sees one that is up to half a second old. A dropped run comes back.
        """
        record = self._find(token)
        if record.slot is None:
            self.touch(token)
        slot = record.slot
        if record.unseen_since is not None and slot is not None:
            record.unseen_since = None
            slot.send(Seen(record.id))
        return record.view

    def mates(self, token: str) -> tuple[str, ...]:
        """The tokens of a run's group in the order of their opening. Raises UnknownRun."""
        with self._lock:
            group = self._registry.group(self._find(token))
            return tuple(t for t, record in self._registry.runs.items() if record in group)

    def views(self, tokens: Sequence[str]) -> list[RunView]:
        """The runs at one moment, see `view`: those of a group that go on show the same update.

        Raises UnknownRun.
        """
        with self._lock:
            return [self.view(token) for token in tokens]

    def touch(self, token: str) -> None:
        """Somebody watches this run: renew its group's leases, wake it. Raises UnknownRun."""
        with self._registry_to_change() as registry:
            registry.wake_group(self._find(token))

    def leave(self, token: str) -> None:
        """Nobody watches this run any more: pause it at once, keep it. Raises UnknownRun."""
        with self._registry_to_change() as registry:
            registry.sleep(self._find(token))

    def close(self, token: str) -> None:
        """Forget this run. Raises UnknownRun."""
        with self._registry_to_change() as registry:
            self._find(token)
            registry.forget(token)

    def checkpoint(self, token: str) -> bytes | None:
        """The newest checkpoint of a run, None before the first. Raises UnknownRun."""
        path = self._pool.checkpoint(self._find(token).id)
        return path.read_bytes() if path.exists() else None

    def tape(self, token: str) -> tuple[int, ...]:
        """The updates of recorded pictures, evenly over the run, newest last. Raises UnknownRun."""
        return self._find(token).view.tape

    def recorded(self, token: str, step: int) -> Snapshot | None:
        """The recorded picture nearest at or before `step`, with its own past; None without one.

        Raises UnknownRun.
        """
        with self._lock:
            return self._find(token).recorded(step)

    def stats(self) -> dict[str, Any]:
        """Workers (pid, gpu, ready, runs), runs by token (state, worker, step), and the folder."""
        with self._lock:
            return self._registry.stats()

    @contextmanager
    def _registry_to_change(self) -> Iterator[Registry]:
        """The registry, under the lock; after the act, seats are given anew."""
        with self._lock:
            yield self._registry
            if self.running:
                self._registry.seat()

    def _require_running(self) -> None:
        if not self.running:
            raise RuntimeError("the hub is not running")

    def _find(self, token: str) -> RunRecord:
        record = self._registry.runs.get(token) if self.running else None
        if record is None:
            raise UnknownRun("no run has this token")
        return record

    def _hear(self, slot: Slot, message: Ready | Report) -> None:
        if isinstance(message, Ready):
            with self._lock:
                slot.opened()
            return
        report = read_only(message)
        with self._lock:
            record = self._registry.find(report.run_id, slot)
            if record is None:
                return
            if record.take(report) and record.wants_play:
                record.wants_play = False
                self._registry.seat()
            self._registry.reveal(record)

    def _lose(self, slot: Slot) -> None:
        with self._registry_to_change() as registry:
            if self._ended.is_set():
                return
            log.warning("worker %d has died, its runs go on from their checkpoints", slot.pid)
            registry.bury(slot)
            registry.staff()

    def _keep_house(self) -> None:
        shortest = min(self.limits.lease_seconds, self.limits.turn_seconds)
        while not self._ended.wait(min(MAX_TICK, max(MIN_TICK, shortest / 5))):
            with self._registry_to_change() as registry:
                if self.running:  # else stop() came in between
                    registry.keep_house()


_hub: Hub | None = None
_hub_lock = threading.Lock()


def hub() -> Hub:
    """The hub of this process, started on first use and stopped at exit."""
    global _hub
    with _hub_lock:
        if _hub is None or not _hub.running:
            _hub = Hub()
            _hub.start()
        return _hub
