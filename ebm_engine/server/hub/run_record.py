"""What the hub knows of one run: its user's wishes, its worker's news, the state of its lease."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import (
    Change,
    Command,
    Do,
    Fork,
    Limit,
    Open,
    Pause,
    Play,
    Report,
    Reset,
    Speed,
)
from ebm_engine.server.hub.pool import Slot
from ebm_engine.server.hub.tape import Tape
from ebm_engine.spec.edit import with_changes
from ebm_engine.spec.run_spec import RunSpec

MAX_DEATHS = 3


@dataclass(frozen=True)
class RunView:
    """What a viewer sees of a run.

    snapshot: the newest picture, None before the first; version: grows with every new picture and
    every change of status; spec and playing: as wanted; queue_position: place among the runs that
    wait for a seat, 0 = not waiting; notice: one sentence of news, or ""; speed: the cap in updates
    per second, None for as fast as possible; tape: the updates of the recorded pictures, newest
    last; plays: how often play was asked of this run.
    """

    snapshot: Snapshot | None
    version: int
    spec: RunSpec
    playing: bool
    queue_position: int
    notice: str
    speed: float | None = None
    tape: tuple[int, ...] = ()
    plays: int = 0


@dataclass(eq=False)
class RunRecord:
    """The hub's side of one run; all changes happen under the hub's lock."""

    id: int
    spec: RunSpec
    wants_play: bool
    group: str = ""  # runs of one group go in lockstep
    fork: Fork | None = None  # where it comes from, until its worker has begun it
    slot: Slot | None = None  # None: not in any worker
    seated: bool = False  # has a seat, so its worker plays it
    queue_position: int = 0
    speed: float | None = None
    limit: int | None = None
    plays: int = 0
    touched_at: float = field(default_factory=time.monotonic)
    asleep: bool = False  # nobody watches
    given_up: bool = False  # killed its worker too often
    notice: str = ""
    snapshot: Snapshot | None = None
    waiting: Snapshot | None = None  # newer, until the others of the group have come as far
    halted: bool = False  # stopped by itself: the others of the group go on without it
    unseen_since: float | None = None  # when the newest picture came, until somebody looks
    step: int = 0
    until: int = 0  # the update that a Step has still to reach
    view: RunView = field(init=False)
    tape: Tape = field(default_factory=Tape)
    _seq: int = 0
    _unconfirmed: deque[Do] = field(default_factory=deque)
    _deaths: int = 0
    _died_at: int = -1

    def __post_init__(self) -> None:
        self.view = RunView(None, 0, self.spec, self.wants_play, 0, "")

    @property
    def state(self) -> str:
        """One word or two for where the run is."""
        if self.given_up:
            return "given up"
        if self.slot is None:
            return "dropped"
        if self.asleep:
            return "asleep"
        if self.seated:
            return "playing"
        return "waiting" if self.wants_play else "paused"

    def fits(self, spec: RunSpec) -> bool:
        """Whether the present worker can take this spec."""
        return self.slot is not None and self.slot.gpu == (spec.device != "cpu")

    def place(self, slot: Slot, *, restore: bool) -> None:
        """Give the run to a worker, with the commands that its last one may not have seen."""
        self.slot = slot
        wishes = (self.seated, self.speed, self._seq, self.until, self.limit)
        slot.send(Open(self.id, self.spec, restore, *wishes, self.group, self.fork))
        pending = [do.command for do in self._unconfirmed]
        self._unconfirmed.clear()
        for command in pending:
            self.send(command)

    def send(self, command: Command) -> None:
        """Pass a command on to the worker; it is kept until the worker confirms it."""
        self._seq += 1
        do = Do(self.id, self._seq, command)
        if isinstance(command, Change | Reset):
            self.spec = command.spec or self.spec
        if isinstance(command, Reset):
            self._unconfirmed.clear()  # a new worker begins with this reset, from the newest spec
        elif isinstance(command, Speed):
            self.speed = command.updates_per_second
        elif isinstance(command, Limit):
            self.limit = command.until
        if not isinstance(command, Play | Pause | Speed | Limit):  # these are part of Open
            self._unconfirmed.append(do)
        if self.slot is not None:
            self.slot.send(do)

    def take(self, report: Report) -> bool:
        """Take in the worker's news; whether the run has stopped by itself."""
        while self._unconfirmed and self._unconfirmed[0].seq <= report.seq:
            self._unconfirmed.popleft()
        self.step, self.until = report.step, report.until
        self.notice = report.notice or self.notice
        self.halted = report.stopped and not (self.limit is not None and self.step >= self.limit)
        if report.snapshot is not None:
            self.fork = None
            self.waiting = report.snapshot
        self.unseen_since = time.monotonic()
        if report.seq < self._seq:
            return False  # newer commands are on their way: their report decides
        self.spec = report.spec
        return report.stopped

    @property
    def newest(self) -> Snapshot | None:
        """The newest picture, be it shown or not."""
        return self.waiting or self.snapshot

    def reveal(self) -> None:
        """Show the newest picture."""
        if self.waiting is not None:
            self.snapshot, self.waiting = self.waiting, None
            self.tape.add(self.snapshot)

    def died(self) -> bool:
        """Note that the run killed its worker; whether that is once too often."""
        progress = self.step > self._died_at
        self._deaths = 1 if progress else self._deaths + 1
        self._died_at = max(self.step, self._died_at)
        return self._deaths >= MAX_DEATHS

    def forgive(self) -> None:
        """Count deaths from 0 again."""
        self._deaths, self._died_at = 0, -1

    def restart(self, run_id: int, spec: RunSpec) -> None:
        """Become a new run, in the place of the old one."""
        self.id, self.spec = run_id, spec
        self.step = self.until = 0
        self.fork = None
        self.tape.clear()
        self.forgive()
        self._unconfirmed.clear()
        self.given_up = self.seated = self.halted = False
        self.waiting = None

    def publish(self) -> None:
        """Renew the view when there is something new in it."""
        old = self.view
        news = (self.spec, self.wants_play, self.queue_position, self.notice, self.speed)
        same = (old.spec, old.playing, old.queue_position, old.notice, old.speed) == news
        if not same or old.snapshot is not self.snapshot or old.plays != self.plays:
            tape = self.tape.steps
            self.view = RunView(self.snapshot, old.version + 1, *news, tape, self.plays)

    def recorded(self, step: int) -> Snapshot | None:
        """The recorded picture nearest at or before `step`, None where there is none."""
        return self.tape.at(step, self.snapshot) if self.snapshot else None

    def spec_at(self, step: int) -> RunSpec:
        """The spec that the run had at update `step`. Raises ValueError when it was not there."""
        picture, newest = self.recorded(step), self.newest
        if picture is None or newest is None or step > max(self.step, newest.step):
            raise ValueError(f"update {step} of this run is not recorded")
        later = [c for c in newest.changes if picture.step <= c[0] <= step]
        return with_changes(picture.spec, later)


def read_only(report: Report) -> Report:
    """The report with its picture made read-only again: arrays lose that on their way."""
    if report.snapshot is None:
        return report
    return replace(report, snapshot=replace(report.snapshot))
