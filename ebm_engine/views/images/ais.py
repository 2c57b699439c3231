"""Learning of an image model: its cross-entropy as the walkers estimate it, and its class masses.

No exact log Z exists for images. Weighted walkers estimate it at every update; annealed importance
sampling (AIS) measures it now and then, and with it the held-out cross-entropy log Z + E[U] and the
masses of the model itself. All in nats and in the coordinates of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style.curves import Plot, draw
from ebm_engine.views.style.marks import draw_marks
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import (
    Captioned,
    as_text,
    finish,
    has_weights,
    method_name,
    note,
    number,
)
from ebm_engine.views.style.wording import walkers_role

HEIGHT = 400
Bar = tuple[str, np.ndarray, np.ndarray | None, dict[str, Any]]  # name, masses, errors, marker
WIDTH = 0.8  # of the bars of one class together


class AisPoint(NamedTuple):
    """What AIS found of the model at update `step`: cross-entropy and mass (J,), each with s.e."""

    step: int
    cross_entropy: float
    cross_entropy_se: float
    mass: np.ndarray
    mass_se: np.ndarray


def cross_entropy_curve(
    snapshot: Snapshot, theme: Theme = "light", *, measured: Sequence[AisPoint] = ()
) -> Captioned:
    """The cross-entropy as weighted walkers and witnesses estimate it, with the points of AIS."""
    estimates = kl_words.curves(snapshot, theme)
    figure = draw([Plot(estimates, unit="nats")], theme, kl_words.CROSS_ENTROPY, HEIGHT)
    points = [point for point in measured if point.step <= snapshot.step]
    if points:
        figure.add_trace(_points(points, PALETTES[theme].model))
    if not estimates and not points:
        text = (
            f"{method_name(snapshot)} has no weights, hence no estimate:<br>only AIS can measure it"
        )
        figure.add_annotation(note(text, theme, x=0.5, xref="paper", y=0.5, yref="paper"))
    unnamed = draw_marks(figure, snapshot, theme)
    numbers = _numbers(snapshot, points)
    alt = f"Cross-entropy at update {snapshot.step} in nats: {numbers}."
    return Captioned(figure, alt, f"{_meaning(snapshot)} Newest: {numbers}.{unnamed}")


def class_bars(
    snapshot: Snapshot, theme: Theme = "light", *, measured: Sequence[AisPoint] = ()
) -> Captioned:
    """Per class: data | model by AIS, where measured | raw walkers | weighted walkers, ± 2 s.e."""
    colors, masses = PALETTES[theme], snapshot.mode_mass
    points = [p for p in measured if p.step <= snapshot.step and len(p.mass) == len(masses.data)]
    hollow = {"color": colors.walker(0.06), "line": {"color": colors.walker(), "width": 2}}
    filled = {"color": colors.walker(0.8)}
    bars: list[Bar] = [("data", masses.data, None, {"color": colors.data})]
    if points:
        newest = points[-1]
        name = f"model by AIS, update {newest.step}"
        bars.append((name, newest.mass, newest.mass_se, {"color": colors.model}))
    weighted = has_weights(snapshot)
    bars.append(("raw walkers" if weighted else "walkers", masses.raw, masses.raw_se, hollow))
    if weighted:
        bars.append(("weighted walkers", masses.weighted, masses.weighted_se, filled))
    figure = go.Figure([_bar(snapshot, *one, colors.muted) for one in bars])
    finish(figure, theme, f"Class masses at update {snapshot.step}", HEIGHT)
    figure.update_layout(barmode="group", bargap=1 - WIDTH)
    figure.update_xaxes(title_text="class", type="category", showgrid=False)
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    values = "; ".join(
        f"{name} {', '.join(number(value, '.3f') for value in mass)}" for name, mass, *_ in bars
    )
    names = ", ".join(snapshot.class_names)
    alt = f"Masses of the classes {names}: {values}."
    return Captioned(figure, alt, _masses_caption(snapshot, known=bool(points)))


def _points(points: Sequence[AisPoint], color: str) -> go.Scatter:
    errors = [2 * point.cross_entropy_se for point in points]
    return go.Scatter(
        x=[point.step for point in points],
        y=[point.cross_entropy for point in points],
        error_y={"type": "data", "array": errors, "color": color, "thickness": 2},
        mode="markers",
        name="AIS, held-out ± 2 s.e.",
        marker={"color": color, "size": 10, "symbol": "diamond"},
        hovertemplate="AIS %{y:.4~g}<extra></extra>",
    )


def _bar(
    snapshot: Snapshot,
    name: str,
    mass: np.ndarray,
    error: np.ndarray | None,
    marker: dict[str, Any],
    whisker: str,
) -> go.Bar:
    bars = go.Bar(x=as_text(snapshot.class_names), y=mass, name=name, marker=marker)
    if error is not None:
        bars.error_y = {"type": "data", "array": 2 * error, "color": whisker}
    return bars.update(hovertemplate=f"{name} %{{x}}: %{{y:.4f}}<extra></extra>")


def _numbers(snapshot: Snapshot, points: Sequence[AisPoint]) -> str:
    names = {"kl_estimate": "estimated", "kl_witness": "witness"}
    values = {name: last_finite(snapshot.history[field]) for field, name in names.items()}
    parts = [f"{name} {number(value)}" for name, value in values.items() if value is not None]
    if points:
        last = points[-1]
        error = number(2 * last.cross_entropy_se, ".2g")
        parts.append(f"AIS {number(last.cross_entropy)} ± {error} at update {last.step}")
    return ", ".join(parts) or "no values yet"


def _meaning(snapshot: Snapshot) -> str:
    count = snapshot.spec.walkers.count
    if has_weights(snapshot):
        curves = f"The curve is the estimate of the {count} weighted walkers on the training images"
    else:
        curves = f"Without weights ({method_name(snapshot)}) the walkers give no estimate of log Z"
    return (
        f"log Z + E[U] in nats, lower is better; no exact value exists. {curves}; diamonds are AIS "
        "on held-out images, one for each measurement made below the live picture."
    )


def _masses_caption(snapshot: Snapshot, *, known: bool) -> str:
    model = (
        "AIS measures the model itself, with fresh walkers."
        if known
        else "Only AIS measures the model itself: run it below the live picture."
    )
    return (
        f"Share of each class as a classifier reads it: over the training images and the "
        f"{len(snapshot.positions)} walkers, whiskers ± 2 s.e. {model}{walkers_role(snapshot)}"
    )
