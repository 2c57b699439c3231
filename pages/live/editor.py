"""The editor: a canvas component on which a person draws a density or paints points."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ebm_engine.spec.mixtures import MAX_MODES
from pages.live.routes import assets_version

MOST_POINTS = 5000
LOADER = """
const tag = document.querySelector('script[src*="static/js/"]');
const root = tag ? tag.src.replace(/static\\/js\\/.*$/, "") : "/";
const base = new URL(root, location.href).href;
const {{ render }} = await import(`${{base}}api/stage/{version}/editor.js`);
export default (component) => render(component);
"""


def editor(modes: list[list[float]], *, key: str) -> dict[str, Any] | None:
    """Show the editor, started from modes (x, y, mass, std).

    Returns what "Use this target" last sent, None before: {"kind": "modes", "modes": rows} or
    {"kind": "points", "points": rows}. It comes from a browser and has not been checked.
    """
    data = {"modes": modes, "mostModes": MAX_MODES, "mostPoints": MOST_POINTS}
    result = _component()(key=key, data=data, on_used_change=_ignore)
    used = result.get("used")
    return used if isinstance(used, dict) else None


@functools.cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "ebm_editor",
        html='<div class="editor"></div>',
        js=LOADER.format(version=assets_version()),
    )


def _ignore() -> None:
    """Streamlit keeps a state of a component only when it has a callback."""
