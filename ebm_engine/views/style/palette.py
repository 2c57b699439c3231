"""Colours and dashes of the figures and of the stage.

One colour has one meaning everywhere (data blue, model orange, truth black or white); methods
differ by colour and by dash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plotly.colors import find_intermediate_color, get_colorscale, hex_to_rgb, label_rgb

from ebm_engine.spec.blocks import Line, MethodBlock
from ebm_engine.spec.methods import METHODS

Theme = Literal["light", "dark"]
FIELD = "cividis_r"  # energies: low ones are bright, in both themes; safe for colour-blind eyes


@dataclass(frozen=True)
class Palette:
    """Colours of one theme; `ink` is text and truth, `ground` the page behind the figure."""

    ink: str
    muted: str
    grid: str
    ground: str
    walkers: tuple[int, int, int]
    weighted: str
    cd: str
    neutral: str
    data: str = "#0072B2"
    model: str = "#D55E00"
    witness: str = "#56B4E9"

    def walker(self, opacity: float = 1.0) -> str:
        """The walkers' colour with an opacity."""
        return f"rgba({','.join(map(str, self.walkers))},{opacity})"


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        ink="#000000",
        muted="#5F6673",
        grid="rgba(0,0,0,0.10)",
        ground="#FFFFFF",
        walkers=(34, 34, 34),
        weighted=METHODS["weighted-ula"].line.light,
        cd=METHODS["cd"].line.light,
        neutral="#F7F7F7",
    ),
    "dark": Palette(
        ink="#FFFFFF",
        muted="#A3ABB9",
        grid="rgba(255,255,255,0.14)",
        ground="#0E1117",
        walkers=(238, 238, 238),
        weighted=METHODS["weighted-ula"].line.dark,
        cd=METHODS["cd"].line.dark,
        neutral="#1B2029",
    ),
}


# The field looks the same in both themes, so the marks on it do too.
ON_FIELD = PALETTES["light"]
HOLLOW = "#9A9A9A"  # rings of walkers of negligible weight


def method_line(kind: str, theme: Theme) -> dict[str, str]:
    """Colour and dash of a method's line, as its block declares them.

    A method that is not listed has a grey line with wide dashes.
    """
    line = _line(kind)
    return {"color": line.light if theme == "light" else line.dark, "dash": line.dash}


def method_dash(kind: str) -> tuple[int, ...]:
    """The dash of a method's line on the stage: pixels on, off, …; empty for a solid line."""
    return _line(kind).stage_dash


def _line(kind: str) -> Line:
    return METHODS[kind].line if kind in METHODS else MethodBlock.line


def field_stops() -> list[tuple[int, int, int]]:
    """Evenly spaced colours (red, green, blue) of the field, from low energy to high."""
    colors = (hex_to_rgb(color) for _, color in get_colorscale(FIELD))
    return [(red, green, blue) for red, green, blue in colors]


def difference_colors(theme: Theme) -> list[tuple[float, str]]:
    """Data blue – neutral – model orange; halfway to an end 70 % of its colour is reached."""
    colors = PALETTES[theme]
    neutral, low, high = map(hex_to_rgb, (colors.neutral, colors.data, colors.model))
    stops = [
        (0.0, low),
        (0.25, find_intermediate_color(neutral, low, 0.7)),
        (0.5, neutral),
        (0.75, find_intermediate_color(neutral, high, 0.7)),
        (1.0, high),
    ]
    return [(place, label_rgb(color)) for place, color in stops]
