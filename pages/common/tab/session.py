"""Session: what a browser tab holds between reruns, and the only user of `st.session_state`.

A tab holds one run per slot of a page. The truth is the RunSpec in `Held`; widgets, link and
worker follow it. A run that the server no longer knows is opened again with the same spec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

import streamlit as st

from ebm_engine.run.past_runs import PastRuns
from ebm_engine.server.commands import Change, Command, Reset, Rewind
from ebm_engine.server.hub.hub import HubFull, RunView, UnknownRun, hub
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import link, run_link
from pages.common.tab.offers import EXPLORER, offer

FULL = (
    "All places on this server are taken. Close another tab of this lab, or wait a minute and try "
    "again; the address bar keeps your settings."
)

T = TypeVar("T")


@dataclass(frozen=True)
class Held:
    """One run of a tab.

    `slot` names the page's place for it; `edition` grows when the spec changes from anywhere but
    the widgets; `problems` are sentences about the link that led here; `query` is the link last
    written.
    """

    preset: str
    spec: RunSpec
    token: str
    slot: str = EXPLORER
    edition: int = 0
    problems: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """Part of every widget's key: with a new one the widgets start from the spec again."""
        return f"{self.preset}.{self.edition}"


def enter(*slots: str) -> bool:
    """Say which slots the page shows; the runs of all others pause. True when it was another."""
    if st.session_state.get("slots") == slots:
        return False
    st.session_state["slots"] = slots
    close_editor()
    for slot, held in _all().items():
        if slot not in slots:
            _leave(held.token)
    return True


def own(slot: str) -> Held:
    """A page's own run: as the link says if that is new, else as it was; raises HubFull."""
    held = _all().get(slot)
    given = link.given(without=run_link.NOT_A_RUN)
    if held is not None and (not given or given == held.query):
        return keep(_alive(held))
    name, spec, problems = run_link.from_query(given, offer(slot))
    if held is None:
        held = Held(name, spec, hub().open(spec, play=True), slot)
    else:
        held = move(replace(held, preset=name, edition=held.edition + 1), spec)
    return keep(replace(held, problems=tuple(problems)))


def load(slot: str, name: str) -> Held:
    """Start a page's run again from a preset."""
    restart(slot, name, offer(slot).presets[name].spec)
    return _all()[slot]


def restart(slot: str, name: str, spec: RunSpec) -> None:
    """Start a page's run again from a spec; `name` is the preset it belongs to."""
    held = _all()[slot]
    held = replace(held, preset=name, edition=held.edition + 1)
    keep(move(held, spec, restart=True))


def change(slot: str, spec: RunSpec) -> Held:
    """Give a page's run another spec: at its next update where possible, else from zero."""
    held = _all()[slot]
    return held if spec == held.spec else keep(move(held, spec))


def switch(slot: str, spec: RunSpec) -> Held:
    """Give a page's run a spec that no widget shows yet: they start from it again."""
    held = _all()[slot]
    return keep(move(replace(held, edition=held.edition + 1), spec))


def adopt(slot: str, token: str, spec: RunSpec, name: str) -> Held:
    """Put a run that the hub has already into a page's place; `name` is the preset it belongs to.

    The run that was there is given up.
    """
    before = _all().get(slot)
    if before is not None and before.token != token:
        _remember(before)
        _leave(before.token)
    edition = before.edition + 1 if before is not None else 0
    return keep(Held(name, spec, token, slot, edition))


def release(prefix: str) -> list[Held]:
    """Take the runs of all slots that begin with `prefix` out of this tab, and return them."""
    runs = _all()
    return [runs.pop(slot) for slot in list(runs) if slot.startswith(prefix)]


def kept(name: str, make: Callable[[], T]) -> T:
    """An object of this tab that outlives reruns and changes of page, made on first use."""
    objects = st.session_state.setdefault("kept", {})
    if name not in objects:
        objects[name] = make()
    return objects[name]


def past_runs(slot: str) -> PastRuns:
    """What the runs of a slot have come to in this tab."""
    return kept(f"past-runs.{slot}", PastRuns)


def open_editor() -> None:
    """Note that the editor of the target is open: it then survives every run of the page."""
    st.session_state["editor"] = True


def close_editor() -> None:
    """Note that the editor of the target is closed."""
    st.session_state["editor"] = False


def editor_is_open() -> bool:
    """Whether the editor of the target is open."""
    return st.session_state.get("editor", False)


def held(slot: str) -> Held | None:
    """The run of a slot as this tab left it, None when there never was one."""
    return _all().get(slot)


def view(held: Held) -> RunView | None:
    """What the hub knows of a run at this moment, None when it does not know it any more."""
    try:
        return hub().view(held.token)
    except UnknownRun:
        return None


def write_link(held: Held, shown: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make the address bar hold the run and what is shown; parameters that are not ours stay."""
    query = run_link.to_query(held.preset, held.spec)
    link.write({**shown, **query}, stay=link.FOREIGN)
    keep(replace(held, query=query))


def _all() -> dict[str, Held]:
    return st.session_state.setdefault("held", {})


def keep(held: Held) -> Held:
    """Note a run in its slot of this tab, watched until the tab is gone."""
    _watch(held.token)
    _all()[held.slot] = held
    return held


def _alive(held: Held) -> Held:
    """The run as the hub has it (its worker may have refused a change), opened again if gone."""
    now = view(held)
    if now is None:
        return replace(held, token=hub().open(held.spec, play=True))
    if now.spec != held.spec:
        return replace(held, spec=now.spec, edition=held.edition + 1)
    return held


def move(held: Held, spec: RunSpec, *, restart: bool = False) -> Held:
    """The run with another spec, and the worker's too; problems of an old link are forgotten."""
    command = Reset(spec) if restart or needs_reset(held.spec, spec) else Change(spec)
    return send(replace(held, spec=spec, problems=()), command)


def send(held: Held, *commands: Command) -> Held:
    """The run after the commands; one that is gone is opened again when the page next runs."""
    if any(isinstance(command, Reset | Change | Rewind) for command in commands):
        _remember(_all().get(held.slot, held))
    try:
        for command in commands:
            hub().command(held.token, command)
    except UnknownRun:
        return held
    except HubFull:
        return replace(held, problems=(FULL,))
    return held


def _remember(held: Held) -> None:
    """Note how far a run came among the past runs, except for the demo runs, without a preset."""
    now = view(held)
    if held.preset and now is not None and now.snapshot is not None:
        past_runs(held.slot).put(held.preset, now.snapshot)


def _leave(token: str) -> None:
    with suppress(UnknownRun):
        hub().leave(token)


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _watch(token: str) -> str:
    """Pause the run as soon as the tab is closed or lost; the lease covers what this misses."""
    return token


NO_MODEL = "The first checkpoint of this run is on its way; try again after 100 updates."


def checkpoint(held: Held) -> bytes:
    """The newest checkpoint of a run, b"" when there is none."""
    with suppress(UnknownRun):
        return hub().checkpoint(held.token) or b""
    return b""
