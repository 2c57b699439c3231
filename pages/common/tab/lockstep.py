"""Ensembles: several runs of a page that go in lockstep, by update, from the same start."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ebm_engine.server.commands import Play
from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import session
from pages.common.tab.session import Held


@dataclass(frozen=True)
class Ensemble:
    """Runs side by side; `group` is what their stages look back together by."""

    group: str
    members: tuple[Held, ...]


def hold(name: str, preset: str, specs: Sequence[RunSpec], *, play: bool = True) -> Ensemble:
    """The runs of these specs in the slots of `name`; raises HubFull.

    A comparison starts alike: when a spec is another, or a run is gone, all start again. They play
    when they start and when a person comes back to the page, if `play` says so.
    """
    slots = tuple(f"{name}.{i}" for i in range(len(specs)))
    entered = session.enter(*slots)
    known = session.kept("ensembles", dict)
    found = known.get(name)
    if found is None or not _shows(found, specs):
        close(name)
        found = known[name] = _open(preset, specs, slots)
        entered = True
    for held in found.members:
        session.keep(held)
    if play and entered:
        with suppress(UnknownRun):  # the next run of the page opens it again
            hub().command(found.members[0].token, Play())
    return found


def close(name: str) -> None:
    """Forget the runs of an ensemble."""
    session.kept("ensembles", dict).pop(name, None)
    for held in session.release(f"{name}."):
        with suppress(UnknownRun):
            hub().close(held.token)


def _shows(found: Ensemble, specs: Sequence[RunSpec]) -> bool:
    """Whether these are the runs of the specs, and the server still has all of them."""
    same = [held.spec for held in found.members] == list(specs)
    return same and all(session.view(held) is not None for held in found.members)


def _open(preset: str, specs: Sequence[RunSpec], slots: Sequence[str]) -> Ensemble:
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
    return Ensemble(group, tuple(members))
