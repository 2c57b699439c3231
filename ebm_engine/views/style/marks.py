"""Marks of the changes made while a run plays: a line at each, the newest ones with their text."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import as_text, note

NAMED = 6  # newest changes whose text is written; older ones keep their line
ROW = 18  # px of a row of text above a plot
LONGEST = 48  # characters of a change's text


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
    traces: Any = figure.data
    return sorted({trace.yaxis or "y" for trace in traces} | {"y"})


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
            texts.setdefault(step, []).extend(as_text([text]))
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
