"""Commands to a run, and the messages that carry them between the server and its workers.

A person's commands are Play, Pause, Step, Speed, Limit, Reset, Change and Rewind. Open, Do, Seen,
Close, Together and Stop go from the server to a worker; Ready and Report come back. Importing this
module never loads torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.spec.run_spec import RunSpec

MAX_COUNT = 100_000


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"count = {count}, allowed are 1 to {MAX_COUNT} updates")


@dataclass(frozen=True)
class Play:
    """Go on by itself from here."""


@dataclass(frozen=True)
class Pause:
    """Stop after the present update; updates that a Step still owes are cancelled."""


@dataclass(frozen=True)
class Step:
    """Stop playing and make exactly `count` updates; several Steps add up."""

    count: int = 1

    def __post_init__(self) -> None:
        _check_count(self.count)


@dataclass(frozen=True)
class Speed:
    """Play at no more than this many updates per second; None means as fast as possible."""

    updates_per_second: float | None = None

    def __post_init__(self) -> None:
        speed = self.updates_per_second
        if speed is not None and not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"updates_per_second = {speed}, it must be above 0 or None")


@dataclass(frozen=True)
class Limit:
    """Stand still at this update, as if paused, and make none beyond it; None means go on freely.

    A run that is past it already makes no more.
    """

    until: int | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < 0:
            raise ValueError(f"until = {self.until}, it must be 0 or more, or None")


@dataclass(frozen=True)
class Reset:
    """Start again at update 0, from a new spec when one is given."""

    spec: RunSpec | None = None


@dataclass(frozen=True)
class Change:
    """Use this spec from the next update on; a field that needs a reset is refused."""

    spec: RunSpec


@dataclass(frozen=True)
class Rewind:
    """Go back by `count` updates, to update 0 at most."""

    count: int = 50

    def __post_init__(self) -> None:
        _check_count(self.count)


Command = Play | Pause | Step | Speed | Limit | Reset | Change | Rewind


@dataclass(frozen=True)
class Fork:
    """Where a branched run comes from: update `step` of the run `parent` of the same worker."""

    parent: int
    step: int


@dataclass(frozen=True)
class Open:
    """Take a run in: from its last checkpoint when `restore` is set, else from the spec.

    `seq` numbers the last command that is already part of it; `until` is the update that a Step
    still has to reach (0 = none), `limit` the one that it does not go beyond (None = none). Runs of
    one `group` that is not "" go in lockstep. A run with a `fork` starts there when it has no
    checkpoint yet, and goes on with `spec`.
    """

    run_id: int
    spec: RunSpec
    restore: bool
    playing: bool
    speed: float | None
    seq: int
    until: int
    limit: int | None = None
    group: str = ""
    fork: Fork | None = None


@dataclass(frozen=True)
class Do:
    """The command number `seq` to one run."""

    run_id: int
    seq: int
    command: Command


@dataclass(frozen=True)
class Seen:
    """The last picture of this run was looked at: the next one is useful."""

    run_id: int


@dataclass(frozen=True)
class Close:
    """Let go of a run; its checkpoint stays when `keep` is set."""

    run_id: int
    keep: bool


@dataclass(frozen=True)
class Together:
    """Messages that a worker takes in before it works on."""

    messages: tuple[Open | Do | Seen | Close, ...]


@dataclass(frozen=True)
class Stop:
    """End the worker."""


@dataclass(frozen=True)
class Ready:
    """The worker has loaded everything and takes runs."""


@dataclass(frozen=True)
class Report:
    """The state of one run after command number `seq`; `snapshot` is None when there is no run.

    `stopped` tells that the run does not go on (it diverged, failed or stands at its limit).
    `notice` is one sentence of news, or "".
    """

    run_id: int
    seq: int
    spec: RunSpec
    step: int
    until: int
    stopped: bool
    notice: str
    snapshot: Snapshot | None
