"""The energy surface in 3-D: its trace and its scene."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import plane_layers, plane_numbers
from ebm_engine.views.style import encodings
from ebm_engine.views.style.palette import FIELD


def surface(snapshot: Snapshot) -> go.Surface:
    """E − min E over the plane, cut off at CLIP, with lines every 1 kT."""
    x, y = plane_numbers.axes(snapshot)
    iso = {
        "show": True,
        "start": 1,
        "end": encodings.ISO_LINES[-1],
        "size": 1,
        "color": "rgba(255,255,255,0.5)",
    }
    return go.Surface(
        x=x,
        y=y,
        z=np.minimum(plane_numbers.relative_energy(snapshot), encodings.CLIP).astype(np.float32),
        cmin=0,
        cmax=encodings.CLIP,
        colorscale=FIELD,
        contours={"z": iso},
        colorbar=plane_layers.color_bar(encodings.ENERGY, encodings.ticks()),
        hovertemplate="x₁ %{x:.2f}, x₂ %{y:.2f}<br>E − min E %{z:.2f} kT<extra></extra>",
    )


def scene(snapshot: Snapshot) -> dict:
    """Axes in the box's proportions, seen from the front and above."""
    x_min, x_max, y_min, y_max = snapshot.box
    width, depth = x_max - x_min, y_max - y_min
    longest = max(width, depth)
    eye = {"x": 0.5, "y": -1.3, "z": 1.3}
    return {
        "xaxis": {"title": {"text": "x₁"}},
        "yaxis": {"title": {"text": "x₂"}},
        "zaxis": {"title": {"text": encodings.ENERGY}, "range": [0, encodings.CLIP]},
        "aspectratio": {"x": width / longest, "y": depth / longest, "z": 0.5},
        "camera": {"eye": eye, "center": {"x": 0, "y": 0, "z": -0.15}},
    }
