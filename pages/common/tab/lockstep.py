"""Several runs of a page that go in lockstep, by update, from the same start."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ebm_engine.server.commands import Play, Reset, Speed
from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import session
from pages.common.tab.session import Held


@dataclass(frozen=True)
class LockstepRuns:
    """Runs side by side; stages of one `group` show the past together."""

    group: str
    members: tuple[Held, ...]


def hold(
    name: str,
    preset: str,
    specs: Sequence[RunSpec],
    *,
    play: bool = True,
    anew: bool = False,
    pace: float | None = None,
) -> LockstepRuns:
    """The runs of these specs in the slots of `name`; raises HubFull.

    They start together, at `pace` updates per second (None: as fast as possible): when a spec has
    changed or a run is gone, all start again. With `play` they play when they start and when a
    person comes back to the page, with `anew` from update 0 then.
    """
    slots = tuple(f"{name}.{i}" for i in range(len(specs)))
    entered = session.enter(*slots)
    known = session.kept("lockstep", dict)
    runs = known.get(name)
    if runs is None or not _are_of(runs, specs):
        close(name)
        runs = known[name] = _open(preset, specs, slots)
        hub().command(runs.members[0].token, Speed(pace))
        entered = True
    for held in runs.members:
        session.keep(held)
    if play and entered:
        with suppress(UnknownRun):  # the next run of the page opens it again
            for command in (Reset(), Play()) if anew else (Play(),):
                hub().command(runs.members[0].token, command)
    return runs


def close(name: str) -> None:
    """Close the runs of `name`, and forget them."""
    session.kept("lockstep", dict).pop(name, None)
    for held in session.release(f"{name}."):
        with suppress(UnknownRun):
            hub().close(held.token)


def _are_of(runs: LockstepRuns, specs: Sequence[RunSpec]) -> bool:
    """Whether these are the runs of the specs, and the server still has all of them."""
    same = [held.spec for held in runs.members] == list(specs)
    return same and all(session.view(held) is not None for held in runs.members)


def _open(preset: str, specs: Sequence[RunSpec], slots: Sequence[str]) -> LockstepRuns:
    """New runs, none of which has begun: all of them, or none where there is no room."""
    group = secrets.token_urlsafe(8)
    members: list[Held] = []
    try:
        for slot, spec in zip(slots, specs, strict=True):
            token = hub().open(spec, play=False, group=group)
            members.append(Held(preset, spec, token, slot))
    except HubFull:
        for held in members:
            hub().close(held.token)
        raise
    return LockstepRuns(group, tuple(members))
