"""The layers of the energy map: field with iso-lines, data, walkers, chains, means.

At most 5000 scatter points are drawn in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import plane_numbers
from ebm_engine.views.style import encodings
from ebm_engine.views.style.encodings import CLIP, ISO_LINES
from ebm_engine.views.style.palette import FIELD, HOLLOW, ON_FIELD, PALETTES, Theme
from ebm_engine.views.style.series import thin

WALKERS, DATA = 3000, 1200  # drawn at most; with 12 chains of 60 positions below 5000 points
MANY = 12  # target means above which their marks are small
AGES = (0.15, 0.35, 0.85)  # opacity of the oldest, the middle and the newest third of a chain


def field_layers(snapshot: Snapshot) -> list[go.Heatmap | go.Contour]:
    """E − min E as colours up to CLIP, and its iso-lines."""
    x, y = plane_numbers.axes(snapshot)
    energy = plane_numbers.relative_energy(snapshot)
    colors = go.Heatmap(
        x=x,
        y=y,
        z=np.minimum(energy, CLIP).astype(np.float32),
        zmin=0,
        zmax=CLIP,
        zsmooth="best",
        colorscale=FIELD,
        colorbar=color_bar(encodings.ENERGY, encodings.ticks()),
        hovertemplate="x₁ %{x:.2f}, x₂ %{y:.2f}<br>E − min E %{z:.2f} kT<extra></extra>",
    )
    lines = go.Contour(
        x=x,
        y=y,
        z=np.log2(np.maximum(energy, 1e-6)).astype(np.float32),
        contours={"start": 0, "end": len(ISO_LINES) - 1, "size": 1, "coloring": "none"},
        line={"color": "rgba(255,255,255,0.85)", "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    return [colors, lines]


def color_bar(title: str, ticks: Mapping[float, str]) -> dict[str, Any]:
    """A colour bar with a title along it and labels at some values."""
    return {
        "title": {"text": title, "side": "right"},
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "thickness": 14,
        "outlinewidth": 0,
    }


def data_layer(snapshot: Snapshot) -> go.Scatter:
    """The training points, thinned evenly to at most DATA."""
    points = snapshot.data[thin(len(snapshot.data), DATA)]
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        name="data",
        marker={
            "size": 5,
            "symbol": "diamond",
            "color": ON_FIELD.data,
            "opacity": 0.8,
            "line": {"width": 0.5, "color": "rgba(255,255,255,0.9)"},
        },
        hovertemplate="data point<br>x₁ %{x:.2f}, x₂ %{y:.2f}<extra></extra>",
    )


def walker_layers(snapshot: Snapshot) -> list[go.Scatter]:
    """The living walkers with area ∝ weight, and the dead ones as hollow grey circles."""
    shown = thin(len(snapshot.positions), WALKERS)
    dead = ~encodings.alive(snapshot.log_w[shown])
    size = encodings.diameters(snapshot.log_w)
    solid = {
        "size": size[shown[~dead]],
        "color": ON_FIELD.walker(),
        "opacity": 0.35,
        "line": {"width": 1, "color": ON_FIELD.ground},
    }
    hollow = {"size": 5, "symbol": "circle-open", "color": HOLLOW, "line": {"width": 1}}
    return [
        _walkers(snapshot, shown[~dead], encodings.LIVING, solid),
        _walkers(snapshot, shown[dead], encodings.HOLLOW_WALKERS, hollow),
    ]


def _walkers(snapshot: Snapshot, rows: np.ndarray, name: str, marker: dict) -> go.Scatter:
    weight = np.exp(snapshot.log_w[rows].astype(np.float64))
    return go.Scatter(
        x=snapshot.positions[rows, 0],
        y=snapshot.positions[rows, 1],
        mode="markers",
        name=name,
        marker=marker,
        customdata=np.column_stack([rows, weight, snapshot.energies[rows]]),
        hovertemplate="walker %{customdata[0]:d}<br>x₁ %{x:.2f}, x₂ %{y:.2f}<br>"
        "N·w %{customdata[1]:.3g}<br>U %{customdata[2]:.2f} kT<extra></extra>",
    )


def chain_layers(snapshot: Snapshot) -> list[go.Scatter]:
    """The last positions of a few walkers: a halo, then three thirds that fade with age."""
    chains, length = snapshot.trails.shape[:2]
    if chains == 0 or length < 2:
        return []
    edges = np.linspace(0, length, len(AGES) + 1).astype(int)
    halo = _lines(snapshot.trails, {"width": 3.5, "color": ON_FIELD.ground}, opacity=0.35)
    thirds = [
        _lines(
            snapshot.trails[:, max(first - 1, 0) : last],
            {"width": 1.2, "color": ON_FIELD.walker()},
            opacity=opacity,
        )
        for first, last, opacity in zip(edges[:-1], edges[1:], AGES, strict=True)
    ]
    thirds[-1].update(name=f"{chains} chains", showlegend=True)
    return [halo, *thirds]


def _lines(trails: np.ndarray, line: dict, opacity: float) -> go.Scatter:
    """Chains (m, t, 2) as one trace, with a gap between two chains."""
    gap = np.full((len(trails), 1, 2), np.nan, dtype=trails.dtype)
    path = np.concatenate([trails, gap], axis=1).reshape(-1, 2)
    return go.Scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode="lines",
        line=line,
        opacity=opacity,
        legendgroup="chains",
        showlegend=False,
        hoverinfo="skip",
    )


def mean_layers(snapshot: Snapshot, theme: Theme) -> list[go.Scatter]:
    """The true means and the model's means, of those that have means."""
    colors = PALETTES[theme]
    size = 17 if len(snapshot.target_means) <= MANY else 10
    target = {"size": size, "symbol": "x", "color": colors.ink}
    model = {"size": 11, "symbol": "cross", "color": colors.model}
    means = {
        "target means": (snapshot.target_means, target),
        "model means": (snapshot.means, model),
    }
    return [_means(at, name, mark, colors.ground) for name, (at, mark) in means.items() if len(at)]


def _means(means: np.ndarray, name: str, marker: dict, halo: str) -> go.Scatter:
    points = plane_numbers.on_plane(means)
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        name=name,
        marker={**marker, "line": {"width": 1.5, "color": halo}},
        hovertemplate=f"{name}<br>x₁ %{{x:.3f}}, x₂ %{{y:.3f}}<extra></extra>",
    )
