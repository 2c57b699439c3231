"""Arrivals: how a new run comes to the roster: from a spec, from a file or from another run.

All functions are called under the hub's lock, return the token of the new run and raise HubFull.
"""

from __future__ import annotations

from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.server.commands import Fork
from ebm_engine.server.hub.registry import Roster
from ebm_engine.server.hub.run_record import Record
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError


def begin(roster: Roster, spec: RunSpec, *, play: bool, group: str = "") -> str:
    """A run that starts at update 0."""
    token, record = roster.enrol(spec, play=play, group=group)
    roster.place(record, restore=False)
    return token


def admit(roster: Roster, spec: RunSpec, content: bytes, *, play: bool) -> str:
    """A run that goes on from a checkpoint; raises CheckpointError when it cannot be kept."""
    token, record = roster.enrol(spec, play=play)
    try:
        roster.keep(record, content)
    except OSError as error:
        del roster.runs[token]
        raise CheckpointError(f"the file could not be kept: {error.strerror}") from None
    roster.place(record, restore=True)
    return token


def branch(roster: Roster, parent: Record, step: int, spec: RunSpec | None, *, play: bool) -> str:
    """A run that starts as `parent` was at update `step`, and goes on with `spec` if given.

    Raises ValueError when that update is not recorded, and SpecError when `spec` needs a reset.
    """
    present = parent.spec_at(step)
    if parent.slot is None:
        raise ValueError(f"update {step} cannot be reached: the run has no worker any more")
    if spec is not None and needs_reset(present, spec):
        raise SpecError("no branch: this change needs a reset of the run")
    roster.wake(parent)  # else it might have to make room
    token, record = roster.enrol(spec or present, play=play)
    record.fork, record.until = Fork(parent.id, step), step
    record.speed, record.tape = parent.speed, parent.tape.until(step)
    record.place(parent.slot, restore=True)
    return token
