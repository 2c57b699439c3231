"""How the energy of an image model is spread over data, walkers and noise.

U is the energy with p ∝ exp(−U), in nats. A model that has learned its images gives them, and its
walkers, low energies, and noise high ones. Where the walkers lie below the data, their sampler has
found a place that the data do not have.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.curves import Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, number

BINS = 40
FAR = 1e-3  # share at either end that does not decide how wide the axis is


class EnergySeries(NamedTuple):
    """Energies U (n,) of a model at update `step`: of training and held-out points, walkers, noise.

    weights: (n,) of the walkers, summing to 1; weighted: whether the method gives them any.
    """

    step: int
    weighted: bool
    data: np.ndarray
    held_out: np.ndarray
    walkers: np.ndarray
    weights: np.ndarray
    uniform: np.ndarray
    gaussian: np.ndarray


class _Set(NamedTuple):
    """One set of energies (n,) with weights (n,) that sum to 1, its name and looks."""

    name: str
    energy: np.ndarray
    weight: np.ndarray
    line: dict[str, object]
    filled: bool = False

    @property
    def mean(self) -> float:
        """The weighted mean energy."""
        return float(np.dot(self.weight, self.energy))


def energy_histograms(series: EnergySeries, theme: Theme = "light") -> Captioned:
    """Above data and walkers on an axis of their own, below the same with both kinds of noise."""
    sets = _sets(series, theme)
    near = [one for one in sets if "noise" not in one.name]
    plots = [Plot([], "Data and walkers", "share"), Plot([], "The same beside noise", "share")]
    figure = draw(plots, theme, f"Energies at update {series.step}", 580, x_title="U, nats")
    figure.update_xaxes(matches=None, showticklabels=True)
    for row, shown in enumerate((near, sets), start=1):
        edges = _edges(shown)
        for one in shown:
            trace = _outline(one, edges).update(showlegend=row == 2)
            figure.add_trace(trace, row=row, col=1)
    figure.update_layout(margin={"t": 76}, hovermode="closest")
    figure.update_yaxes(rangemode="tozero")
    means = ", ".join(f"{one.name} {number(one.mean)}" for one in sets)
    counts = ", ".join(
        f"{len(one.energy)} {one.name}" for one in sets if "weighted" not in one.name
    )
    caption = (
        f"Mean U in nats: {means}. Of {counts}. Data are the training points with the noise they "
        "have, and held-out above data is what the model has learned by heart. The Gaussian noise "
        "has the mean and spread of the pixels. Bars at the ends hold what lies beyond."
    )
    return Captioned(figure, f"Mean energies at update {series.step}: {means}.", caption)


def _sets(series: EnergySeries, theme: Theme) -> list[_Set]:
    colors = PALETTES[theme]
    raw = "raw walkers" if series.weighted else "walkers"
    hollow = {"color": colors.walker(), "width": 1.5, "dash": "dot"}
    solid = {"color": colors.walker(), "width": 2}
    grey = {"color": colors.muted, "width": 2, "dash": "dash"}
    pale = {"color": colors.muted, "width": 1.5, "dash": "longdashdot"}
    pale_blue = {"color": colors.data, "width": 1.5, "dash": "dash"}
    blue = {"color": colors.data, "width": 2}
    sets = [
        _Set("data", series.data, _equal(series.data), blue, filled=True),
        _Set("held-out", series.held_out, _equal(series.held_out), pale_blue),
        _Set(raw, series.walkers, _equal(series.walkers), hollow),
        _Set("uniform noise", series.uniform, _equal(series.uniform), grey),
        _Set("Gaussian noise", series.gaussian, _equal(series.gaussian), pale),
    ]
    if series.weighted:
        sets.insert(3, _Set("weighted walkers", series.walkers, series.weights, solid))
    return sets


def _equal(energy: np.ndarray) -> np.ndarray:
    return np.full(len(energy), 1 / max(1, len(energy)))


def _edges(sets: list[_Set]) -> np.ndarray:
    """The edges (BINS + 1,) of common bars; a few far values do not stretch them."""
    ends = [np.quantile(one.energy, [FAR, 1 - FAR]) for one in sets]
    low, high = float(np.min(ends)), float(np.max(ends))
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _outline(one: _Set, edges: np.ndarray) -> go.Scatter:
    """A histogram as a line of steps; what lies beyond the edges counts in the outer bars."""
    share, _ = np.histogram(np.clip(one.energy, edges[0], edges[-1]), edges, weights=one.weight)
    return go.Scatter(
        x=edges,
        y=np.append(share, 0.0),
        mode="lines",
        line={**one.line, "shape": "hv"},
        fill="tozeroy" if one.filled else None,
        opacity=0.9,
        name=one.name,
        legendgroup=one.name,
        hovertemplate=f"{one.name}: %{{y:.3f}} near U = %{{x:.4~g}}<extra></extra>",
    )
