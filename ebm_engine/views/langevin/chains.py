"""Chains on a fixed energy: where they are, where they walked, how often they crossed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.encodings import CLIP
from ebm_engine.views.style.palette import FIELD, ON_FIELD, PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

HEIGHT = 400
CLOUD = 1000  # points drawn of one cloud, at most


class ChainSeries(NamedTuple):
    """The numbers of one study after `step` steps of `count` chains; J modes, m ≤ 12 paths.

    path: (m, t, 2) last positions; trace: (m, r) x₁ at `trace_step` (r,); clouds: (n, 2); masses:
    (J,); crossings: per 1000 steps and chain; acceptance: NaN without a test; moment: running mean
    of |x|² at `moment_step`; rho: autocorrelation of x₁ at `lags`, from `draws` positions; iact:
    its integrated time in steps, a lower bound unless `resolved`; box: x_min, x_max, y_min, y_max
    of the field U (g, g), rows along x₂; centres: (J, 2); settled_moment: where the kernel's own
    bias leads, NaN if unknown. Names ending in _se are standard errors.
    """

    step: int
    count: int
    path: np.ndarray
    trace_step: np.ndarray
    trace: np.ndarray
    short_steps: int
    short_cloud: np.ndarray
    cloud: np.ndarray
    short_mass: np.ndarray
    long_mass: np.ndarray
    crossings: float
    crossings_se: float
    acceptance: float
    acceptance_se: float
    moment_step: np.ndarray
    moment: np.ndarray
    moment_se: np.ndarray
    lags: np.ndarray
    rho: np.ndarray
    iact: float
    iact_se: float
    resolved: bool
    draws: int
    box: np.ndarray
    field: np.ndarray
    exact_mass: np.ndarray
    centres: np.ndarray
    exact_moment: float
    settled_moment: float


def chain_map(series: ChainSeries, theme: Theme = "light", *, short: bool = False) -> Captioned:
    """The energy with the cloud of all chains, and the last steps of the first few.

    With `short`, the cloud at the end of the short run, without paths.
    """
    cloud = series.short_cloud if short else series.cloud
    steps = series.short_steps if short else series.step
    figure = go.Figure(_field(series))
    if not short:
        figure.add_traces([_path(path) for path in series.path])
    figure.add_trace(_cloud(cloud))
    title = f"{'Short run: after' if short else 'All chains after'} {steps} steps"
    finish(figure, theme, title, HEIGHT + 20)
    figure.update_xaxes(
        title_text="x₁", range=series.box[:2].tolist(), showgrid=False, constrain="domain"
    )
    figure.update_yaxes(
        title_text="x₂",
        range=series.box[2:].tolist(),
        showgrid=False,
        scaleanchor="x",
        constrain="domain",
    )
    figure.update_layout(showlegend=False)
    paths = "" if short else f" Lines: the last steps of {len(series.path)} of them."
    caption = (
        f"{series.count} independent chains, one dot each, on the energy U − min U (bright is low, "
        f"colours end at {CLIP:g}).{paths}"
    )
    return Captioned(figure, f"{title}: {series.count} chains on the energy.", caption)


def traces(series: ChainSeries, theme: Theme = "light") -> Captioned:
    """x₁ of the first chains against the step: a chain that never crosses stays in its band."""
    colors = PALETTES[theme]
    figure = go.Figure(
        [
            go.Scatter(
                x=series.trace_step,
                y=row,
                mode="lines",
                line={"width": 1, "color": colors.walker(0.35)},
                showlegend=False,
                hovertemplate=f"chain {place}: %{{y:.3f}} at step %{{x}}<extra></extra>",
            )
            for place, row in enumerate(series.trace, start=1)
        ]
    )
    finish(figure, theme, f"x₁ of {len(series.trace)} chains", HEIGHT)
    figure.update_xaxes(title_text="step")
    figure.update_yaxes(title_text="x₁", range=series.box[:2].tolist())
    caption = f"{len(series.trace)} of {series.count} chains. {crossing_sentence(series)}"
    return Captioned(figure, f"Traces of {len(series.trace)} chains.", caption)


def crossing_sentence(series: ChainSeries) -> str:
    """Crossings per 1000 steps and chain ± 2 s.e., with a bound where none was seen."""
    total = series.count * series.step
    if len(series.exact_mass) == 1:
        return "This energy has one mode: there is no barrier to cross."
    if series.crossings == 0:
        return (
            f"No chain crossed from one mode to another in {total} steps, so the rate is below "
            f"{number(3000 / max(total, 1), '.2g')} per 1000 steps (95 %)."
        )
    return (
        f"{number(series.crossings)} ± {number(2 * series.crossings_se, '.2g')} crossings from "
        f"mode to mode per 1000 steps and chain, from {total} steps; 10 steps in a row on the "
        "other side make one."
    )


def _field(series: ChainSeries) -> go.Heatmap:
    x_min, x_max, y_min, y_max = series.box
    height = series.field.astype(np.float64) - np.nanmin(series.field)
    rows, columns = height.shape
    return go.Heatmap(
        x=np.linspace(x_min, x_max, columns),
        y=np.linspace(y_min, y_max, rows),
        z=np.minimum(height, 1e6).round(2),
        zmin=0,
        zmax=CLIP,
        zsmooth="best",
        colorscale=FIELD,
        showscale=False,
        hovertemplate="U − min U = %{z:.2f}<extra></extra>",
    )


def _path(path: np.ndarray) -> go.Scatter:
    return go.Scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode="lines",
        line={"width": 1, "color": "rgba(255,255,255,0.75)"},
        hoverinfo="skip",
    )


def _cloud(cloud: np.ndarray) -> go.Scatter:
    return go.Scatter(
        x=cloud[:CLOUD, 0],
        y=cloud[:CLOUD, 1],
        mode="markers",
        marker={
            "size": 5,
            "color": ON_FIELD.walker(0.7),
            "line": {"width": 0.7, "color": "rgba(255,255,255,0.8)"},
        },
        hoverinfo="skip",
    )
