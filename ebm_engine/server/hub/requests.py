"""What users ask for: a new run, or a command to a run and to those in lockstep with it.

All functions are called under the hub's lock.
"""

from __future__ import annotations

from contextlib import nullcontext

from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.server.commands import Change, Command, Fork, Pause, Play, Reset, Rewind, Step
from ebm_engine.server.hub.registry import Registry
from ebm_engine.server.hub.run_record import RunRecord
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError


def carry_out(registry: Registry, record: RunRecord, command: Command) -> None:
    """Send a command to a run and to its group.

    Change is for one run alone. Reset with a spec gives it to one run and starts the others again
    as they are; all other commands go to all alike. Raises HubFull when a dropped run of the group
    finds no room; nothing is sent then.
    """
    alone = isinstance(command, Change)
    members = [record] if alone else registry.group(record)
    for member in members:
        registry.wake(member)
    revives = isinstance(command, Reset)
    able = [member for member in members if revives or not member.given_up]
    # As one, or a run of the group would go on between two of them.
    with record.slot.together() if record.slot else nullcontext():
        _set_out(registry, able, command)
        for member in able:
            _send(registry, member, Reset() if revives and member is not record else command)


def _set_out(registry: Registry, members: list[RunRecord], command: Command) -> None:
    """Note what the user wants, and seat the runs accordingly."""
    for member in members:
        member.notice = ""
        if isinstance(command, Reset | Change | Rewind):
            member.forgive()
    if isinstance(command, Play | Pause | Step):
        wanted = isinstance(command, Play)
    elif isinstance(command, Reset | Rewind):
        wanted = any(member.wants_play for member in members)  # also one that had stopped by itself
    else:
        return
    for member in members:
        member.wants_play = wanted
        member.plays += isinstance(command, Play)
    registry.seat()  # a Step comes after the Pause that this may send


def _send(registry: Registry, record: RunRecord, command: Command) -> None:
    match command:
        case Play():
            pass  # sent with the seat
        case Change(spec) if needs_reset(record.spec, spec):
            record.notice = "not changed: this setting needs a reset of the run"
        case Reset(spec) if not record.fits(spec or record.spec):
            registry.reset(record, spec or record.spec)
        case _:
            record.send(command)


def begin(registry: Registry, spec: RunSpec, *, play: bool, group: str = "") -> str:
    """A run that starts at update 0."""
    token, record = registry.register(spec, play=play, group=group)
    registry.place(record, restore=False)
    return token


def admit(registry: Registry, spec: RunSpec, content: bytes, *, play: bool) -> str:
    """A run that goes on from a checkpoint; raises CheckpointError when it cannot be kept."""
    token, record = registry.register(spec, play=play)
    try:
        registry.keep(record, content)
    except OSError as error:
        del registry.runs[token]
        raise CheckpointError(f"the file could not be kept: {error.strerror}") from None
    registry.place(record, restore=True)
    return token


def branch(
    registry: Registry, parent: RunRecord, step: int, spec: RunSpec | None, *, play: bool
) -> str:
    """A run that starts as `parent` was at update `step`, and goes on with `spec` if given.

    Raises ValueError when that update is not recorded, and SpecError when `spec` needs a reset.
    """
    present = parent.spec_at(step)
    if parent.slot is None:
        raise ValueError(f"update {step} cannot be reached: the run has no worker any more")
    if spec is not None and needs_reset(present, spec):
        raise SpecError("no branch: this change needs a reset of the run")
    registry.wake(parent)  # else it might have to make room
    token, record = registry.register(spec or present, play=play)
    record.fork, record.until = Fork(parent.id, step), step
    record.speed, record.tape = parent.speed, parent.tape.until(step)
    record.place(parent.slot, restore=True)
    return token
