"""Session: what a browser tab holds between reruns, and the only user of `st.session_state`.

A tab holds one run per slot of a page. The truth is the RunSpec in `Held`; widgets, link and
worker follow it. A run that the server no longer knows is opened again with the same spec.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace

import streamlit as st

from ebm_engine.runs.commands import Change, Command, Play, Reset, Rewind, Speed
from ebm_engine.runs.hub import HubFull, RunView, UnknownRun, hub
from ebm_engine.runs.knobs import needs_reset
from ebm_engine.runs.spec import RunSpec, with_value
from pages.common import share
from pages.common.offers import EXPLORER, offer

NEW_SEEDS = 10_000
FULL = (
    "All places on this server are taken. Close another tab of this lab, or wait a minute and try "
    "again; the address bar keeps your settings."
)
REWIND = 50  # updates that "halve the step size" goes back


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
    link = share.ours(st.query_params.to_dict())
    if held is not None and (not link or link == held.query):
        return _keep(_alive(held))
    name, spec, problems = share.from_query(link, offer(slot))
    if held is None:
        held = Held(name, spec, hub().open(spec, play=True), slot)
    else:
        held = _move(replace(held, preset=name, edition=held.edition + 1), spec)
    return _keep(replace(held, problems=tuple(problems)))


def exhibit(slot: str, spec: RunSpec, updates_per_second: float, *, restart: bool) -> Held:
    """A run that always shows `spec` at an even pace; raises HubFull."""
    held = _all().get(slot)
    if held is None:
        held = Held("", spec, hub().open(spec, play=True), slot)
    held = _alive(held)
    commands = (Reset(spec), Play()) if restart else ()
    return _keep(_send(held, Speed(updates_per_second), *commands))


def load(slot: str, name: str) -> Held:
    """Start a page's run again from a preset."""
    held = _all()[slot]
    held = replace(held, preset=name, edition=held.edition + 1)
    return _keep(_move(held, offer(slot).presets[name].spec, restart=True))


def change(slot: str, spec: RunSpec) -> Held:
    """Give a page's run another spec: at its next update where possible, else from zero."""
    held = _all()[slot]
    return held if spec == held.spec else _keep(_move(held, spec))


def switch(slot: str, spec: RunSpec) -> Held:
    """Give a page's run a spec that no widget shows yet: they start from it again."""
    held = _all()[slot]
    return _keep(_move(replace(held, edition=held.edition + 1), spec))


def act(slot: str, name: str) -> None:
    """Carry out a button of the stage that changes the spec: 'new-seed' or 'halve-step'."""
    held = _all()[slot]
    held = replace(held, edition=held.edition + 1)
    if name == "new-seed":
        seed = (held.spec.seed + 1 + secrets.randbelow(NEW_SEEDS - 1)) % NEW_SEEDS
        _keep(_move(held, with_value(held.spec, "seed", seed)))
    elif name == "halve-step":
        smaller = with_value(held.spec, "sampler.step_size", held.spec.sampler.step_size / 2)
        _keep(_send(replace(held, spec=smaller), Rewind(REWIND), Change(smaller), Play()))


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


def write_link(held: Held) -> None:
    """Make the address bar hold the run; parameters that are not ours stay."""
    query = share.to_query(held.preset, held.spec)
    present = st.query_params.to_dict()
    if share.ours(present) != query:
        others = {k: v for k, v in present.items() if k in share.FOREIGN}
        st.query_params.from_dict(others | query)
    _keep(replace(held, query=query))


def _all() -> dict[str, Held]:
    return st.session_state.setdefault("held", {})


def _keep(held: Held) -> Held:
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


def _move(held: Held, spec: RunSpec, *, restart: bool = False) -> Held:
    """The run with another spec, told to the worker; problems of an old link are forgotten."""
    command = Reset(spec) if restart or needs_reset(held.spec, spec) else Change(spec)
    return _send(replace(held, spec=spec, problems=()), command)


def _send(held: Held, *commands: Command) -> Held:
    """The run after the commands; one that is gone is opened again when the page next runs."""
    try:
        for command in commands:
            hub().command(held.token, command)
    except UnknownRun:
        return held
    except HubFull:
        return replace(held, problems=(FULL,))
    return held


def _leave(token: str) -> None:
    with suppress(UnknownRun):
        hub().leave(token)


@st.cache_resource(scope="session", on_release=_leave, show_spinner=False)
def _watch(token: str) -> str:
    """Pause the run as soon as the tab is closed or lost; the lease covers what this misses."""
    return token
