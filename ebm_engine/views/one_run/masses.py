"""Mode masses: data, exact model, raw walkers and weighted walkers against the true masses.

Up to MANY modes the four readings of a mode stand side by side; of more modes each reading has a
panel of its own, since four bars of 36 modes would be too thin to tell apart.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.mass_bars import READINGS_WIDTH, Bars, bar, panels, readings, truth_line
from ebm_engine.views.one_run import mass_words
from ebm_engine.views.style import wording
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Reading, finish

FEW = 4  # modes up to which every bar carries its number and every curve is thick
LABELLED = 6  # modes up to which every group carries its place
MANY = 12  # modes above which each reading has a panel of its own


def mode_bars(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """Per mode: data | model exact | raw walkers | weighted walkers; truth dashed."""
    count = len(snapshot.mode_mass.model)
    drawn = readings(snapshot, PALETTES[theme])
    title = f"{mass_words.heading(snapshot)} at update {snapshot.step}"
    if count > MANY:
        figure = panels(snapshot, drawn, theme, title)
    else:
        figure = _side_by_side(snapshot, drawn, theme, title)
    return Reading(figure, mass_words.alt(snapshot, FEW), mass_words.caption(snapshot))


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


def mass_curves(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """The model's exact mode masses over the updates; true masses dashed."""
    colors, noun = PALETTES[theme], mass_words.noun(snapshot)
    steps, shares = snapshot.history["step"], snapshot.mass_history
    few = shares.shape[1] <= FEW
    figure = go.Figure()
    for mode in range(shares.shape[1]):
        figure.add_scatter(
            x=steps,
            y=shares[:, mode],
            mode="lines",
            name=f"{noun} {mode + 1}",
            line={"color": colors.model, "width": 2.5 if few else 1.2},
            opacity=1.0 if few else 0.7,
            showlegend=False,
            hovertemplate=f"{noun} {mode + 1} %{{y:.4f}}<extra></extra>",
        )
    # One line per different mass: equal modes share theirs.
    for truth in np.unique(np.round(snapshot.mode_mass.truth, 6)):
        figure.add_hline(y=float(truth), line={"color": colors.ink, "width": 1.5, "dash": "dash"})
    finish(figure, theme, f"{mass_words.heading(snapshot)} of the model over the updates", 420)
    figure.update_xaxes(title_text="update")
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    alt = (
        f"Exact masses of the model up to update {wording.judged_step(snapshot)}. "
        f"{mass_words.model_and_truth(snapshot, FEW)}"
    )
    return Reading(figure, alt, mass_words.curves_caption(snapshot))
