"""Mode masses: data, exact model, raw walkers and weighted walkers against the true masses.

Up to MANY modes the four readings of a mode stand side by side; of more modes each reading has a
panel of its own, since four bars of 36 modes would be too thin to tell apart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import mass_words
from ebm_engine.views.style import wording
from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Palette, Theme
from ebm_engine.views.style.theme import FONT_SIZE, Captioned, finish, has_weights

FEW = 4  # modes up to which every bar carries its number and every curve is thick
LABELLED = 6  # modes up to which every group carries its place
MANY = 12  # modes above which each reading has a panel of its own


def mode_bars(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Per mode: data | model exact | raw walkers | weighted walkers; truth dashed."""
    count = len(snapshot.mode_mass.model)
    drawn = readings(snapshot, PALETTES[theme])
    title = f"{mass_words.heading(snapshot)} at update {snapshot.step}"
    if count > MANY:
        figure = panels(snapshot, drawn, theme, title)
    else:
        figure = _side_by_side(snapshot, drawn, theme, title)
    return Captioned(figure, mass_words.alt(snapshot, FEW), mass_words.caption(snapshot))


def _side_by_side(snapshot: Snapshot, drawn: list[Bars], theme: Theme, title: str) -> go.Figure:
    """The readings of each mode in one group."""
    noun, places = mass_words.noun(snapshot), mass_words.places(snapshot)
    modes = np.arange(len(snapshot.mode_mass.model))
    figure = go.Figure()
    for place, bars in enumerate(drawn):
        trace = bar(modes, bars, places, (place - 2) * READINGS_WIDTH, 0.9 * READINGS_WIDTH)
        if len(modes) <= FEW:
            trace.update(texttemplate="%{y:.3f}", textposition="inside")
        figure.add_trace(trace)
    figure.add_trace(truth_line(modes, snapshot, 2 * READINGS_WIDTH + 0.03, PALETTES[theme]))
    finish(figure, theme, title, 420)
    short = len(modes) > LABELLED
    labels = [f"{j}" if short else f"{noun} {j}<br>{at}" for j, at in enumerate(places, start=1)]
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(tickvals=modes, ticktext=labels, showgrid=False)
    if short:
        figure.update_xaxes(title_text=noun)
    figure.update_yaxes(title_text="mass", range=[0, mass_words.top(snapshot)])
    return figure


