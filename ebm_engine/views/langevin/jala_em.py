"""Learning a latent-variable model: estimated and exact evidence, and the parameter.

The evidence log p_θ(y) is in nats; both curves belong to the θ that the particles learned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.curves import Curve, Plot, draw, level
from ebm_engine.views.style.palette import PALETTES, Theme
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
    colors, x = PALETTES[theme], np.arange(len(series.theta))
    estimate = {"color": colors.weighted, "width": 2, "dash": "dash"}
    evidence = [
        Curve("exact", x, series.log_evidence_exact, {"color": colors.ink, "width": 2}),
        Curve("estimate ± 2 s.e.", x, series.log_evidence, estimate, series.log_evidence_se),
    ]
    ascent = {"color": colors.muted, "width": 2, "dash": "dot"}
    truth = {"color": colors.ink, "width": 1.5, "dash": "dash"}
    theta = [
        level(x, series.maximiser, "maximiser", truth),
        Curve("exact ascent", x, series.theta_exact, ascent),
        Curve("θ from the particles", x, series.theta, {"color": colors.model, "width": 2.5}),
    ]
    plots = [
        Plot(evidence, unit="nats", height=0.6),
        Plot(theta, "parameter θ", unit="θ", height=0.4),
    ]
    figure = draw(plots, theme, "Evidence log p(y) of the latent-variable model", 560)
    figure.add_trace(_resamplings(series, theme))
    return Captioned(figure, _alt(series), _caption(series))


def _resamplings(series: LatentSeries, theme: Theme) -> go.Scatter:
    line = {"width": 1.5, "color": PALETTES[theme].ink}
    return go.Scatter(
        x=series.resampled_at,
        y=series.log_evidence[series.resampled_at],
        mode="markers",
        name="resampling",
        marker={"symbol": "line-ns", "size": 12, "line": line},
        hovertemplate="resampled at update %{x}<extra></extra>",
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
