"""Mode masses: data, exact model, raw walkers and weighted walkers side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.runs.snapshot import Snapshot
from ebm_engine.views.palette import PALETTES, Palette, Theme
from ebm_engine.views.theme import Reading, finish, has_weights, method_name, number

WIDTH = 0.2  # of a bar; four bars and a gap make one mode
WHISKER = "#858B96"  # seen on the page and on the bars of either theme
FEW = 4  # modes up to which every bar carries its number


def mode_bars(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """Per mode of the energy: data | model exact | raw walkers | weighted walkers; truth dashed."""
    masses = snapshot.mode_mass
    colors = PALETTES[theme]
    modes = np.arange(len(masses.model))
    figure = go.Figure()
    for place, bars in enumerate(_readings(snapshot, colors)):
        figure.add_trace(_bar(modes, place, bars))
    figure.add_trace(_truth(modes, masses.truth, colors))
    finish(figure, theme, f"Mode masses at update {snapshot.step}", 420)
    labels = [_label(mode, mean) for mode, mean in enumerate(snapshot.means, start=1)]
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(tickvals=modes, ticktext=labels, showgrid=False)
    figure.update_yaxes(title_text="mass", range=[0, _top(snapshot)])
    return Reading(figure, _alt(snapshot), _caption(snapshot))


class _Bars(NamedTuple):
    """One reading of all modes: its values, standard errors (or None) and looks."""

    name: str
    value: np.ndarray
    error: np.ndarray | None
    marker: dict
    text: str


def mass_curves(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """The model's exact mode masses over the updates; true masses dashed."""
    colors = PALETTES[theme]
    steps, shares = snapshot.history["step"], snapshot.mass_history
    figure = go.Figure()
    for mode, truth in enumerate(snapshot.mode_mass.truth):
        name = f"mode {mode + 1}"
        figure.add_scatter(
            x=steps,
            y=shares[:, mode],
            mode="lines",
            name=name,
            line={"color": colors.model, "width": 2.5},
            showlegend=False,
            hovertemplate=f"{name} %{{y:.4f}}<extra></extra>",
        )
        figure.add_hline(y=float(truth), line={"color": colors.ink, "width": 1.5, "dash": "dash"})
    finish(figure, theme, "Mode masses of the model over the updates", 420)
    figure.update_xaxes(title_text="update")
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    now = ", ".join(number(share, ".3f") for share in snapshot.mode_mass.model)
    goal = ", ".join(number(share, ".3f") for share in snapshot.mode_mass.truth)
    alt = f"Exact masses of the model's modes up to update {snapshot.step}: now {now}, true {goal}."
    caption = (
        f"Exact masses softmax(−z) of the model's {len(snapshot.means)} modes; dashed: the true "
        "mass of the target modes that lie nearest to each."
    )
    return Reading(figure, alt, caption)


def _readings(snapshot: Snapshot, colors: Palette) -> list[_Bars]:
    masses = snapshot.mode_mass
    hollow = {"color": colors.walker(0.06), "line": {"color": colors.walker(), "width": 2}}
    filled = {"color": colors.walker(0.8)}
    return [
        _Bars("data", masses.data, None, {"color": colors.data}, "white"),
        _Bars("model, exact", masses.model, None, {"color": colors.model}, "white"),
        _Bars("raw walkers", masses.raw, masses.raw_se, hollow, colors.ink),
        _Bars("weighted walkers", masses.weighted, masses.weighted_se, filled, colors.ground),
    ]


def _bar(modes: np.ndarray, place: int, bars: _Bars) -> go.Bar:
    """The bars of one reading at its place (0 to 3) within each mode's group."""
    whisker = {"type": "data", "color": WHISKER, "thickness": 2.5, "width": 5, "visible": False}
    if bars.error is not None:
        whisker |= {"array": 2 * bars.error, "visible": True}
    return go.Bar(
        x=modes,
        y=bars.value,
        offset=(place - 2) * WIDTH,
        width=0.9 * WIDTH,
        name=bars.name,
        marker=bars.marker,
        error_y=whisker,
        texttemplate="%{y:.3f}" if len(modes) <= FEW else None,
        textposition="inside",
        insidetextanchor="start",
        insidetextfont={"color": bars.text},
        hovertemplate=f"{bars.name} %{{y:.4f}}<extra></extra>",
    )


def _truth(modes: np.ndarray, truth: np.ndarray, colors: Palette) -> go.Scatter:
    """A dashed line at the true mass across each mode's group."""
    reach = 2 * WIDTH + 0.03
    x = np.column_stack([modes - reach, modes + reach, np.full(len(modes), np.nan)]).ravel()
    y = np.column_stack([truth, truth, np.full(len(truth), np.nan)]).ravel()
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name="truth",
        line={"color": colors.ink, "width": 2, "dash": "dash"},
        hovertemplate="truth %{y:.4f}<extra></extra>",
    )


def _top(snapshot: Snapshot) -> float:
    """Height of the axis: a little above the highest bar, whisker or truth."""
    masses = snapshot.mode_mass
    whiskers = [masses.raw + 2 * masses.raw_se, masses.weighted + 2 * masses.weighted_se]
    heights = np.concatenate([masses.truth, masses.data, masses.model, *whiskers])
    return 1.08 * float(np.max(heights, initial=0.1, where=np.isfinite(heights)))


def _label(mode: int, mean: np.ndarray) -> str:
    """Mode number and its mean; beyond two dimensions only the first two coordinates."""
    numbers = ", ".join(number(c, ".1f") for c in mean[:2])
    return f"mode {mode}<br>({numbers}{', …' if len(mean) > 2 else ''})"


def _alt(snapshot: Snapshot) -> str:
    """Every number of a few modes; of many modes the one where model and truth differ most."""
    masses = snapshot.mode_mass
    count = len(masses.model)
    error = np.nan_to_num(np.abs(masses.model - masses.truth))
    modes = range(count) if count <= FEW else [int(np.argmax(error))]
    readings = {"true": masses.truth, "model": masses.model}
    readings |= {"raw walkers": masses.raw, "weighted": masses.weighted}
    text = "; ".join(
        f"mode {j + 1} "
        + ", ".join(f"{name} {number(value[j], '.2f')}" for name, value in readings.items())
        for j in modes
    )
    which = "" if count <= FEW else ", the largest error"
    return f"Masses of the {count} modes{which}: {text}."


def _caption(snapshot: Snapshot) -> str:
    count = len(snapshot.positions)
    text = (
        f"Mean responsibility of each mode of the energy: over {snapshot.spec.target.samples} "
        f"data points, exact under the model, and over the {count} walkers without and with their "
        "weights (whiskers ± 2 s.e.). Dashed: the true mass of the target modes nearest to it."
    )
    if has_weights(snapshot):
        return text
    return f"{text} {method_name(snapshot)} has no weights: both readings of the walkers agree."
