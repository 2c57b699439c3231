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

from ebm_engine.runs.commands import (
    Change,
    Command,
    Pause,
    Play,
    Ready,
    Report,
    Reset,
    Rewind,
    Seen,
    Step,
)
from ebm_engine.runs.knobs import needs_reset
from ebm_engine.runs.limits import Limits
from ebm_engine.runs.pool import Pool, Slot
from ebm_engine.runs.record import Record, RunView, read_only
from ebm_engine.runs.roster import HubFull, Roster
from ebm_engine.runs.spec import RunSpec

__all__ = ["Hub", "HubFull", "RunView", "UnknownRun", "hub"]

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

    def open(self, spec: RunSpec, *, play: bool) -> str:
        """Take in a new run and return its token. Raises HubFull when there is no room."""
        with self._lock:
            if not self.running:
                raise RuntimeError("the hub is not running")
            token = self._roster.add(spec, play=play)
            self._roster.seat()
        return token

    def command(self, token: str, command: Command) -> None:
        """Carry out a command; what comes of it is seen in the next views.

        Raises UnknownRun, and HubFull when a dropped run finds no room.
        """
        with self._lock:
            record = self._find(token)
            self._roster.wake(record)
            if not record.given_up or isinstance(command, Reset):
                record.notice = ""
                self._carry_out(record, command)
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
        """Somebody watches this run: renew its lease, wake it if it slept. Raises UnknownRun."""
        with self._lock:
            record = self._find(token)
            try:
                self._roster.wake(record)
            except HubFull as error:
                record.notice = str(error)
            self._roster.seat()

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

    def stats(self) -> dict[str, Any]:
        """Workers (pid, gpu, ready, runs), runs by token (state, worker, step), and the folder."""
        with self._lock:
            return self._roster.stats()

    def _find(self, token: str) -> Record:
        record = self._roster.runs.get(token) if self.running else None
        if record is None:
            raise UnknownRun("no run has this token")
        return record

    def _carry_out(self, record: Record, command: Command) -> None:
        if isinstance(command, Reset | Change | Rewind):
            record.forgive()
        if isinstance(command, Play | Pause | Step):
            record.wants_play = isinstance(command, Play)
            self._roster.seat()  # a Step comes after the Pause that this may send
        match command:
            case Play():
                pass  # sent with the seat
            case Change(spec) if needs_reset(record.spec, spec):
                record.notice = "not changed: this setting needs a reset of the run"
            case Reset(spec) if not record.fits(spec or record.spec):
                self._roster.reset(record, spec or record.spec)
            case _:
                record.send(command)

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
                    self._roster.check_leases()
                    self._roster.staff()
                    self._roster.seat()


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
