"""What studies of image models found: class masses and log Z of one, and compositions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, as_text, finish, number

HEIGHT = 400
EDGE = 2  # pixels between tiles


class AisSeries(NamedTuple):
    """Of a model at update `step` in `dim` dimensions, by `walkers` annealed walkers.

    data_mass (J,); mass (J,) as the classifier reads it and mass_corrected by its errors, each with
    standard errors _se; log_z_forward and log_z_reverse in nats, the latter NaN until it is known,
    with the interval log_z_low … log_z_high; cross_entropy on `held_out` points; ess: ESS/N, and
    `ancestors` of the walkers at the top; steps: of the climb.
    """

    step: int
    steps: int
    walkers: int
    dim: int
    class_names: tuple[str, ...]
    data_mass: np.ndarray
    mass: np.ndarray
    mass_se: np.ndarray
    mass_corrected: np.ndarray
    mass_corrected_se: np.ndarray
    ess: float
    ancestors: int
    cross_entropy: float
    cross_entropy_se: float
    held_out: int
    log_z_forward: float
    log_z_forward_se: float
    log_z_reverse: float
    log_z_reverse_se: float
    log_z_low: float
    log_z_high: float


class CompositionSeries(NamedTuple):
    """`count` chains after `step` steps: tiles (m, h, w) uint8 of the first ones.

    class_names: per model; shares: what its classifier reads in the chains, (J,) per model;
    part_energy: mean U of each model there; curve: mean U of the composition at `curve_step`.
    """

    step: int
    count: int
    tiles: np.ndarray
    class_names: tuple[tuple[str, ...], ...]
    shares: tuple[np.ndarray, ...]
    part_energy: np.ndarray
    curve_step: np.ndarray
    curve: np.ndarray
    acceptance: float


def class_masses(
    series: AisSeries,
    theme: Theme = "light",
    *,
    raw: np.ndarray | None = None,
    weighted: np.ndarray | None = None,
) -> Captioned:
    """Per class: data | raw walkers | weighted walkers, where given | model by AIS ± 2 s.e."""
    colors = PALETTES[theme]
    hollow = {"color": colors.walker(0.06), "line": {"color": colors.walker(), "width": 2}}
    figure = go.Figure(go.Bar(name="data", y=series.data_mass, marker={"color": colors.data}))
    if raw is not None:
        figure.add_bar(name="raw walkers", y=raw, marker=hollow)
    if weighted is not None:
        figure.add_bar(name="weighted walkers", y=weighted, marker={"color": colors.walker(0.8)})
    for name, mass, error, opacity in (
        ("model by AIS", series.mass, series.mass_se, 1.0),
        ("corrected", series.mass_corrected, series.mass_corrected_se, 0.55),
    ):
        whisker = {"type": "data", "array": 2 * error, "color": colors.muted}
        figure.add_bar(
            name=name, y=mass, error_y=whisker, marker={"color": colors.model}, opacity=opacity
        )
    figure.update_traces(x=as_text(series.class_names), hovertemplate="%{x}: %{y:.4f}")
    finish(figure, theme, f"Class masses at update {series.step}", HEIGHT)
    figure.update_layout(barmode="group")
    figure.update_xaxes(title_text="class", type="category", showgrid=False)
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    found = ", ".join(
        f"{name} {number(m, '.3f')} ± {number(2 * se, '.3f')} (data {number(d, '.3f')})"
        for name, m, se, d in zip(
            series.class_names, series.mass, series.mass_se, series.data_mass, strict=True
        )
    )
    return Captioned(figure, f"Mass of each class in the model: {found}.", _masses_caption(series))


def _masses_caption(series: AisSeries) -> str:
    return (
        f"{series.walkers} fresh walkers annealed from the Gaussian base to the model in "
        f"{series.steps} steps, classes read by a classifier; whiskers are 2 s.e. over the "
        f"{series.ancestors} ancestors that are left, ESS/N {number(series.ess, '.2f')}. "
        "Corrected: the same with the classifier's errors on held-out images taken out. Walkers "
        "of a run can look right while its model is not; only fresh walkers show it."
    )


def log_z_bracket(series: AisSeries, theme: Theme = "light") -> Captioned:
    """log Z of the forward and of the reverse walk ± 2 s.e., with the interval between."""
    colors = PALETTES[theme]
    values = np.array([series.log_z_forward, series.log_z_reverse])
    errors = 2 * np.array([series.log_z_forward_se, series.log_z_reverse_se])
    known = np.isfinite(values)
    names = np.array(["forward", "reverse"])
    figure = go.Figure()
    figure.add_scatter(
        x=values[known],
        y=names[known],
        mode="markers",
        marker={"color": colors.model, "size": 10},
        error_x={"type": "data", "array": errors[known], "color": colors.model, "thickness": 2},
        showlegend=False,
        hovertemplate="%{y}: %{x:.3f} nats<extra></extra>",
    )
    if math.isfinite(series.log_z_high):
        ends: dict[str, Any] = {"x0": series.log_z_low, "x1": series.log_z_high}
        figure.add_vrect(**ends, fillcolor=colors.model, opacity=0.12, line_width=0)
    finish(figure, theme, "log Z of the model, in nats", 200)
    figure.update_xaxes(title_text="log Z")
    figure.update_yaxes(categoryorder="array", categoryarray=["reverse", "forward"])
    interval = (
        f"{number(series.log_z_low, '.2f')} to {number(series.log_z_high, '.2f')}"
        if math.isfinite(series.log_z_high)
        else "not closed yet"
    )
    space = f"{series.dim} coordinates of the model"
    caption = (
        f"Interval: {interval}. On average the forward walk falls short of log Z and the reverse "
        "one exceeds it; both ± 2 s.e. A class that no walker found is missing from both. Held-out "
        f"cross-entropy {number(series.cross_entropy, '.3f')} ± "
        f"{number(2 * series.cross_entropy_se, '.3f')} nats on {series.held_out} images, in the "
        f"{space}; no exact log Z exists here."
    )
    return Captioned(figure, f"log Z of the model: {interval} nats.", caption)


def composition_curve(series: CompositionSeries, theme: Theme = "light") -> Captioned:
    """Mean energy of the composition over the chains, along their steps."""
    line = {"color": PALETTES[theme].model, "width": 2}
    plot = Plot([Curve("mean U", series.curve_step, series.curve, line)], unit="mean U, nats")
    figure = draw([plot], theme, "Mean energy of the composition", 300, x_title="step")
    read = "; ".join(
        ", ".join(f"{n} {number(s, '.2f')}" for n, s in zip(names, shares, strict=True))
        for names, shares in zip(series.class_names, series.shares, strict=True)
    )
    energy = ", ".join(number(value, ".1f") for value in series.part_energy)
    caption = (
        f"{series.count} chains after {series.step} steps of MALA, acceptance "
        f"{number(series.acceptance, '.2f')}. Classes read by the classifier of each model, which "
        f"knows its own classes only: {read}. Mean energy of each model at the chains: {energy}."
    )
    return Captioned(figure, f"Mean energy after {series.step} steps.", caption)


def sheet(tiles: np.ndarray, columns: int = 8) -> np.ndarray:
    """Tiles (m, h, w) uint8 on one sheet, row by row, with black between them."""
    count, h, w = tiles.shape
    rows = math.ceil(count / columns)
    canvas = np.zeros((rows * (h + EDGE) - EDGE, columns * (w + EDGE) - EDGE), dtype=np.uint8)
    for k, tile in enumerate(tiles):
        top, left = k // columns * (h + EDGE), k % columns * (w + EDGE)
        canvas[top : top + h, left : left + w] = tile
    return canvas
