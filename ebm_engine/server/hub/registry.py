"""The registry: all runs of the hub, where each of them is, and which of them play.

A run is awake (somebody watches), asleep (paused, still in its worker), dropped (only its
checkpoint is left) or given up (it killed its worker too often). All methods are called under the
hub's lock.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from typing import Any

from ebm_engine.server.commands import Close, Pause, Play, Seen
from ebm_engine.server.hub.fair_queue import FairQueue
from ebm_engine.server.hub.pool import Pool, Slot
from ebm_engine.server.hub.run_record import MAX_DEATHS, RunRecord
from ebm_engine.server.limits import Limits
from ebm_engine.spec.run_spec import RunSpec

UNWATCHED = "paused: nobody was watching"
UNSEEN_SECONDS = 0.25  # a picture that nobody looked at is replaced after this time


class HubFull(RuntimeError):  # noqa: N818 - a state of affairs, not a fault
    """No room for another run; the message is one sentence."""


class Registry:
    """Records by token, and the rules that move them."""

    def __init__(self, limits: Limits, pool: Pool) -> None:
        self.runs: dict[str, RunRecord] = {}
        self._limits = limits
        self._pool = pool
        self._queue = FairQueue(limits.seats, limits.turn_seconds)
        self._ids = itertools.count(1)

    def register(self, spec: RunSpec, *, play: bool, group: str = "") -> tuple[str, RunRecord]:
        """Make room for a new run; its token and its record, which is in no worker yet.

        Raises HubFull.
        """
        self._make_room()
        token = secrets.token_urlsafe(16)
        self.runs[token] = RunRecord(next(self._ids), spec, play, group)
        return token, self.runs[token]

    def place(self, record: RunRecord, *, restore: bool) -> None:
        """Give a run to a worker: that of its group, else the one with the fewest runs."""
        gpu = record.spec.device != "cpu"
        inside = [r.slot for r in self.runs.values() if r.slot is not None]
        mates = [r.slot for r in self.group(record) if r.slot is not None and r.slot.gpu == gpu]
        slot = mates[0] if mates else self._pool.choose(gpu=gpu, load=Counter(inside))
        record.place(slot, restore=restore)

    def keep(self, record: RunRecord, content: bytes) -> None:
        """Write the checkpoint that a new run goes on from. Raises OSError."""
        self._pool.checkpoint(record.id).write_bytes(content)

    def group(self, record: RunRecord) -> list[RunRecord]:
        """The runs that go in lockstep with this one, itself included."""
        if not record.group:
            return [record]
        return [other for other in self.runs.values() if other.group == record.group]

    def reveal(self, record: RunRecord) -> None:
        """Show what a worker has sent: the pictures of a group when all are of the same update.

        One that has stopped by itself does not count, nor one in another worker, which no lockstep
        holds.
        """
        if record.halted:
            record.reveal()
        mates = [r for r in self.group(record) if r.slot is record.slot and not r.halted]
        steps = {r.newest.step if r.newest is not None else -1 for r in mates}
        for mate in mates if len(steps) == 1 else ():
            mate.reveal()
            mate.publish()
        record.publish()

    def find(self, run_id: int, slot: Slot) -> RunRecord | None:
        """The run of this number, if it is in this slot."""
        matches = (r for r in self.runs.values() if r.id == run_id and r.slot is slot)
        return next(matches, None)

    def reset(self, record: RunRecord, spec: RunSpec) -> None:
        """Start a run again that cannot stay where it is: given up, or for another device."""
        if record.slot is None:
            self._make_room()
        self._leave_slot(record, keep=False)
        record.restart(next(self._ids), spec)
        self.place(record, restore=False)

    def wake(self, record: RunRecord) -> None:
        """Somebody watches; a dropped run comes back. Raises HubFull when it cannot."""
        if record.slot is None and not record.given_up:
            self._make_room()
            self.place(record, restore=True)
        record.touched_at, record.asleep = time.monotonic(), False
        if record.notice == UNWATCHED:
            record.notice = ""

    def wake_group(self, record: RunRecord) -> None:
        """Somebody watches this run: wake it and its group; one that finds no room says so."""
        for member in self.group(record):
            try:
                self.wake(member)
            except HubFull as error:
                member.notice = str(error)

    def sleep(self, record: RunRecord) -> None:
        """Nobody watches: pause, and remember whether it played."""
        record.asleep = True
        if record.wants_play:
            record.notice = UNWATCHED
        record.send(Pause())

    def forget(self, token: str) -> None:
        """Remove a run with all that belongs to it."""
        self._leave_slot(self.runs.pop(token), keep=False)

    def keep_house(self) -> None:
        """Put to sleep, drop and forget what has not been watched for too long; start workers in
        the places of those that have died.
        """
        now, limits = time.monotonic(), self._limits
        for token, record in list(self.runs.items()):
            alone = now - record.touched_at
            if record.slot is None:
                if alone > limits.drop_seconds + limits.checkpoint_seconds:
                    self.forget(token)
            elif alone > limits.drop_seconds:
                self._drop(record)
            elif alone > limits.lease_seconds and not record.asleep:
                self.sleep(record)
            elif record.unseen_since is not None and now - record.unseen_since > UNSEEN_SECONDS:
                record.unseen_since = None
                record.slot.send(Seen(record.id))
        dropped = sorted((r.touched_at, t) for t, r in self.runs.items() if r.slot is None)
        for _, token in dropped[: max(0, len(dropped) - limits.max_kept)]:
            self.forget(token)
        self.staff()

    def seat(self) -> None:
        """Decide which runs play and which wait, tell the workers, and publish what is new.

        It follows every act of the hub on the registry, see Hub._registry_to_change.
        """
        records = self.runs.values()
        heads: dict[str, int] = {}  # a group has one seat: it goes or waits as a whole
        for record in records:
            if record.group:
                heads.setdefault(record.group, record.id)
        wanting = [r for r in records if r.wants_play and not r.asleep and r.slot is not None]
        names = {r.id: heads.get(r.group, r.id) for r in wanting}
        self._queue.update(list(dict.fromkeys(names.values())), time.monotonic())
        for record in records:
            seated = names.get(record.id) in self._queue.playing
            if seated != record.seated:
                record.seated = seated
                record.send(Play() if seated else Pause())
            record.queue_position = self._queue.position(names.get(record.id, 0))
            record.publish()

    def bury(self, slot: Slot) -> None:
        """The worker of this slot has died; give up the run that keeps killing it."""
        guilty = self.find(slot.busy_with(), slot)
        slot.lost(time.monotonic())
        if guilty is None or not guilty.died():
            return
        guilty.slot, guilty.given_up, guilty.wants_play = None, True, False
        guilty.notice = (
            f"stopped at update {guilty.step}: its worker process died {MAX_DEATHS} times in a "
            "row, reset it with a smaller or simpler setting"
        )

    def staff(self) -> None:
        """Start workers in empty slots and hand them the runs of their predecessors."""
        for slot in self._pool.start_missing():
            with slot.together():
                for record in self.runs.values():
                    if record.slot is slot:
                        record.place(slot, restore=True)

    def stats(self) -> dict[str, Any]:
        """Workers and runs as plain values, see Hub.stats."""
        slots = self._pool.slots
        workers = [
            {
                "pid": slot.pid,
                "gpu": slot.gpu,
                "ready": slot.ready,
                "runs": sum(r.slot is slot for r in self.runs.values()),
            }
            for slot in slots
        ]
        runs = {
            token: {
                "state": record.state,
                "worker": slots.index(record.slot) if record.slot else None,
                "step": record.step,
            }
            for token, record in self.runs.items()
        }
        return {"workers": workers, "runs": runs, "folder": str(self._pool.folder)}

    def _make_room(self) -> None:
        inside = [r for r in self.runs.values() if r.slot is not None]
        if len(inside) < self._limits.max_runs:
            return
        asleep = [r for r in inside if r.asleep]
        if not asleep:
            raise HubFull(f"all {len(inside)} places for runs are taken, try again in some minutes")
        self._drop(min(asleep, key=lambda r: r.touched_at))

    def _drop(self, record: RunRecord) -> None:
        record.asleep = True
        record.snapshot = record.waiting = record.unseen_since = None
        record.tape.clear()
        self._leave_slot(record, keep=True)

    def _leave_slot(self, record: RunRecord, *, keep: bool) -> None:
        if record.slot is not None:
            record.slot.send(Close(record.id, keep))
        elif not keep:
            self._pool.checkpoint(record.id).unlink(missing_ok=True)
        record.slot = None
