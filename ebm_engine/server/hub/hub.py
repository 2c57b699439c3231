"""The hub: owner of all runs of the server, whose work is done in worker processes.

Everybody who holds a run's token (128 random bits) may watch and control it. A run that nobody
watches pauses, later leaves memory, and comes back from its checkpoint when somebody looks again.
Importing this module never loads torch.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from typing import Any

from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import Command, Ready, Report, Seen
from ebm_engine.server.hub import requests
from ebm_engine.server.hub.pool import Pool, Slot
from ebm_engine.server.hub.registry import HubFull, Roster
from ebm_engine.server.hub.requests import carry_out
from ebm_engine.server.hub.run_record import Record, RunView, read_only
from ebm_engine.server.limits import Limits
from ebm_engine.spec.run_spec import RunSpec

__all__ = ["CheckpointError", "Hub", "HubFull", "RunView", "UnknownRun", "hub"]

MAX_TICK, MIN_TICK = 0.25, 0.02  # seconds between two looks at leases and turns

log = logging.getLogger(__name__)


class UnknownRun(KeyError):  # noqa: N818 - names what the token is
    """No run has this token: it was closed, has expired or never existed."""


class Hub:
    """All runs, by token; its methods may be called from any thread."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits.from_environment()
        self._lock = threading.RLock()
        self._pool: Pool | None = None
        self._roster: Roster | None = None
        self._ended = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the hub has been started and not yet stopped."""
        return self._roster is not None and not self._ended.is_set()

    def start(self) -> None:
        """Start the workers, so that they are ready before the first run; only the first time."""
        with self._lock:
            if self._roster is not None:
                return
            self._pool = Pool(self.limits.workers, self._hear, self._lose)
            self._roster = Roster(self.limits, self._pool)
            self._roster.staff()
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
        with self._lock:
            self._require_running()
            token = requests.begin(self._roster, spec, play=play, group=group)
            self._roster.seat()
        return token

    def branch(
        self, token: str, step: int, spec: RunSpec | None = None, *, play: bool = False
    ) -> str:
        """Take in a new run that starts as this one was at update `step`, and return its token.

        It repeats the updates since the last point kept before, with the same bits, and then goes
        on with `spec` if given. Raises UnknownRun, HubFull, ValueError when `step` is not recorded,
        and SpecError when `spec` needs a reset.
        """
        with self._lock:
            parent = self._find(token)
            branch = requests.branch(self._roster, parent, step, spec, play=play)
            self._roster.seat()
        return branch

    def admit(self, content: bytes, *, play: bool = False) -> str:
        """Take in a new run that goes on from a checkpoint file, and return its token.

        Raises HubFull, and CheckpointError or SpecError with one sentence on anything wrong with
        the file; a tensor that does not fit is told by the notice of the run.
        """
        spec = checkpoint_file.admit(content)
        with self._lock:
            self._require_running()
            token = requests.admit(self._roster, spec, content, play=play)
            self._roster.seat()
        return token

    def command(self, token: str, command: Command) -> None:
        """Carry out a command; what comes of it is seen in the next views.

        To a run of a group, Change is for this run, Reset starts all again, this run with the new
        spec, and all other commands are for all of it. Raises UnknownRun, and HubFull when a
        dropped run finds no room.
        """
        with self._lock:
            carry_out(self._roster, self._find(token), command)
            self._roster.seat()

    def view(self, token: str) -> RunView:
        """The run as it was last heard of, without waiting. Raises UnknownRun.

        Looking asks for the next picture, so who looks often sees 30 a second; who looks rarely
        sees one that is up to half a second old. A dropped run comes back.
        """
        record = self._find(token)
        if record.slot is None:
            self.touch(token)
        slot = record.slot
        if record.unseen_since is not None and slot is not None:
            record.unseen_since = None
            slot.send(Seen(record.id))
        return record.view

    def touch(self, token: str) -> None:
        """Somebody watches this run: renew its group's leases, wake it. Raises UnknownRun."""
        with self._lock:
            self._roster.watch(self._find(token))

    def leave(self, token: str) -> None:
        """Nobody watches this run any more: pause it at once, keep it. Raises UnknownRun."""
        with self._lock:
            record = self._find(token)
            self._roster.sleep(record)
            self._roster.seat()

    def close(self, token: str) -> None:
        """Forget this run. Raises UnknownRun."""
        with self._lock:
            self._find(token)
            self._roster.forget(token)
            self._roster.seat()

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
            return self._roster.stats()

    def _require_running(self) -> None:
        if not self.running:
            raise RuntimeError("the hub is not running")

    def _find(self, token: str) -> Record:
        record = self._roster.runs.get(token) if self.running else None
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
            record = self._roster.find(report.run_id, slot)
            if record is None:
                return
            if record.take(report) and record.wants_play:
                record.wants_play = False
                self._roster.seat()
            record.publish()

    def _lose(self, slot: Slot) -> None:
        with self._lock:
            if self._ended.is_set():
                return
            log.warning("worker %d has died, its runs go on from their checkpoints", slot.pid)
            self._roster.bury(slot)
            self._roster.staff()
            self._roster.seat()

    def _keep_house(self) -> None:
        shortest = min(self.limits.lease_seconds, self.limits.turn_seconds)
        while not self._ended.wait(min(MAX_TICK, max(MIN_TICK, shortest / 5))):
            with self._lock:
                if self.running:  # else stop() came in between
                    self._roster.keep_house()


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