def mass_curves(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """The model's exact mode masses over the updates; true masses dashed."""
    noun, shares = mass_words.noun(snapshot), snapshot.mass_history
    few = shares.shape[1] <= FEW
    style = {"color": PALETTES[theme].model, "width": 2.5 if few else 1.2}
    opacity = 1.0 if few else 0.7
    curves = [
        Curve(
            f"{noun} {mode}", snapshot.history["step"], mass, style, opacity=opacity, listed=False
        )
        for mode, mass in enumerate(shares.T, start=1)
    ]
    # One line per different mass: equal modes share theirs.
    truths = np.unique(np.round(snapshot.mode_mass.truth, 6)).tolist()
    title = f"{mass_words.heading(snapshot)} of the model over the updates"
    figure = draw([Plot(curves, unit="mass", exact=truths)], theme, title, 420)
    figure.update_yaxes(rangemode="tozero")
    alt = (
        f"Exact masses of the model up to update {wording.judged_step(snapshot)}. "
        f"{mass_words.model_and_truth(snapshot, FEW)}"
    )
    return Captioned(figure, alt, mass_words.curves_caption(snapshot))


READINGS_WIDTH = 0.2  # of a bar; four bars and a gap make one mode
WHISKER = "#858B96"  # seen on the page and on the bars of either theme
PANEL = 0.7  # width of a bar in a panel
PANEL_HEIGHT = 125  # px


class Bars(NamedTuple):
    """One reading of all modes: its values, standard errors (or None) and looks."""

    name: str
    value: np.ndarray
    error: np.ndarray | None
    marker: dict
    text: str


def readings(snapshot: Snapshot, colors: Palette) -> list[Bars]:
    """The four readings of the masses, from left to right."""
    masses = snapshot.mode_mass
    hollow = {"color": colors.walker(0.06), "line": {"color": colors.walker(), "width": 2}}
    filled = {"color": colors.walker(0.8)}
    return [
        Bars("data", masses.data, None, {"color": colors.data}, "white"),
        Bars("model, exact", masses.model, None, {"color": colors.model}, "white"),
        Bars("raw walkers", masses.raw, masses.raw_se, hollow, colors.ink),
        Bars("weighted walkers", masses.weighted, masses.weighted_se, filled, colors.ground),
    ]


def bar(modes: np.ndarray, bars: Bars, places: list[str], offset: float, width: float) -> go.Bar:
    """The bars of one reading at `offset` from the middle of each mode, ± 2 standard errors."""
    whisker = {"type": "data", "color": WHISKER, "thickness": 2.5, "width": 5, "visible": False}
    if bars.error is not None:
        whisker |= {"array": 2 * bars.error, "visible": True}
    return go.Bar(
        x=modes,
        y=bars.value,
        offset=offset,
        width=width,
        name=bars.name,
        marker=bars.marker,
        error_y=whisker,
        insidetextanchor="start",
        insidetextfont={"color": bars.text},
        customdata=places,
        hovertemplate=f"%{{customdata}} {bars.name} %{{y:.4f}}<extra></extra>",
    )


def truth_line(modes: np.ndarray, snapshot: Snapshot, reach: float, colors: Palette) -> go.Scatter:
    """A dashed line at the true mass, from `reach` left to `reach` right of each mode's middle."""
    truth, name = snapshot.mode_mass.truth, mass_words.truth_name(snapshot)
    x = np.column_stack([modes - reach, modes + reach, np.full(len(modes), np.nan)]).ravel()
    y = np.column_stack([truth, truth, np.full(len(truth), np.nan)]).ravel()
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name=name,
        line={"color": colors.ink, "width": 2, "dash": "dash"},
        hovertemplate=f"{name} %{{y:.4f}}<extra></extra>",
    )


def panels(snapshot: Snapshot, drawn: list[Bars], theme: Theme, title: str) -> go.Figure:
    """One panel per reading over all modes; without weights the walkers have a single one."""
    colors = PALETTES[theme]
    if not has_weights(snapshot):
        drawn = [*drawn[:2], drawn[3]._replace(name="walkers")]
    titles = [f"{bars.name} ± 2 s.e." if bars.error is not None else bars.name for bars in drawn]
    figure = make_subplots(
        rows=len(drawn), cols=1, shared_xaxes=True, vertical_spacing=0.06, subplot_titles=titles
    )
    modes = np.arange(1, len(snapshot.mode_mass.model) + 1)
    for row, bars in enumerate(drawn, start=1):
        trace = bar(modes, bars, mass_words.places(snapshot), -PANEL / 2, PANEL)
        trace.update(error_y={"thickness": 1.5, "width": 3})
        figure.add_trace(trace.update(showlegend=False), row=row, col=1)
        # Neighbours of equal mass join to one line, dashed over its whole length.
        truth = truth_line(modes, snapshot, 0.5, colors)
        figure.add_trace(truth.update(showlegend=row == 1), row=row, col=1)
    figure.update_annotations(font={"size": FONT_SIZE, "color": colors.ink}, x=0, xanchor="left")
    finish(figure, theme, title, 110 + PANEL_HEIGHT * len(drawn))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(showgrid=False, range=[0.4, len(modes) + 0.6])
    figure.update_xaxes(title_text=mass_words.noun(snapshot), row=len(drawn), col=1)
    figure.update_yaxes(range=[0, mass_words.top(snapshot)], nticks=4)
    return figure
