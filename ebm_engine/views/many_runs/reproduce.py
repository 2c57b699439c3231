"""The figure of a study: panels of curves, bands and points, given as plain values.

A panel is a dictionary: "title", "curves" and, where they matter, "x_title", "y_title", "x_log",
"y_log", "x_range" and "range" (of y, both in the units of the axis), and "levels", horizontal lines
{"name", "value"}. A curve has "name", "x", "y" (arrays), and may have "low" and "high" (a band),
"method" (its kind, for the colour) and "points": True (marks without a line). Curves of the same
name look the same in all panels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import band_outline, thin
from ebm_engine.views.style.theme import config, finish

POINTS = 2000  # drawn per curve at most
ROW_HEIGHT = 360
LEGEND_HEIGHT = 150
# For what differs from another curve of the same method.
SPARE = (
    ("#D55E00", "dash"),
    ("#009E73", "dashdot"),
    ("#CC79A7", "dot"),
    ("#7A6A00", "longdash"),
    ("#56B4E9", "longdashdot"),
)
SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "cross",
    "x",
    "triangle-up",
    "star",
    "pentagon",
    "hexagon",
)


def study_figure(
    title: str, panels: list[dict[str, Any]], columns: int, theme: Theme = "light"
) -> go.Figure:
    """All panels in rows of `columns`, with one legend."""
    rows = math.ceil(len(panels) / columns)
    titles = [panel["title"] for panel in panels]
    spacing: dict[str, Any] = {"horizontal_spacing": 0.25 / columns, "vertical_spacing": 0.3 / rows}
    figure = make_subplots(rows, columns, subplot_titles=titles, **spacing)
    finish(figure, theme, title, ROW_HEIGHT * rows + LEGEND_HEIGHT)
    figure.update_layout(paper_bgcolor=PALETTES[theme].ground, margin={"t": 90, "b": LEGEND_HEIGHT})
    styles = _styles(panels, theme)
    named: set[str] = set()
    for index, panel in enumerate(panels):
        place: dict[str, Any] = {"row": index // columns + 1, "col": index % columns + 1}
        for curve in (curve for curve in panel["curves"] if len(curve["x"])):
            style = styles[curve["name"]]
            for trace in _traces(curve, style, first=curve["name"] not in named):
                figure.add_trace(trace, **place)
            named.add(curve["name"])
        _frame(figure, panel, place, theme)
    return figure


def self_contained(figure: go.Figure, name: str) -> str:
    """The figure as a web page that needs no other file and calls no host."""
    return figure.to_html(include_plotlyjs=True, full_html=True, config=config(name, "svg"))


def _styles(panels: list[dict[str, Any]], theme: Theme) -> dict[str, dict[str, Any]]:
    """Colour, dash and symbol by the name of a curve; a method's first name has its own colour."""
    styles: dict[str, dict[str, Any]] = {}
    seen: set[str | None] = set()
    others = 0
    for curve in (curve for panel in panels for curve in panel["curves"]):
        name, method = curve["name"], curve.get("method")
        if name in styles:
            continue
        if method is None or method in seen:
            color, dash = SPARE[others % len(SPARE)]
            line, others = {"color": color, "dash": dash}, others + 1
        else:
            line = method_line(method, theme)
        seen.add(method)
        styles[name] = {"line": line, "symbol": SYMBOLS[len(styles) % len(SYMBOLS)]}
    return styles


def _traces(curve: dict[str, Any], style: dict[str, Any], *, first: bool) -> list[go.Scatter]:
    shown = thin(len(curve["x"]), POINTS)
    x, y = (np.asarray(curve[axis], dtype=float)[shown] for axis in ("x", "y"))
    shared = {"name": curve["name"], "legendgroup": curve["name"]}
    if curve.get("points"):
        mark = {"color": style["line"]["color"], "symbol": style["symbol"], "size": 10}
        mark |= {"opacity": 0.85, "line": {"width": 1, "color": "#FFFFFF"}}
        return [go.Scatter(x=x, y=y, mode="markers", marker=mark, showlegend=first, **shared)]
    line = style["line"] | {"width": 2}
    drawn = [go.Scatter(x=x, y=y, mode="lines", line=line, showlegend=first, **shared)]
    if "low" in curve:
        low, high = (np.asarray(curve[edge], dtype=float)[shown] for edge in ("low", "high"))
        outline_x, outline_y = band_outline(x, low, high)
        area = {"fill": "toself", "fillcolor": line["color"], "opacity": 0.2, "hoverinfo": "skip"}
        edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False}
        drawn.insert(0, go.Scatter(x=outline_x, y=outline_y, **area, **edge, **shared))
    return drawn


def _frame(figure: go.Figure, panel: dict[str, Any], place: dict[str, Any], theme: Theme) -> None:
    """Axes and levels of a panel."""
    for axis, update in (("x", figure.update_xaxes), ("y", figure.update_yaxes)):
        log = panel.get(f"{axis}_log", False)
        limits = panel.get("range" if axis == "y" else "x_range")
        if limits is not None and log:
            limits = [math.log10(limit) for limit in limits]
        shape: dict[str, Any] = (
            {"type": "log", "dtick": 1, "exponentformat": "power"} if log else {}
        )
        update(title_text=panel.get(f"{axis}_title", ""), range=limits, **shape, **place)
    line = {"color": PALETTES[theme].ink, "width": 1.5}
    for level, dash in zip(panel.get("levels", ()), ("dash", "dot"), strict=False):
        figure.add_hline(
            level["value"],
            line={**line, "dash": dash},
            annotation_text=level["name"],
            annotation_position="top left" if dash == "dash" else "bottom left",
            **place,
        )
