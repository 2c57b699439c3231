"""What every figure shares: fonts, layout, download button, wording, and what it returns.

Paper and plot are transparent, so a figure sits on the page's theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Any, Literal, NamedTuple

import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme

FONT_SIZE = 14
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
KEEP = "keep"  # constant uirevision: zoom and hidden traces survive a refresh


class Captioned(NamedTuple):
    """A figure, its alternative text, and what it estimates from how many samples."""

    figure: go.Figure
    alt: str
    caption: str


def method_name(snapshot: Snapshot) -> str:
    """The run's method in words, with the values it is named after: weighted ULA, PCD, CD-10."""
    method = snapshot.spec.method
    return method.label.format(**method.model_dump())


def as_text(texts: Iterable[str]) -> list[str]:
    """Texts from outside, such as names of classes, as Plotly must get them to show them as they
    are: it reads tags, also of links.
    """
    return [escape(text, quote=False) for text in texts]


def has_weights(snapshot: Snapshot) -> bool:
    """Whether the run's method gives its walkers weights."""
    return snapshot.spec.method.weighted


def config(
    name: str = "ebm-lab", file_format: Literal["png", "svg"] = "png"
) -> dict[str, bool | str | list[str] | dict[str, Any]]:
    """The mode bar: its download button writes `name` as PNG (2×) or SVG; nothing leaves the host.

    Plotly's bar has one download button, so the format is chosen here.
    """
    scale = 2 if file_format == "png" else 1
    return {
        "displaylogo": False,
        "showSendToCloud": False,
        "plotlyServerURL": "",
        "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d"],
        "toImageButtonOptions": {"format": file_format, "filename": name, "scale": scale},
    }


CONFIG = config()


def finish(figure: go.Figure, theme: Theme, title: str, height: int) -> go.Figure:
    """Give a figure the theme's template, its title and height, and return it."""
    figure.update_layout(
        template=_template(theme),
        title_text=title,
        height=height,
        uirevision=KEEP,
    )
    return figure


def note(text: str, theme: Theme, **where: Any) -> dict[str, Any]:
    """A quiet annotation at a place given in plotly's terms (x, y, xref, yref, anchors)."""
    colors = PALETTES[theme]
    style = {"size": FONT_SIZE - 1, "color": colors.muted}
    return {"text": text, "showarrow": False, "font": style, **where}


def blank(title: str, reason: str, theme: Theme, height: int) -> go.Figure:
    """A figure without axes that says in its middle why there is nothing to draw."""
    figure = finish(go.Figure(), theme, title, height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(note(reason, theme, x=0.5, xref="paper", y=0.5, yref="paper"))
    return figure


def number(value: float | None, form: str = ".3g") -> str:
    """A number as text with a true minus sign and no negative zero; "unknown" for None and NaN."""
    if value is None or not math.isfinite(value):
        return "unknown"
    text = f"{value:{form}}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


def power_of_ten(value: float) -> str:
    """A small positive number with one digit, such as 3·10⁻⁷; what is below 10⁻¹⁵ rounds up."""
    digit, power = f"{max(value, 1e-15):.0e}".split("e")
    return f"{digit}·10" + str(int(power)).translate(RAISED)


def _template(theme: Theme) -> go.layout.Template:
    colors = PALETTES[theme]
    axis = {
        "gridcolor": colors.grid,
        "linecolor": colors.muted,
        "zerolinecolor": colors.grid,
        "zerolinewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": colors.muted,
        "automargin": True,
        "exponentformat": "none",
        "title": {"standoff": 8},
    }
    scene_axis = {"gridcolor": colors.grid, "showbackground": False, "color": colors.ink}
    return go.layout.Template(
        layout={
            "font": {
                "family": '"Source Sans", "Source Sans Pro", "Liberation Sans", sans-serif',
                "size": FONT_SIZE,
                "color": colors.ink,
            },
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "title": {
                "font": {"size": FONT_SIZE + 3},
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                "pad": {"t": 8, "l": 4},
            },
            "margin": {"l": 60, "r": 28, "t": 48, "b": 48},
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "yref": "container",
                "y": 0,
                "yanchor": "bottom",
                "itemwidth": 40,  # wide enough to tell the dashes apart
            },
            "hoverlabel": {
                "bgcolor": colors.ground,
                "bordercolor": colors.muted,
                "font": {"color": colors.ink, "size": FONT_SIZE},
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": colors.muted,
                "activecolor": colors.ink,
            },
            "xaxis": axis,
            "yaxis": axis,
            "scene": {"xaxis": scene_axis, "yaxis": scene_axis, "zaxis": scene_axis},
        }
    )
