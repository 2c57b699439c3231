"""How unequal the walkers' weights are: histogram of log(N·w) and Lorenz curve."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import Captioned, blank, finish, note, number
from ebm_engine.views.style.wording import walkers_role

BINS = 51  # odd, so that equal weights fall in the middle of a bar
LOWEST = -15.0  # log(N·w) below which walkers are counted in the leftmost bar
CURVE_POINTS = 1000


def shares(log_w: np.ndarray) -> np.ndarray:
    """Shares of the mass, (n,) summing to 1, heaviest first."""
    top = log_w.astype(np.float64).max()
    weight = np.sort(np.exp(log_w.astype(np.float64) - top))[::-1]
    return weight / weight.sum()


def carriers(log_w: np.ndarray, mass: float = 0.5) -> int:
    """The smallest number of walkers that together carry at least this share of the mass."""
    return int(np.searchsorted(np.cumsum(shares(log_w)), mass * (1 - 1e-12))) + 1


def top_sentence(log_w: np.ndarray) -> str:
    """'The top 1 % of walkers hold 38 % of the mass', for the heaviest ⌈n/100⌉ walkers."""
    n = len(log_w)
    top = math.ceil(n / 100)
    held = shares(log_w)[:top].sum()
    return f"the top {_percent(top / n)} of walkers hold {_percent(held)} of the mass"


def log_weight_histogram(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Histogram of log(N·w); the heaviest walkers that carry half of the mass are filled."""
    log_w = snapshot.log_w.astype(np.float64)
    if not _known(log_w):
        return _unknown("Log-weights of the walkers", theme)
    colors = PALETTES[theme]
    heavy = carriers(log_w)
    order = np.argsort(-log_w, kind="stable")
    clipped = np.maximum(log_w, LOWEST)
    low, high = min(clipped.min(), -1.0), max(clipped.max(), 1.0)
    edges = np.linspace(low, high, BINS + 1)
    name = f"{heavy} heaviest walkers: 50 % of the mass"
    filled = _bars(clipped[order[:heavy]], edges, name, colors.walker())
    rest = _bars(clipped[order[heavy:]], edges, "the others", colors.walker(0.3))
    figure = finish(go.Figure([filled, rest]), theme, "Log-weights of the walkers", 380)
    figure.update_layout(barmode="stack", bargap=0.04)
    figure.update_xaxes(title_text="log(N·w)")
    figure.update_yaxes(title_text="walkers")
    figure.add_vline(x=0, line={"color": colors.ink, "width": 1.5, "dash": "dash"})
    where = {"x": 0, "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
    figure.add_annotation(note("equal weight", theme, **where))
    far = int((log_w < LOWEST).sum())
    alt = (
        f"Histogram of log(N·w) from {number(log_w.min(), '.1f')} to "
        f"{number(log_w.max(), '.1f')}; {heavy} of {len(log_w)} walkers carry half of the mass."
    )
    tail = f" {far} walkers below {number(LOWEST)} are counted in the leftmost bar." if far else ""
    caption = f"{heavy} of the {len(log_w)} walkers carry 50 % of the mass.{tail}" + walkers_role(
        snapshot
    )
    return Captioned(figure, alt, caption)


def lorenz(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Lorenz curve, heaviest first: the share of the mass that the top share of walkers holds."""
    if not _known(snapshot.log_w):
        return _unknown("Lorenz curve of the weights", theme)
    colors = PALETTES[theme]
    mass = np.concatenate([[0.0], np.cumsum(shares(snapshot.log_w))])
    count = np.linspace(0, 1, len(mass))
    shown = thin(len(mass), CURVE_POINTS)
    line = {**method_line(snapshot.spec.method.kind, theme), "width": 2.5}
    ink = {"color": colors.ink, "width": 1.5, "dash": "dash"}
    hover = "top %{x:.1%} of walkers: %{y:.1%} of the mass<extra></extra>"
    curve = go.Scatter(
        x=count[shown],
        y=mass[shown],
        mode="lines",
        name="walkers, heaviest first",
        line=line,
        fill="tonexty",
        fillcolor=colors.grid,
        hovertemplate=hover,
    )
    equal = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="equal weights", line=ink, hoverinfo="skip"
    )
    sentence = top_sentence(snapshot.log_w)
    title = sentence[0].upper() + sentence[1:]
    figure = finish(go.Figure([equal, curve]), theme, title, 420)
    figure.update_xaxes(
        title_text="share of walkers, heaviest first", tickformat=".0%", range=[0, 1]
    )
    figure.update_yaxes(title_text="share of the mass", tickformat=".0%", range=[0, 1.02])
    n = len(snapshot.log_w)
    caption = f"Of {n} walkers, {sentence}; half of the mass sits on {carriers(snapshot.log_w)}."
    return Captioned(
        figure, f"Lorenz curve of the weights: {sentence}.", caption + walkers_role(snapshot)
    )


def _bars(values: np.ndarray, edges: np.ndarray, name: str, color: str) -> go.Bar:
    counts, _ = np.histogram(values, edges)
    centres = (edges[:-1] + edges[1:]) / 2
    return go.Bar(
        x=centres,
        y=counts,
        name=name,
        marker={"color": color},
        hovertemplate="log(N·w) near %{x:.2f}: %{y} walkers<extra></extra>",
    )


def _known(log_w: np.ndarray) -> bool:
    """Whether the weights are numbers; those of a diverged run may not be."""
    return bool(np.isfinite(log_w.max()))


def _unknown(title: str, theme: Theme) -> Captioned:
    """An empty figure that says that there are no weights to read."""
    text = "The weights are not finite numbers: the run has diverged."
    return Captioned(blank(title, text, theme, 380), text, text)


def _percent(share: float) -> str:
    """A share in percent with two significant digits, and no more than two decimals."""
    percent = 100 * share
    digits = 0 if percent >= 10 else 1 if percent >= 1 else 2
    return f"{round(percent, digits):g} %"
