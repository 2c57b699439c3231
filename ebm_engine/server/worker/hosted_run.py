"""A run inside its worker: what it still has to do, its checkpoints and its reports.

Nothing that a run does can end the worker: a run that fails stops, with the reason as its notice.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server import commands
from ebm_engine.server.commands import Command, Do, Open, Report
from ebm_engine.server.worker.backup import Backup
from ebm_engine.server.worker.rate import Rate
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError

SLICE = 0.008  # seconds of work before another run has its turn
PICTURE_GAP = 1 / 30  # seconds between the pictures of a run that plays
PICTURE_SHARE = 0.2  # of the worker's time, at most, goes into pictures
COST_MEMORY = 0.1  # weight of the newest picture in the mean cost

NO_PARENT = "the run to branch from is gone, reset this one to begin anew"
NO_RUN_NEEDED = commands.Reset | commands.Pause | commands.Speed | commands.Limit

log = logging.getLogger(__name__)


class HostedRun:
    """One run with its commands, its pace, its backup and its next report."""

    def __init__(self, opened: Open, path: Path, parent: HostedRun | None = None) -> None:
        """`parent` is the run that this one is forked from, where it is."""
        self.run: Run | None = None
        self.group = opened.group
        self._id, self._spec, self._seq = opened.run_id, opened.spec, opened.seq
        self._playing, self._until, self._speed = opened.playing, opened.until, opened.speed
        self._limit = opened.limit
        self._backup = Backup(path)
        self._next_update = 0.0
        self._lead = 0  # the update that others of the group have reached
        self._waits = False  # for others of the group
        self._failed = False
        self._notice = ""
        self._urgent = True  # the next report does not wait
        self._changed = False  # there is something new to show
        self._seen = True  # the last picture has been looked at
        self._next_picture = self._cost = 0.0
        self._rate = Rate()
        self._fork = opened.fork
        self._begin: Callable[[], Run] = self._restore if opened.restore else self._build
        if opened.fork and not path.exists():
            self._attempt(self._branch, parent, opened.fork.step)
        else:
            self._attempt(self._begin)

    @property
    def step(self) -> int:
        """The update that the run has reached; 0 while there is no run."""
        return self.run.step if self.run else 0

    @property
    def stopped(self) -> bool:
        """Whether the run cannot go on: it failed or diverged."""
        return self._failed or self.run is None or self.run.divergence is not None

    @property
    def busy(self) -> bool:
        """Whether there is work to do, now or as soon as others of the group have done theirs."""
        if self.stopped or self._at_limit:
            return False
        return self._playing or self.step < max(self._until, self._lead)

    @property
    def due(self) -> float:
        """When the next update is due, in seconds of perf_counter; inf when there is none."""
        if self._waits or not self.busy:
            return math.inf
        behind = self.step < max(self._until, self._lead)
        return 0.0 if behind else self._next_update

    @property
    def report_due(self) -> float:
        """When the next report is due, in seconds of perf_counter; inf when none is useful."""
        if self._urgent:
            return 0.0
        return self._next_picture if self._changed and self._seen else math.inf

    def seen(self) -> None:
        """The last picture has been looked at: the next one is useful."""
        self._seen = True

    def align(self, slowest: int, furthest: int) -> None:
        """Go in lockstep with a group whose living runs stand at these updates."""
        self._lead, self._waits = furthest, self.step > slowest

    def work(self) -> None:
        """Go on for one slice of time, or one update when that takes longer or others follow."""
        self._attempt(self._advance)

    def obey(self, do: Do) -> None:
        """Carry out one command; the report on it is due at once."""
        self._seq, self._urgent = do.seq, True
        self._attempt(self._carry_out, do.command)

    def report(self) -> Report:
        """The present state, as news for the server."""
        snapshot = self._attempt(self._picture, self.run) if self.run else None
        notice, self._notice = self._notice, ""
        self._urgent = self._changed = self._seen = False
        ended = self.stopped or self._at_limit
        state = (self._spec, self.step, self._until, ended)
        return Report(self._id, self._seq, *state, notice, snapshot)

    def reported(self, cost: float, busy: int) -> None:
        """The report took `cost` seconds; `busy` runs share this worker.

        What counts is the mean cost: one picture in ten of a network has a new field, which costs
        more than the other nine together.
        """
        self._cost += COST_MEMORY * (cost - self._cost)
        self._next_picture = perf_counter() + max(PICTURE_GAP, self._cost * busy / PICTURE_SHARE)

    def forget(self) -> None:
        """Remove the checkpoint."""
        self._backup.remove()

    def _attempt(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Do something that may fail; the run then stops and says why."""
        try:
            return action(*arguments)
        except (SpecError, CheckpointError) as error:
            self._fail(str(error))
        except Exception as error:  # a bug or no memory: the other runs of the worker go on
            log.exception("run %d stops", self._id)
            reason = (str(error) or type(error).__name__).splitlines()[0]
            self._fail(f"stopped by an error: {reason[:200]}")
        return None

    def _fail(self, why: str) -> None:
        self._failed = self._urgent = True
        self._playing, self._until = False, 0
        self._notice = why

    def _carry_out(self, command: Command) -> None:
        if not isinstance(command, NO_RUN_NEEDED):
            self._existing()
        match command:
            case commands.Play():
                self._go(playing=True)
            case commands.Pause():
                self._playing, self._until = False, 0
                self._save()
            case commands.Step(count):
                self._go(playing=False)
                self._until = max(self._until, self.step) + count
                if self._limit is not None:
                    self._until = min(self._until, self._limit)
            case commands.Speed(updates_per_second):
                self._speed, self._next_update = updates_per_second, perf_counter()
            case commands.Limit(until):
                self._limit = until
            case commands.Reset(spec):
                self._spec = spec or self._spec
                self._go(playing=self._playing)
                self._begin = self._build
                self._build()
            case commands.Change(spec):
                self._change(spec)
            case commands.Rewind(count):
                self._existing().rewind(count)
                self._go(playing=self._playing)
                self._save()

    def _go(self, *, playing: bool) -> None:
        self._failed = False
        self._playing = playing
        self._next_update = perf_counter()
        self._rate.restart()

    def _change(self, spec: RunSpec) -> None:
        try:
            self._existing().change(spec)
        except SpecError as error:
            self._notice = str(error)  # refused: the run goes on as it is
        else:
            self._spec = spec

    @property
    def _at_limit(self) -> bool:
        return self._limit is not None and self.step >= self._limit

    def _existing(self) -> Run:
        """The run. One that could not begin tries again, and fails with its reason unless the cause
        is gone.
        """
        return self.run or self._begin()

    def _build(self) -> Run:
        self._until = 0
        self.run = None  # gives its memory back first
        self.run = run = Run(self._spec)
        self._save()
        return run

    def _restore(self) -> Run:
        """The run of the checkpoint with the live changes made since, or else a new one."""
        self.run = run = self._backup.read()
        if run is None and self._fork:
            raise CheckpointError(NO_PARENT)
        if run is None or needs_reset(run.wanted, self._spec):
            self.run = run = Run(self._spec)
        elif run.wanted != self._spec:
            run.change(self._spec)
        self._notice = f"restored from update {run.step}"
        return run

    def _branch(self, parent: HostedRun | None, step: int) -> None:
        """The run as `parent` was at update `step`, or about to repeat its way there."""
        if parent is None or parent.run is None:
            raise CheckpointError(NO_PARENT)
        try:
            content = parent.run.fork(step, self._spec)
        except ValueError as error:
            raise CheckpointError(f"no branch: {error}") from None
        self.run = Run.load(content)
        self._save()

    def _advance(self) -> None:
        now = perf_counter()
        end = now if self.group else now + SLICE
        run = self._existing()
        while True:
            run.advance()
            self._changed = True
            if self._speed:
                self._next_update = max(self._next_update + 1 / self._speed, now)
            now = perf_counter()
            if self._backup.due(run.step, now):
                self._save()
            if not self.due <= now < end:
                break
        if math.isinf(self.due):
            self._playing, self._until, self._urgent = False, 0, True
            self._save()

    def _save(self) -> None:
        if self.run is not None and self.run.divergence is None:  # never come back to that
            self._notice = self._backup.write(self.run) or self._notice

    def _picture(self, run: Run) -> Snapshot:
        rate = self._rate.at(run.step) if self._playing else 0.0
        return run.snapshot(playing=self._playing, updates_per_second=rate, notice=self._notice)
