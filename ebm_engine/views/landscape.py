"""The energy landscape: map, 3-D surface, difference map and 1-D cut.

Energies are in kT; E − min E is clipped at 12. Densities are those of the plane, p = e^(−U)/Z.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.runs.snapshot import Snapshot
from ebm_engine.views import layers, plane
from ebm_engine.views.palette import FIELD, PALETTES, Theme, difference_colors
from ebm_engine.views.theme import Reading, finish, number


def energy_map(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """The energy on the plane with data, walkers, chains and means on it."""
    traces = layers.field_layers(snapshot)
    traces.append(layers.data_layer(snapshot))
    traces += layers.walker_layers(snapshot)
    traces += layers.chain_layers(snapshot)
    traces += layers.mean_layers(snapshot, "light")
    figure = finish(go.Figure(traces), theme, f"Energy at update {snapshot.step}", 640)
    figure.update_layout(legend_itemsizing="constant")  # not the size of the first walker
    _plane_axes(figure, snapshot)
    count = len(snapshot.positions)
    dead = count - int(layers.alive(snapshot.log_w).sum())
    points = min(len(snapshot.data), layers.DATA)
    alt = (
        f"Map of the energy at update {snapshot.step}, lowest near {_lowest(snapshot)}, "
        f"with {count} walkers, {dead} of them of negligible weight, "
        f"and {len(snapshot.target_means)} target means."
    )
    caption = (
        f"Exact energy on {snapshot.field.size} grid points, colours end at {layers.CLIP:g} kT, "
        f"iso-lines at 1, 2, 4 and 8 kT. Walkers: {_drawn(layers.WALKERS, count)}, area ∝ weight "
        f"up to {layers.LARGEST:g} times the median, {dead} of negligible weight hollow. "
        f"Data points: {_drawn(points, snapshot.spec.target.samples)}."
    )
    return Reading(figure, alt, caption)


def energy_surface(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """The same energy as a surface in 3-D."""
    figure = finish(
        go.Figure(_surface(snapshot)), theme, f"Energy surface at update {snapshot.step}", 600
    )
    figure.update_layout(margin={"l": 0, "r": 0, "b": 0}, scene=_scene(snapshot))
    alt = (
        f"Surface of the energy at update {snapshot.step}; its lowest point is near "
        f"{_lowest(snapshot)} and it is cut off {layers.CLIP:g} kT above it."
    )
    caption = (
        f"Exact energy on {snapshot.field.size} grid points, cut off at {layers.CLIP:g} kT above "
        "its minimum; lines every 1 kT up to 8."
    )
    return Reading(figure, alt, caption)


def difference_map(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """p_model − p_data on the plane; the limits stay fixed at the target's highest density."""
    x, y = plane.axes(snapshot)
    limit = float(snapshot.target_density.max())
    heat = go.Heatmap(
        x=x,
        y=y,
        z=(plane.model_density(snapshot) - snapshot.target_density).astype(np.float32),
        zmin=-limit,
        zmax=limit,
        zsmooth="best",
        colorscale=difference_colors(theme),
        colorbar=layers.color_bar(
            "← data has more        model has more →",
            [-limit, 0, limit],
            [f"−{limit:.2g}", "0", f"+{limit:.2g}"],
        ),
        hovertemplate="x₁ %{x:.2f}, x₂ %{y:.2f}<br>p model − p data %{z:.4f}<extra></extra>",
    )
    distance = _digits(plane.total_variation(snapshot))
    held = plane.integral(plane.model_density(snapshot), snapshot)
    figure = go.Figure([heat, *layers.mean_layers(snapshot, theme)])
    finish(figure, theme, f"p model − p data: total variation {distance}", 560)
    _plane_axes(figure, snapshot)
    alt = (
        f"Map of model density minus true density at update {snapshot.step}; "
        f"the total variation ½∫|Δ| is {distance}."
    )
    caption = (
        f"Total variation ½∫|Δ| = {distance} by the trapezoid rule on {snapshot.field.size} grid "
        f"points against the true density, not the samples; the plane shown holds "
        f"{_percent(held)} of the model's mass. The colour limits never move: "
        f"±{limit:.3g}, the highest true density."
    )
    return Reading(figure, alt, caption)


