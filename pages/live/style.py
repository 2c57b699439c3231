"""Style: the colours, dashes and scales with which the stage draws, the same as in the figures.

They travel in the header of a frame, so that the scripts hold no copy of them.
"""

from __future__ import annotations

from typing import Any

from ebm_engine.views.style.encodings import DEAD, ISO_LINES, LARGEST
from ebm_engine.views.style.palette import (
    HOLLOW,
    ON_FIELD,
    PALETTES,
    Theme,
    field_stops,
    method_dash,
    method_line,
)

LABEL_SHADE = "#0A1C38"  # behind the numbers of the iso-lines


def colors() -> dict[str, Any]:
    """Colours by meaning: of both themes, of each one, of marks on the field, and of the field."""
    light = PALETTES["light"]
    return {
        "both": {"data": light.data, "model": light.model, "witness": light.witness},
        "light": _of_theme("light"),
        "dark": _of_theme("dark"),
        "onField": {
            "ink": ON_FIELD.ink,
            "ground": ON_FIELD.ground,
            "walkers": ON_FIELD.walker(),
            "hollow": HOLLOW,
            "shade": LABEL_SHADE,
        },
        "field": field_stops(),
    }


def scales() -> dict[str, Any]:
    """Iso-lines in kT above the minimum, N·w below which a walker is hollow, and the area where a
    walker stops growing, in areas of weight 1/N and of the median weight.
    """
    return {"isoLevels": ISO_LINES, "hollowBelow": DEAD, "largestArea": LARGEST}


def line_of(method: str) -> dict[str, Any]:
    """A method's colour in each theme and its dash in pixels."""
    themes: tuple[Theme, ...] = ("light", "dark")
    line = {theme: method_line(method, theme)["color"] for theme in themes}
    return line | {"dash": method_dash(method)}


def _of_theme(theme: Theme) -> dict[str, str]:
    return {"truth": PALETTES[theme].ink, "walkers": PALETTES[theme].walker()}
