"""Strokes over the updates that several figures share: curves, bands, marks of knob changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import band, thin
from ebm_engine.views.style.theme import FONT_SIZE, finish, note

POINTS = 2000  # drawn per curve at most
NAMED = 6  # newest knob changes whose text is written; older ones keep their line
ROW = 18  # px of a row of text above a plot
LONGEST = 48  # characters of a change's text


def curve(
    snapshot: Snapshot, values: np.ndarray, name: str, style: dict[str, Any], floor: float = -np.inf
) -> go.Scatter:
    """Values (one per recorded update) as a line; values at or below `floor` leave a gap."""
    shown = thin(len(values), POINTS)
    y = values[shown].astype(np.float64)
    return go.Scatter(
        x=snapshot.history["step"][shown],
        y=np.where(y > floor, y, np.nan),
        mode="lines",
        name=name,
        line=style,
        hovertemplate=f"{name} %{{y:.4~g}}<extra></extra>",
    )


def error_band(snapshot: Snapshot, field: str, color: str, floor: float = -np.inf) -> go.Scatter:
    """Value ± 2 standard errors of a history field as a pale area that ends at `floor`."""
    shown = thin(len(snapshot.history[field]), POINTS)
    middle = snapshot.history[field][shown].astype(np.float64)
    reach = 2 * snapshot.history[f"{field}_se"][shown].astype(np.float64)
    high = np.where(middle + reach > floor, middle + reach, np.nan)
    x, y = band(snapshot.history["step"][shown], np.maximum(middle - reach, floor), high)
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        line={"width": 0, "color": color},
        opacity=0.25,
        fillcolor=color,
        showlegend=False,
        hoverinfo="skip",
    )


def level(snapshot: Snapshot, height: float, name: str, style: dict[str, Any]) -> go.Scatter:
    """A horizontal line over all recorded updates, named in the legend."""
    ends = snapshot.history["step"][[0, -1]] if len(snapshot.history["step"]) else []
    return go.Scatter(
        x=ends, y=[height] * len(ends), mode="lines", name=name, line=style, hoverinfo="skip"
    )


def stacked(titles: list[str], heights: list[float]) -> go.Figure:
    """Plots above each other with a common horizontal axis, each with its title and height."""
    return make_subplots(
        rows=len(heights),
        cols=1,
        shared_xaxes=True,
        row_heights=heights,
        vertical_spacing=0.12,
        subplot_titles=titles,
    )


def finish_stacked(
    figure: go.Figure, theme: Theme, title: str, rows: int = 2, height: int = 560
) -> None:
    """The theme, the title, and the titles of the plots at their left edge."""
    font = {"size": FONT_SIZE, "color": PALETTES[theme].ink}
    figure.update_annotations(font=font, x=0, xanchor="left")
    finish(figure, theme, title, height)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text="update", row=rows, col=1)


def label_decades(figure: go.Figure, values: np.ndarray, row: int) -> None:
    """One label per power of ten where a log axis spans enough of them."""
    positive = values[np.isfinite(values) & (values > 0)]
    if len(positive) and positive.max() > 30 * positive.min():
        figure.update_yaxes(dtick=1, row=row, col=1)


def draw_marks(figure: go.Figure, snapshot: Snapshot, theme: Theme) -> str:
    """Draw a line at every knob change in sight, the newest ones with their text above the plot.

    Call it after the height is set: the figure grows by the rows of text. Returns what to add to
    the caption.
    """
    texts = _marks_in_sight(snapshot)
    lines = [_mark_line(step, axis, theme) for step in texts for axis in _y_axes(figure)]
    figure.layout.shapes += tuple(lines)
    named = list(texts)[-NAMED:]
    figure.layout.annotations += tuple(
        _flag(", ".join(texts[step]), step, row, to_the_right, theme)
        for row, (step, to_the_right) in enumerate(_rows(named, snapshot))
    )
    grow = ROW * len(named)
    top = figure.layout.template.layout.margin.t
    figure.update_layout(height=figure.layout.height + grow, margin={"t": top + grow})
    unnamed = len(texts) - len(named)
    return f" {unnamed} earlier changes are marked without their text." if unnamed else ""


def _y_axes(figure: go.Figure) -> list[str]:
    """The names of the figure's vertical axes: y, then y2 and so on where there are more plots."""
    return sorted({trace.yaxis or "y" for trace in figure.data} | {"y"})


def _mark_line(step: int, axis: str, theme: Theme) -> go.layout.Shape:
    """A vertical line through one plot; one shape each, since plotly's add_vline is slow."""
    return go.layout.Shape(
        type="line",
        x0=step,
        x1=step,
        xref=axis.replace("y", "x"),
        y0=0,
        y1=1,
        yref=f"{axis} domain",
        layer="below",
        line={"color": PALETTES[theme].muted, "width": 1},
    )


def _marks_in_sight(snapshot: Snapshot) -> dict[int, list[str]]:
    """The texts of the knob changes since the oldest recorded update, by update."""
    steps = snapshot.history["step"]
    texts: dict[int, list[str]] = {}
    for step, text in snapshot.marks:
        if len(steps) and step >= steps[0]:
            texts.setdefault(step, []).append(text)
    return texts


def _rows(steps: list[int], snapshot: Snapshot) -> list[tuple[int, bool]]:
    """Updates from the lowest row of text to the highest, and whether a text runs to the right.

    Texts run inwards; ordered like this, no stem crosses a text of its own half.
    """
    middle = snapshot.history["step"][[0, -1]].mean() if steps else 0.0
    right_half = [(step, False) for step in steps if step >= middle]
    left_half = [(step, True) for step in reversed(steps) if step < middle]
    return right_half + left_half


def _flag(text: str, step: int, row: int, to_the_right: bool, theme: Theme) -> go.layout.Annotation:
    """A text in its own row above the plot, tied to its line by a stem."""
    colors = PALETTES[theme]
    shown = note(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…", theme)
    stem = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colors.muted}
    return go.layout.Annotation(
        **(shown | stem),
        x=step,
        y=1,
        yref="y domain",
        ax=0,
        ay=-ROW * (row + 0.6),
        xanchor="left" if to_the_right else "right",
        bgcolor=colors.ground,
    )
