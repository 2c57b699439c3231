"""The energy landscape: map, 3-D surface, difference map and 1-D cut.

Energies are in kT; E − min E is clipped at 12. Densities are those of the plane, p = e^(−U)/Z.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import plane_layers, plane_numbers, surface
from ebm_engine.views.style import encodings
from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme, difference_colors
from ebm_engine.views.style.theme import Captioned, finish, note, number
from ebm_engine.views.style.wording import UNKNOWN, average, walkers_role


def energy_map(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """The energy on the plane with data, walkers, chains and means on it."""
    traces: list[BaseTraceType] = [*plane_layers.field_layers(snapshot)]
    traces.append(plane_layers.data_layer(snapshot))
    traces += plane_layers.walker_layers(snapshot)
    traces += plane_layers.chain_layers(snapshot)
    traces += plane_layers.mean_layers(snapshot, "light")
    figure = finish(go.Figure(traces), theme, f"Energy at update {snapshot.step}", 640)
    figure.update_layout(legend_itemsizing="constant")  # not the size of the first walker
    _plane_axes(figure, snapshot)
    count = len(snapshot.positions)
    dead = count - int(encodings.alive(snapshot.log_w).sum())
    points = min(len(snapshot.data), plane_layers.DATA)
    alt = (
        f"Map of the energy at update {snapshot.step}, lowest near {_lowest(snapshot)}, "
        f"with {count} walkers, {dead} of them of negligible weight{_target_means(snapshot)}."
    )
    caption = (
        f"Exact energy on {snapshot.field.size} grid points, colours end at "
        f"{encodings.CLIP:g} kT, iso-lines at {encodings.iso_lines_in_words()}. "
        f"Walkers: {_drawn(plane_layers.WALKERS, count)}, area ∝ weight up "
        f"to {encodings.LARGEST:g} times the median, {dead} of negligible weight hollow. "
        f"Data points: {_drawn(points, snapshot.spec.target.samples)}."
        + _field_notes(snapshot)
        + walkers_role(snapshot)
    )
    return Captioned(figure, alt, caption)


def energy_surface(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """The same energy as a surface in 3-D."""
    figure = finish(
        go.Figure(surface.surface(snapshot)),
        theme,
        f"Energy surface at update {snapshot.step}",
        600,
    )
    figure.update_layout(margin={"l": 0, "r": 0, "b": 0}, scene=surface.scene(snapshot))
    alt = (
        f"Surface of the energy at update {snapshot.step}; its lowest point is near "
        f"{_lowest(snapshot)} and it is cut off {encodings.CLIP:g} kT above it."
    )
    caption = (
        f"Exact energy on {snapshot.field.size} grid points, cut off at "
        f"{encodings.CLIP:g} kT above its minimum; lines every 1 kT up to "
        f"{encodings.ISO_LINES[-1]}.{_field_notes(snapshot)}"
    )
    return Captioned(figure, alt, caption)


def difference_map(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """p_model − p_data on the plane; the limits stay fixed at the target's highest density.

    Where the target's density is unknown, the figure says so.
    """
    if not snapshot.known_density:
        return _no_difference(snapshot, theme)
    x, y = plane_numbers.axes(snapshot)
    limit = float(snapshot.target_density.max())
    heat = go.Heatmap(
        x=x,
        y=y,
        z=(plane_numbers.model_density(snapshot) - snapshot.target_density).astype(np.float32),
        zmin=-limit,
        zmax=limit,
        zsmooth="best",
        colorscale=difference_colors(theme),
        colorbar=plane_layers.color_bar(
            "← data has more        model has more →",
            {-limit: f"−{limit:.2g}", 0.0: "0", limit: f"+{limit:.2g}"},
        ),
        hovertemplate="x₁ %{x:.2f}, x₂ %{y:.2f}<br>p model − p data %{z:.4f}<extra></extra>",
    )
    distance = _digits(plane_numbers.total_variation(snapshot))
    held = plane_numbers.integral(plane_numbers.model_density(snapshot), snapshot)
    figure = go.Figure([heat, *plane_layers.mean_layers(snapshot, theme)])
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
        f"±{limit:.3g}, the highest true density.{_field_notes(snapshot)}"
    )
    return Captioned(figure, alt, caption)


def cut(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """−log p of model and target along the line through the two heaviest target modes."""
    line = plane_numbers.cut_line(snapshot)
    model, target = plane_numbers.cut_values(snapshot, line)
    colors = PALETTES[theme]
    orange = {"color": colors.model, "width": 2.5}
    ink = {"color": colors.ink, "width": 2, "dash": "dash"}
    curves = [Curve("model", line.distance, model, orange)]
    if snapshot.known_density:
        curves.append(Curve("target", line.distance, target, ink))
    limits = plane_numbers.cut_range(line, model, target)
    plot = Plot(curves, unit="−log p (nats)", limits=limits)
    title = f"Cut through the modes at update {snapshot.step}"
    figure = draw([plot], theme, title, 420, x_title="distance along the cut")
    figure.update_xaxes(hoverformat=".2f")
    if not snapshot.known_density:
        middle = {"x": 0.5, "xref": "paper", "y": 0.88, "yref": "paper", "yanchor": "top"}
        figure.add_annotation(note(f"{UNKNOWN}:<br>no curve of the target", theme, **middle))
    kind = "target mode" if snapshot.known_density else "cluster"
    for mode, place in enumerate(line.modes, start=1):
        figure.add_vline(
            x=place,
            line={"color": colors.muted, "width": 1, "dash": "dot"},
            annotation={"text": f"{kind} {mode}", "font": {"color": colors.muted}},
            annotation_position="top left" if mode == 1 else "top right",
        )
    values = _at_modes(snapshot, line, model, target)
    alt = f"−log p along a line through the target's heaviest modes; at the modes: {values} nats."
    caption = (
        "−log p on the plane: the energy plus its exact log Z, read from the grid by bilinear "
        f"interpolation. At the target's modes: {values} nats.{_field_notes(snapshot)}"
    )
    return Captioned(figure, alt, caption)


def _no_difference(snapshot: Snapshot, theme: Theme) -> Captioned:
    """The empty plane with the reason: the target's density is unknown."""
    text = f"{UNKNOWN}:<br>there is nothing to subtract"
    figure = finish(go.Figure(), theme, "p model − p data: unknown", 560)
    figure.add_annotation(note(text, theme, x=0.5, xref="paper", y=0.5, yref="paper"))
    _plane_axes(figure, snapshot)
    samples = snapshot.spec.target.samples
    alt = f"No map of the difference: only {samples} points of the target are known."
    caption = f"{UNKNOWN}; their {samples} samples alone give no difference of densities."
    return Captioned(figure, alt, caption)