def cut(snapshot: Snapshot, theme: Theme = "light") -> Reading:
    """−log p of model and target along the line through the two heaviest target modes."""
    line = plane.cut_line(snapshot)
    model, target = plane.cut_values(snapshot, line)
    colors = PALETTES[theme]
    figure = go.Figure(
        [
            _cut_trace(line, model, "model", {"color": colors.model, "width": 2.5}),
            _cut_trace(line, target, "target", {"color": colors.ink, "width": 2, "dash": "dash"}),
        ]
    )
    finish(figure, theme, f"Cut through the modes at update {snapshot.step}", 420)
    low, high = plane.cut_range(line, model, target)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text="distance along the cut", hoverformat=".2f")
    figure.update_yaxes(title_text="−log p (nats)", range=[low, high])
    for mode, place in enumerate(line.modes, start=1):
        figure.add_vline(
            x=place,
            line={"color": colors.muted, "width": 1, "dash": "dot"},
            annotation={"text": f"target mode {mode}", "font": {"color": colors.muted}},
            annotation_position="top left" if mode == 1 else "top right",
        )
    at_modes = [(_at(line, model, place), _at(line, target, place)) for place in line.modes]
    values = "; ".join(f"model {number(a, '.2f')}, target {number(b, '.2f')}" for a, b in at_modes)
    alt = f"−log p along a line through the target's heaviest modes; at the modes: {values} nats."
    caption = (
        "Both curves are −log p on the plane: each energy plus its own exact log Z, read from the "
        f"grid by bilinear interpolation. At the target's modes: {values} nats."
    )
    return Reading(figure, alt, caption)


def _surface(snapshot: Snapshot) -> go.Surface:
    x, y = plane.axes(snapshot)
    ticks = [0, 2, 4, 8, layers.CLIP]
    iso = {"show": True, "start": 1, "end": 8, "size": 1, "color": "rgba(255,255,255,0.5)"}
    return go.Surface(
        x=x,
        y=y,
        z=np.minimum(plane.relative_energy(snapshot), layers.CLIP).astype(np.float32),
        cmin=0,
        cmax=layers.CLIP,
        colorscale=FIELD,
        contours={"z": iso},
        colorbar=layers.color_bar("E − min E (kT)", ticks, ["0", "2", "4", "8", "≥12"]),
        hovertemplate="x₁ %{x:.2f}, x₂ %{y:.2f}<br>E − min E %{z:.2f} kT<extra></extra>",
    )


def _scene(snapshot: Snapshot) -> dict:
    """Axes in the box's proportions, seen from the front and above."""
    x_min, x_max, y_min, y_max = snapshot.box
    width, depth = x_max - x_min, y_max - y_min
    longest = max(width, depth)
    eye = {"x": 0.5, "y": -1.3, "z": 1.3}
    return {
        "xaxis": {"title": {"text": "x₁"}},
        "yaxis": {"title": {"text": "x₂"}},
        "zaxis": {"title": {"text": "E − min E (kT)"}, "range": [0, layers.CLIP]},
        "aspectratio": {"x": width / longest, "y": depth / longest, "z": 0.5},
        "camera": {"eye": eye, "center": {"x": 0, "y": 0, "z": -0.15}},
    }


def _cut_trace(line: plane.Cut, values: np.ndarray, name: str, style: dict) -> go.Scatter:
    return go.Scatter(
        x=line.distance,
        y=values,
        mode="lines",
        name=name,
        line=style,
        hovertemplate=f"{name} %{{y:.3f}} nats<extra></extra>",
    )


def _at(line: plane.Cut, values: np.ndarray, place: float) -> float:
    return float(np.interp(place, line.distance, values))


def _plane_axes(figure: go.Figure, snapshot: Snapshot) -> None:
    """Equal axes over the box."""
    x_min, x_max, y_min, y_max = snapshot.box
    figure.update_xaxes(
        title_text="x₁", range=[x_min, x_max], constrain="domain", showgrid=False, zeroline=False
    )
    figure.update_yaxes(
        title_text="x₂",
        range=[y_min, y_max],
        constrain="domain",
        scaleanchor="x",
        scaleratio=1,
        showgrid=False,
        zeroline=False,
    )


def _lowest(snapshot: Snapshot) -> str:
    if not np.isfinite(snapshot.field).any():
        return "nowhere"
    x, y = plane.axes(snapshot)
    row, column = np.unravel_index(np.nanargmin(snapshot.field), snapshot.field.shape)
    return f"x₁ {number(x[column], '.1f')}, x₂ {number(y[row], '.1f')}"


def _drawn(shown: int, count: int) -> str:
    return f"all {count}" if shown >= count else f"{shown} of {count}, evenly thinned"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if np.isfinite(share) else "an unknown share"


def _digits(value: float) -> str:
    if not np.isfinite(value):
        return "unknown"
    return f"{value:.4f}" if value >= 0.01 else f"{value:.2g}"
