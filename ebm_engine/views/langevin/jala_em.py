"""Learning a latent-variable model: estimated and exact evidence, and the parameter.

The evidence log p_θ(y) is in nats; both curves belong to the θ that the particles learned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import band, thin
from ebm_engine.views.style.strokes import POINTS, finish_stacked, stacked
from ebm_engine.views.style.theme import Captioned, number


class LatentSeries(NamedTuple):
    """The numbers of one run; every array is (K + 1,), one value per update from 0 to K.

    theta, theta_exact: learned from particles and by exact ascent; maximiser: the θ of the largest
    evidence; log_evidence with its standard error, log_evidence_exact: in nats at the learned θ;
    resampled_at: (r,) updates; walkers: number of particles.
    """

    theta: np.ndarray
    theta_exact: np.ndarray
    maximiser: float
    log_evidence: np.ndarray
    log_evidence_se: np.ndarray
    log_evidence_exact: np.ndarray
    resampled_at: np.ndarray
    walkers: int


def latent_curves(series: LatentSeries, theme: Theme = "light") -> Captioned:
    """Log-evidence, estimated ± 2 s.e. and exact; below it θ, exact ascent and the maximiser."""
    figure = stacked(["", "parameter θ"], [0.6, 0.4])
    for trace in _evidence_traces(series, theme):
        figure.add_trace(trace, row=1, col=1)
    for trace in _theta_traces(series, theme):
        figure.add_trace(trace, row=2, col=1)
    finish_stacked(figure, theme, "Evidence log p(y) of the latent-variable model")
    figure.update_yaxes(title_text="nats", row=1, col=1)
    figure.update_yaxes(title_text="θ", row=2, col=1)
    return Captioned(figure, _alt(series), _caption(series))


def _evidence_traces(series: LatentSeries, theme: Theme) -> list[go.Scatter]:
    """Band, exact line, estimate and resampling ticks, the band below the lines."""
    colors = PALETTES[theme]
    dashed = {"color": colors.weighted, "width": 2, "dash": "dash"}
    return [
        _band(series, colors.weighted),
        _line(series.log_evidence_exact, "exact", {"color": colors.ink, "width": 2}),
        _line(series.log_evidence, "estimate ± 2 s.e.", dashed),
        go.Scatter(
            x=series.resampled_at,
            y=series.log_evidence[series.resampled_at],
            mode="markers",
            name="resampling",
            marker={"symbol": "line-ns", "size": 12, "line": {"width": 1.5, "color": colors.ink}},
            hovertemplate="resampled at update %{x}<extra></extra>",
        ),
    ]


def _theta_traces(series: LatentSeries, theme: Theme) -> list[go.Scatter]:
    """Exact ascent below the learned θ, and the maximiser dashed over all updates."""
    colors = PALETTES[theme]
    goal = np.full(len(series.theta), series.maximiser)
    ascent = {"color": colors.muted, "width": 2, "dash": "dot"}
    truth = {"color": colors.ink, "width": 1.5, "dash": "dash"}
    return [
        _line(goal, "maximiser", truth),
        _line(series.theta_exact, "exact ascent", ascent),
        _line(series.theta, "θ from the particles", {"color": colors.model, "width": 2.5}),
    ]


def _line(values: np.ndarray, name: str, style: dict[str, str | float]) -> go.Scatter:
    shown = thin(len(values), POINTS)
    hover = f"{name} %{{y:.4~g}}<extra></extra>"
    return go.Scatter(
        x=shown, y=values[shown], mode="lines", name=name, line=style, hovertemplate=hover
    )


def _band(series: LatentSeries, color: str) -> go.Scatter:
    """The estimate ± 2 standard errors as a pale area."""
    shown = thin(len(series.theta), POINTS)
    middle, reach = series.log_evidence[shown], 2 * series.log_evidence_se[shown]
    x, y = band(shown.astype(float), middle - reach, middle + reach)
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        fill="toself",
        line={"width": 0, "color": color},
        opacity=0.25,
        fillcolor=color,
        showlegend=False,
        hoverinfo="skip",
    )


def _alt(series: LatentSeries) -> str:
    estimate, exact = series.log_evidence[-1], series.log_evidence_exact[-1]
    reach = 2 * series.log_evidence_se[-1]
    return (
        f"After {len(series.theta) - 1} updates log p(y) is estimated at "
        f"{number(estimate, '.2f')} ± {number(reach, '.2f')} nats, exact {number(exact, '.2f')}; "
        f"θ is {number(series.theta[-1])}, the maximiser {number(series.maximiser)}."
    )


def _caption(series: LatentSeries) -> str:
    count = len(series.resampled_at)
    times = f"{count} resampling" + ("" if count == 1 else "s")
    return (
        f"{series.walkers} weighted particles in latent space, {times}. The estimate is the exact "
        "log-evidence at the start plus the log-mean-exp of the weights; the exact curve is the "
        "Gaussian closed form at the same θ. The standard error leaves out that θ follows the same "
        "particles, which pushes the estimate up a little, in proportion to one over their number."
    )
