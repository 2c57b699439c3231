"""The live stage: a canvas component that plays a run, fed by a socket or by a fragment tick.

The picture never passes through Streamlit while the socket is open. Where it cannot open (some
proxies), the browser says so and a fragment sends the frames as the component's data instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import streamlit as st

from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from pages.live.browser_messages import Allowance, read_command, read_look
from pages.live.component import component, ignore
from pages.live.frame import pack
from pages.live.packing import bundle
from pages.live.routes import TOGETHER, looked_at

Layout = Literal["full", "images", "bar", "cell", "tile"]
TICK_SECONDS = 0.2
MAX_TEXT = 200  # characters of a list of layers
MOST_CLICKS = 8  # that a browser keeps for the page


class Measured(NamedTuple):
    """What AIS found of a model: at which update, its class masses and its cross-entropy in nats,
    each with the standard error.
    """

    step: int
    masses: list[float]
    masses_se: list[float]
    cross_entropy: float
    cross_entropy_se: float


@dataclass
class Link:
    """How the browser of one session is reached, the id of the last click handled, and, without a
    socket, the recorded update that it looks at and what it may still ask for.
    """

    tick: bool = False
    handled: int = 0
    step: int | None = None
    allowance: Allowance = field(default_factory=Allowance)


class Action(NamedTuple):
    """A click that changes more than the run: step is the recorded update of a branch, layers the
    list of those that are on.
    """

    name: str
    step: int = 0
    layers: str = ""


@st.cache_resource(scope="session", show_spinner=False)
def _link(key: str) -> Link:
    return Link()


def stage(
    token: str,
    *,
    key: str,
    layout: Layout = "full",
    on_action: Callable[[Action], None] | None = None,
    measured: Measured | None = None,
    group: str = "",
    place: int = 0,
    layers: str = "",
    hidden: Sequence[str] = (),
    point: str = "",
) -> None:
    """Shows the run of `token`; `on_action` is called once per click that is not for the run alone.

    Layouts: `full` has everything, `images` the grid of images and film strips besides, `bar` only
    the transport bar with its numbers and the timeline, `cell` and `tile` one of several runs, as a
    plane or as images, without a bar. Actions: "new-seed", "halve-step", "branch" and "layers"; the
    page runs again after one. `measured` is drawn among what the run says of itself. Stages of one
    `group` show their runs at one update: the bar has the link for all, the others say by `place`
    which run is theirs. `layers`: those to begin with, as an action wrote them. `hidden`: panels of
    the scene that are not shown, with the numbers that they are about. `point` names the part that
    is marked with a hand: a strip, "plane", "images" or "transport". `?transport=tick` in the
    address forces the fallback.
    """
    link = _link(key)
    if st.query_params.get("transport") == "tick":
        link.tick = True

    look = {"layers": layers or None, "hidden": list(hidden), "group": group or None}
    led = bool(group) and layout != "bar"  # by the bar, which has the frames
    path = f"api/live/{token}/{TOGETHER}" if group else f"api/live/{token}"
    address = look | {
        "path": None if led else path,
        "place": place,
        "measured": measured._asdict() if measured else None,
        "point": point or None,
    }

    def body() -> None:
        html = f'<div class="stage" data-layout="{layout}"></div>'
        show = component(f"ebm_stage_{layout}", html=html, script="main.js")
        result = show(
            key=key,
            data=_frame(token, link, measured, look) if link.tick and not led else address,
            on_clicks_change=ignore,
            on_transport_change=ignore,
        )
        _handle(result, token, link, on_action)

    st.fragment(body, run_every=TICK_SECONDS if link.tick and not led else None)()


def _frame(
    token: str, link: Link, measured: Measured | None, look: dict[str, Any]
) -> bytes | dict[str, bool]:
    try:
        hub().touch(token)
        found = None if look["group"] else measured._asdict() if measured else {}
        tokens = hub().mates(token) if look["group"] else (token,)
        frames = [
            pack(view, with_static=True, measured=found, look=look, recorded=recorded)
            for view, recorded in looked_at(tokens, link.step, link.allowance.notice)
        ]
        return bundle(frames) if look["group"] else frames[0]
    except UnknownRun:
        return {"expired": True}


def _handle(
    result: Any, token: str, link: Link, on_action: Callable[[Action], None] | None
) -> None:
    """Acts on each new click once and in order.

    The browser keeps its last clicks in the component's state: a click of its own can be lost or
    delivered twice when it meets the timer's run of the fragment.
    """
    if result.get("transport") == "tick" and not link.tick:
        link.tick = True
        st.rerun()
    clicks = result.get("clicks")
    for click in clicks[-MOST_CLICKS:] if isinstance(clicks, list) else ():
        number = click.get("id") if isinstance(click, dict) else None
        if not isinstance(number, int) or number <= link.handled:
            continue
        link.handled = number
        if command := read_command(click):
            if link.allowance.admits(command):
                with contextlib.suppress(UnknownRun, HubFull):  # the next frame says so
                    hub().command(token, command)
        elif look := read_look(click):
            (link.step,) = look
        elif (action := read_action(click)) and on_action is not None:
            on_action(action)
            st.rerun()


def read_action(click: dict[str, Any]) -> Action | None:
    """The action of a click, None for anything that is not exactly one."""
    match click:
        case {"name": "branch", "step": int(step)}:
            return Action("branch", step=step)
        case {"name": "layers", "layers": str(layers)} if len(layers) <= MAX_TEXT:
            return Action("layers", layers=layers)
        case {"name": "new-seed" | "halve-step" as name}:
            return Action(name)
    return None
