"""The live stage: a canvas component that plays a run, fed by a socket or by a fragment tick.

The picture never passes through Streamlit while the socket is open. Where it cannot open (some
proxies), the browser says so and a fragment sends the frames as the component's data instead.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ebm_engine.runs.hub import HubFull, UnknownRun, hub
from pages.live.frame import pack
from pages.live.routes import assets_version, read_command

Layout = Literal["full", "images", "bar", "mini"]
TICK_SECONDS = 0.2
ACTIONS = ("new-seed", "halve-step")

# Streamlit sends inline scripts again with every update, so this one only imports the real module.
# Its own script tag tells the base path.
LOADER = """
const tag = document.querySelector('script[src*="static/js/"]');
const root = tag ? tag.src.replace(/static\\/js\\/.*$/, "") : "/";
const base = new URL(root, location.href).href;
const {{ render }} = await import(`${{base}}api/stage/{version}/main.js`);
export default (component) => render(component, base);
"""


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
    """How the browser of one session is reached, and the id of the last click handled."""

    tick: bool = False
    handled: int = 0


@st.cache_resource(scope="session", show_spinner=False)
def _link(key: str) -> Link:
    return Link()


def stage(
    token: str,
    *,
    key: str,
    layout: Layout = "full",
    on_action: Callable[[str], None] | None = None,
    measured: Measured | None = None,
) -> None:
    """Shows the run of `token`; `on_action` is called once per click that changes the spec.

    Layouts: `full` has everything, `images` the grid of images and film strips besides, `bar` only
    the transport bar with its numbers, `mini` a small plane with mode masses. Actions: "new-seed"
    and "halve-step"; the page runs again after one. `measured` is drawn among what the run says of
    itself. `?transport=tick` in the address forces the fallback.
    """
    link = _link(key)
    if st.query_params.get("transport") == "tick":
        link.tick = True

    def body() -> None:
        result = _component(layout)(
            key=key,
            data=_frame(token, measured) if link.tick else _address(token, measured),
            on_clicks_change=_ignore,
            on_transport_change=_ignore,
        )
        _handle(result, token, link, on_action)

    st.fragment(body, run_every=TICK_SECONDS if link.tick else None)()


@functools.cache
def _component(layout: Layout) -> ComponentRenderer:
    return st.components.v2.component(
        f"ebm_stage_{layout}",
        html=f'<div class="stage" data-layout="{layout}"></div>',
        js=LOADER.format(version=assets_version()),
    )


def _address(token: str, measured: Measured | None) -> dict[str, Any]:
    return {"path": f"api/live/{token}", "measured": measured._asdict() if measured else None}


def _frame(token: str, measured: Measured | None) -> bytes | dict[str, bool]:
    try:
        hub().touch(token)
        found = measured._asdict() if measured else {}
        return pack(hub().view(token), with_static=True, measured=found)
    except UnknownRun:
        return {"expired": True}


def _handle(result: Any, token: str, link: Link, on_action: Callable[[str], None] | None) -> None:
    """Acts on each new click once and in order.

    The browser keeps its last clicks in the component's state: a click of its own can be lost or
    delivered twice when it meets the timer's run of the fragment.
    """
    if result.get("transport") == "tick" and not link.tick:
        link.tick = True
        st.rerun()
    for click in result.get("clicks") or ():
        number = click.get("id") if isinstance(click, dict) else None
        if not isinstance(number, int) or number <= link.handled:
            continue
        link.handled = number
        if command := read_command(click):
            with contextlib.suppress(UnknownRun, HubFull):  # the next frame says so
                hub().command(token, command)
        elif click.get("name") in ACTIONS and on_action is not None:
            on_action(click["name"])
            st.rerun()


def _ignore() -> None:
    """Streamlit keeps an event of a component only when it has a callback."""
