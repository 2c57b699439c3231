"""Curves: what is drawn, as plain values, and the one place that draws it.

A figure is a list of plots above each other with a common horizontal axis, mostly the updates. A
curve names its values and their style without a word of Plotly, so that a poster draws the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.views.style.palette import PALETTES, Palette, Theme
from ebm_engine.views.style.series import band_outline, last_finite, thin
from ebm_engine.views.style.theme import FONT_SIZE, finish, number, power_of_ten

POINTS = 2000  # drawn per curve, at most
GAPS = 0.24  # of a figure's height, between all of its plots together
DECADES = 3  # powers of ten from which on a log axis has labels at no other values
SHARE = (-0.03, 1.08)  # limits of an axis for values from 0 to 1


class Curve(NamedTuple):
    """A named line through y (t,) over x (t,); a single value is drawn as a dot.

    style: colour, dash and width; error: standard errors (t,), drawn as a pale band of ± 2 of them;
    short: the name where there is little room, as at the pointer; listed: whether it is in the
    legend, where curves of one name stand once; hover: whether the pointer reads its values.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    style: Mapping[str, Any]
    error: np.ndarray | None = None
    short: str = ""
    opacity: float = 1.0
    listed: bool = True
    hover: bool = True


class Band(NamedTuple):
    """A pale area between low and high (t,) over x (t,); in the legend if it has a name."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    color: str
    opacity: float = 0.25
    name: str = ""


class Plot(NamedTuple):
    """Curves and bands on common axes.

    unit: title of the vertical axis; log: whether it is logarithmic; values up to `floor` then
    leave a gap, and bands end there; limits: its ends, None to fit the values; zero: whether a
    dotted line marks 0; exact: values with a dashed line; height: relative to the other plots.
    """

    curves: Sequence[Curve]
    title: str = ""
    unit: str = ""
    log: bool = False
    floor: float = 0.0
    limits: tuple[float, float] | None = None
    zero: bool = False
    exact: Sequence[float] = ()
    bands: Sequence[Band] = ()
    height: float = 1.0


def draw(
    plots: Sequence[Plot],
    theme: Theme,
    title: str,
    height: int,
    x_title: str = "update",
    points: int = POINTS,
) -> go.Figure:
    """The plots from top to bottom, with one legend; at most `points` values of each curve."""
    figure = make_subplots(
        rows=len(plots),
        cols=1,
        shared_xaxes=True,
        row_heights=[plot.height for plot in plots],
        vertical_spacing=GAPS / len(plots),
        subplot_titles=[plot.title for plot in plots],
    )
    font = {"size": FONT_SIZE, "color": PALETTES[theme].ink}
    figure.update_annotations(font=font, x=0, xanchor="left")
    traces = [_traces(plot, points) for plot in plots]
    _list_once([trace for row in traces for trace in row])
    for row, plot in enumerate(plots, start=1):
        place: dict[str, Any] = {"row": row, "col": 1}
        figure.add_traces(traces[row - 1], rows=row, cols=1)
        for value, line in _levels(plot, PALETTES[theme]):
            figure.add_hline(y=value, line=line, **place)
        kind = "log" if plot.log else "linear"
        figure.update_yaxes(title_text=plot.unit or None, type=kind, range=plot.limits, **place)
        if plot.log:
            ticks = _powers([curve.y for curve in plot.curves], plot.floor)
            texts = list(ticks.values())
            figure.update_yaxes(tickvals=list(ticks) or None, ticktext=texts, **place)
    finish(figure, theme, title, height)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text=x_title, row=len(plots), col=1)
    return figure


def level(x: np.ndarray, value: float, name: str, style: Mapping[str, Any]) -> Curve:
    """A horizontal line over all of x (t,), named in the legend."""
    ends = x[[0, -1]] if len(x) else x
    return Curve(name, ends, np.full(len(ends), value), style, hover=False)


def with_values(plots: Sequence[Plot]) -> list[Plot]:
    """The plots that have values, the first one alone where none has any."""
    some = [plot for plot in plots if any(np.isfinite(curve.y).any() for curve in plot.curves)]
    return some or list(plots[:1])


def newest_numbers(plots: Sequence[Plot]) -> str:
    """The newest value of each curve of each plot, in words."""
    texts = []
    for plot in plots:
        newest = {curve.short or curve.name: last_finite(curve.y) for curve in plot.curves}
        unit = f" {plot.unit}" if plot.unit else ""
        values = [f"{name} {number(v)}{unit}" for name, v in newest.items() if v is not None]
        texts.append(f"{plot.title}: {', '.join(values) or 'no values yet'}")
    return f"{'; '.join(texts)}."


def _traces(plot: Plot, points: int) -> list[go.Scatter]:
    """Bands first, so that every line lies above them."""
    floor = plot.floor if plot.log else -np.inf
    errors = [
        Band(one.x, one.y - 2 * one.error, one.y + 2 * one.error, one.style["color"])
        for one in plot.curves
        if one.error is not None
    ]
    bands = [_area(band, floor, points) for band in (*plot.bands, *errors)]
    return bands + [_line(curve, floor, points) for curve in plot.curves]


def _area(band: Band, floor: float, points: int) -> go.Scatter:
    shown = thin(len(band.x), points)
    low, high = (edge[shown].astype(np.float64) for edge in (band.low, band.high))
    high = np.where(high > floor, high, np.nan)
    x, y = band_outline(band.x[shown].astype(np.float64), np.maximum(low, floor), high)
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name=band.name or None,
        fill="toself",
        line={"width": 0, "color": band.color},
        opacity=band.opacity,
        fillcolor=band.color,
        showlegend=None if band.name else False,
        hoverinfo="skip",
    )


def _line(curve: Curve, floor: float, points: int) -> go.Scatter:
    shown = thin(len(curve.y), points)
    y = curve.y[shown].astype(np.float64)
    line = go.Scatter(
        x=curve.x[shown],
        y=np.where(y > floor, y, np.nan),
        mode="lines",
        name=curve.name,
        line=dict(curve.style),
        opacity=curve.opacity,
        showlegend=None if curve.listed else False,
    )
    if len(y) == 1:
        line.update(mode="markers", marker={"color": curve.style["color"], "size": 10})
    if curve.hover:
        hover = f"{curve.short or curve.name} %{{y:.4~g}}<extra></extra>"
        return line.update(hovertemplate=hover)
    return line.update(hoverinfo="skip")


def _levels(plot: Plot, colors: Palette) -> list[tuple[float, dict[str, Any]]]:
    dotted = {"color": colors.muted, "width": 1, "dash": "dot"}
    dashed = {"color": colors.ink, "width": 1.5, "dash": "dash"}
    return [(0.0, dotted)] * plot.zero + [(value, dashed) for value in plot.exact]


def _powers(curves: Sequence[np.ndarray], floor: float) -> dict[float, str]:
    """Labels at 1, 2 and 5 times powers of ten, or at these alone where the values span many."""
    values = np.concatenate([np.empty(0), *curves])
    values = values[np.isfinite(values) & (values > floor)]
    if not len(values):
        return {}
    low, high = (math.floor(math.log10(end)) for end in (values.min(), values.max()))
    digits = (1, 2, 5) if high - low < DECADES else (1,)
    ticks = [digit * 10.0**power for power in range(low, high + 2) for digit in digits]
    return {t: number(t, "g") if 1e-4 <= t < 1e6 else power_of_ten(t) for t in ticks}


def _list_once(traces: Sequence[go.Scatter]) -> None:
    """Traces of one name share an entry of the legend, which shows and hides them together."""
    names = Counter(trace.name for trace in traces if trace.showlegend is not False)
    for name in (name for name, count in names.items() if count > 1):
        first, *others = (trace for trace in traces if trace.name == name)
        first.update(legendgroup=name)
        for trace in others:
            trace.update(legendgroup=name, showlegend=False)
