"""Phase diagrams of a sweep: one heatmap per method, on one colour scale, its numbers printed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import FONT_SIZE, Captioned, blank, finish, number, power_of_ten

SCALE = "cividis"
SIDE_BY_SIDE = 3  # panels in a row
ROW_HEIGHT, LEAST_HEIGHT = 44, 260  # of a row of cells, and of a panel
FRAME_HEIGHT = 116  # title, ticks and axis title of a row of panels
FRAME_WIDTH = 170  # ticks, axis title and colour bar
NUMBER_WIDTH = 46  # a column narrower than that has no room for its numbers
FLOOR = 1e-3  # errors below it have one colour
DECADES = range(-3, 7)
HATCH = 5  # lines across a marked cell
MISSING = "–"
MOST_NUMBERED = 15  # columns; beyond that a number does not fit into its cell


class PhasePanel(NamedTuple):
    """One method; arrays (rows, columns).

    values: NaN where there is none; done and diverged: number of seeds; problem: why a cell cannot
    be run, "" elsewhere.
    """

    method: str
    values: np.ndarray
    done: np.ndarray
    diverged: np.ndarray
    problem: np.ndarray


class PhaseAxes(NamedTuple):
    """Titles of both knobs and their values as text, columns along x and rows along y."""

    x_title: str
    y_title: str
    x: tuple[str, ...]
    y: tuple[str, ...]


def phase_diagram(
    panels: list[PhasePanel], axes: PhaseAxes, title: str, theme: Theme = "light", *, log: bool
) -> Captioned:
    """Heatmaps of one quantity, with `log` coloured by factors from FLOOR up.

    Trace i is the heatmap of panel i; in it x and y are the place of a cell.
    """
    if not panels:
        return Captioned(blank(title, "No method is chosen.", theme, 200), title, "")
    across = min(len(panels), SIDE_BY_SIDE)
    down = math.ceil(len(panels) / across)
    figure = make_subplots(
        down,
        across,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.24 / down,
        subplot_titles=[panel.method for panel in panels],
    )
    places = [(i // across + 1, i % across + 1) for i in range(len(panels))]
    scale = _scale(panels, log=log)
    for panel, (row, column) in zip(panels, places, strict=True):
        figure.add_trace(_heatmap(panel, axes, log=log), row, column)
    for panel, (row, column) in zip(panels, places, strict=True):
        figure.add_trace(_hatching(panel, theme), row, column)
        if len(axes.x) * across <= MOST_NUMBERED:
            least = {"least": FRAME_WIDTH + across * len(axes.x) * NUMBER_WIDTH}
            texts = _texts(panel, scale, theme, log=log).update(meta=least)
            figure.add_trace(texts, row, column)
    height = down * (FRAME_HEIGHT + max(LEAST_HEIGHT, ROW_HEIGHT * len(axes.y)))
    finish(figure, theme, title, height)
    _style(figure, axes, theme)
    figure.update_layout(coloraxis=scale)
    for place in range(down):
        figure.update_yaxes(title_text=axes.y_title, row=place + 1, col=1)
    return Captioned(figure, _alt(panels, axes, title), _caption(panels))


def _scale(panels: list[PhasePanel], *, log: bool) -> dict[str, Any]:
    """One colour scale for all panels, with its ticks."""
    shown = np.concatenate([_colour(panel.values, log=log).ravel() for panel in panels])
    shown = shown[np.isfinite(shown)]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    bar: dict[str, Any] = {"thickness": 14, "outlinewidth": 0, "tickformat": ".3~g"}
    if log:
        texts = [f"≤ {FLOOR:g}", *(f"{10.0**power:g}" for power in DECADES[1:])]
        bar |= {"tickvals": list(DECADES), "ticktext": texts}
    ends = {"cmin": low, "cmax": high if high > low else low + 1.0}
    return {"colorscale": SCALE, "colorbar": bar, **ends}


def _colour(values: np.ndarray, *, log: bool) -> np.ndarray:
    return np.log10(np.maximum(values, FLOOR)) if log else values


def _style(figure: go.Figure, axes: PhaseAxes, theme: Theme) -> None:
    figure.update_layout(
        margin={"t": 74, "r": 20}, showlegend=False, font={"color": PALETTES[theme].ink}
    )
    figure.update_annotations(font_size=FONT_SIZE)
    ticks = {"showgrid": False, "zeroline": False, "tickmode": "array"}
    for update, texts in ((figure.update_xaxes, axes.x), (figure.update_yaxes, axes.y)):
        every = max(1, math.ceil(len(texts) / 10))
        shown = range(0, len(texts), every)
        span = [-0.5, len(texts) - 0.5]
        update(tickvals=list(shown), ticktext=[texts[i] for i in shown], range=span, **ticks)
    figure.update_xaxes(title_text=axes.x_title)


def _heatmap(panel: PhasePanel, axes: PhaseAxes, *, log: bool) -> go.Heatmap:
    rows, columns = panel.values.shape
    hover = [[_hover(panel, axes, (r, c)) for c in range(columns)] for r in range(rows)]
    return go.Heatmap(
        x=list(range(columns)),
        y=list(range(rows)),
        z=[
            [v if math.isfinite(v) else None for v in row] for row in _colour(panel.values, log=log)
        ],
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        coloraxis="coloraxis",
        xgap=2,
        ygap=2,
    )


def _texts(panel: PhasePanel, scale: dict[str, Any], theme: Theme, *, log: bool) -> go.Scatter:
    """What is printed into the cells, black or white, whichever stands out."""
    places = list(np.ndindex(panel.values.shape))
    shares = (_colour(panel.values, log=log) - scale["cmin"]) / (scale["cmax"] - scale["cmin"])
    grounds = {at: shares[at] for at in places if math.isfinite(shares[at])}
    colours = sample_colorscale(SCALE, [min(1.0, max(0.0, s)) for s in grounds.values()])
    inks = {at: _ink(str(colour)) for at, colour in zip(grounds, colours, strict=True)}
    return go.Scatter(
        x=[column for _, column in places],
        y=[row for row, _ in places],
        text=[_text(panel, at) for at in places],
        mode="text",
        textfont={
            "size": FONT_SIZE,
            "color": [inks.get(at, PALETTES[theme].ink) for at in places],
        },
        hoverinfo="skip",
    )


def _ink(ground: str) -> str:
    """Black or white, by the relative luminance of an rgb(…) colour (WCAG)."""
    parts = (float(word) / 255 for word in ground[4:-1].split(","))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = float(np.dot((0.2126, 0.7152, 0.0722), linear))
    return "#000000" if luminance > 0.179 else "#FFFFFF"


def _text(panel: PhasePanel, at: tuple[int, int]) -> str:
    """What is printed into a cell."""
    if panel.problem[at]:
        return "not<br>possible"
    if not panel.done[at]:
        return "…"
    lost = f"{panel.diverged[at]}/{panel.done[at]} diverged" if panel.diverged[at] else ""
    if not math.isfinite(panel.values[at]):
        return lost.replace(" ", "<br>") or MISSING
    value = float(panel.values[at])
    small = 0 < value < FLOOR
    return (power_of_ten(value) if small else number(value)) + (f"<br>{lost}" if lost else "")


def _hover(panel: PhasePanel, axes: PhaseAxes, at: tuple[int, int]) -> str:
    what = panel.problem[at] or _text(panel, at).replace("<br>", " ")
    what = {"…": "to come", MISSING: "no value"}.get(what, what)
    where = f"{axes.x_title} = {axes.x[at[1]]}, {axes.y_title} = {axes.y[at[0]]}"
    return f"{panel.method}: {what}<br>{where}"


def _marked(panel: PhasePanel) -> np.ndarray:
    """Cells (rows, columns) that are finished and have no number because of what happened."""
    lost = (panel.diverged > 0) & ~np.isfinite(panel.values)
    return lost | (panel.problem != "")


def _hatching(panel: PhasePanel, theme: Theme) -> go.Scatter:
    """Diagonal lines across the marked cells."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row, column in np.argwhere(_marked(panel)):
        for shift in np.linspace(-0.8, 0.8, HATCH):
            low, high = max(-0.46, -0.46 + shift), min(0.46, 0.46 + shift)
            x += [column + low, column + high, None]
            y += [row + low - shift, row + high - shift, None]
    line = {"color": PALETTES[theme].muted, "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=line, opacity=0.55, hoverinfo="skip")


def _caption(panels: list[PhasePanel]) -> str:
    seeds = max(int(panel.done.max()) for panel in panels)
    several = f"Medians over {seeds} seeds; a seed that diverged counts as worst. "
    lost = any(_marked(panel).any() for panel in panels)
    hatched = "Hatched: no value, because runs diverged or the settings are not possible. "
    return (several if seeds > 1 else "") + (hatched if lost else "") + "A click picks a cell."


def _alt(panels: list[PhasePanel], axes: PhaseAxes, title: str) -> str:
    found = [f"{title} over {axes.x_title} and {axes.y_title}."]
    for panel in panels:
        known = panel.values[np.isfinite(panel.values)]
        lost = int(_marked(panel).sum())
        span = f"{number(known.min())} to {number(known.max())}" if len(known) else "no number yet"
        found.append(f"{panel.method}: {span}" + (f", {lost} cells without." if lost else "."))
    return " ".join(found)
