"""How the walkers are spread along x₁: their weighted distribution beside that of the data.

F(t) = Σ wᵢ [x₁ᵢ ≤ t] for the walkers, with weights 1/k for k training points. The largest gap
between the two is the Kolmogorov–Smirnov distance.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import Captioned, finish, number
from ebm_engine.views.style.wording import walkers_role

POINTS = 1000  # of a curve


def marginal(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """The distribution of x₁ over the walkers, by their weights, and over the training points."""
    colors, walkers, data = PALETTES[theme], snapshot.positions[:, 0], snapshot.data[:, 0]
    weights = np.exp(snapshot.log_w.astype(np.float64))
    gap = distance(walkers, weights / weights.sum(), data)
    figure = go.Figure(
        [
            _steps(data, np.full(len(data), 1 / len(data)), "training points", colors.data),
            _steps(walkers, weights / weights.sum(), "walkers, by weight", colors.model),
        ]
    )
    finish(figure, theme, f"Walkers along x₁: largest gap {number(gap, '.3f')}", 380)
    figure.update_xaxes(title_text="x₁")
    figure.update_yaxes(title_text="share to the left", range=[0, 1])
    alt = (
        f"Cumulative shares of {len(walkers)} walkers and {len(data)} training points along x₁; "
        f"they differ by at most {number(gap, '.3f')}."
    )
    caption = (
        f"From {len(walkers)} walkers and {len(data)} training points; the gap is the "
        f"Kolmogorov–Smirnov distance.{walkers_role(snapshot)}"
    )
    return Captioned(figure, alt, caption)


def distance(walkers: np.ndarray, weights: np.ndarray, data: np.ndarray) -> float:
    """The largest gap between the distributions of walkers (n,) with weights (n,) and data (k,)."""
    at = np.sort(np.concatenate([walkers, data]))
    order = np.argsort(walkers)
    below = np.searchsorted(walkers[order], at, side="right")
    share = np.concatenate([[0.0], np.cumsum(weights[order])])[below]
    known = np.searchsorted(np.sort(data), at, side="right") / len(data)
    return float(np.abs(share - known).max())


def _steps(x: np.ndarray, weights: np.ndarray, name: str, color: str) -> go.Scatter:
    order = np.argsort(x)
    share, rows = np.cumsum(weights[order]), thin(len(x), POINTS)
    line = {"color": color, "width": 2, "shape": "hv"}
    return go.Scatter(x=x[order][rows], y=share[rows], name=name, mode="lines", line=line)