def _at_modes(
    snapshot: Snapshot, line: plane_numbers.Cut, model: np.ndarray, target: np.ndarray
) -> str:
    """−log p of the model, and of the target where it is known, at the modes of the cut."""
    texts = []
    for place in line.modes:
        text = f"model {number(_at(line, model, place), '.2f')}"
        if snapshot.known_density:
            text += f", target {number(_at(line, target, place), '.2f')}"
        texts.append(text)
    return "; ".join(texts)


def _at(line: plane_numbers.Cut, values: np.ndarray, place: float) -> float:
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
    x, y = plane_numbers.axes(snapshot)
    row, column = np.unravel_index(np.nanargmin(snapshot.field), snapshot.field.shape)
    return f"x₁ {number(x[column], '.1f')}, x₂ {number(y[row], '.1f')}"


def _target_means(snapshot: Snapshot) -> str:
    count = len(snapshot.target_means)
    return f", and {count} target means" if count else ""


def _field_notes(snapshot: Snapshot) -> str:
    """What the field is of: parameters a few updates old while a network plays, or an average."""
    late = snapshot.playing and snapshot.spec.energy.is_network
    text = " While the run plays, the energy shown is a few updates old." if late else ""
    return text + average(snapshot)


def _drawn(shown: int, count: int) -> str:
    return f"all {count}" if shown >= count else f"{shown} of {count}, evenly thinned"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if np.isfinite(share) else "an unknown share"


def _digits(value: float) -> str:
    if not np.isfinite(value):
        return "unknown"
    return f"{value:.4f}" if value >= 0.01 else f"{value:.2g}"
