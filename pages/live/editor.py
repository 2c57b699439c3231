"""The editor: a canvas component on which a person draws a density or paints points."""

from __future__ import annotations

from typing import Any

from ebm_engine.spec.mixtures import MAX_MODES
from pages.live.component import component, ignore
from pages.live.style import colors

MOST_POINTS = 5000


def editor(modes: list[list[float]], *, key: str) -> dict[str, Any] | None:
    """Show the editor, started from modes (x, y, mass, std).

    Returns what "Use this target" last sent, None before: {"kind": "modes", "modes": rows} or
    {"kind": "points", "points": rows}. It comes from a browser and has not been checked.
    """
    data = {
        "modes": modes,
        "mostModes": MAX_MODES,
        "mostPoints": MOST_POINTS,
        "colors": colors(),
    }
    show = component("ebm_editor", html='<div class="editor"></div>', script="editor.js")
    result = show(key=key, data=data, on_used_change=ignore)
    used = result.get("used")
    return used if isinstance(used, dict) else None
