"""Genealogy: which first walkers the present ones descend from, over the updates.

At each recorded update the walkers stand in the order of their first ancestor; a band of one colour
is the family of one ancestor. Resampling makes bands vanish and others grow: they coalesce, as the
lines of descent of any finite population do (Kingman 1982).
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import FIELD, Theme
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import Captioned, blank, finish, has_weights, method_name

HEIGHT = 420


def genealogy(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """The first ancestors of 64 evenly spaced walkers over the recorded updates."""
    steps, rows = snapshot.genealogy_steps, snapshot.genealogy
    if len(steps) == 0:
        return _nothing(snapshot, theme)
    count = snapshot.spec.walkers.count
    figure = go.Figure(
        go.Heatmap(
            x=edges(steps),
            y=np.linspace(0, 1, rows.shape[1] + 1),
            z=rows.T.astype(np.float32),
            zmin=0,
            zmax=count - 1,
            colorscale=FIELD,
            colorbar={"title": {"text": "first ancestor", "side": "right"}, "thickness": 14},
            hovertemplate="update %{x:.0f}<br>first ancestor %{z:.0f}<extra></extra>",
        )
    )
    left = int(last_finite(snapshot.history["ancestors"]) or 0)
    title = f"Genealogy: {left} of {count} ancestors left"
    finish(figure, theme, title, HEIGHT)
    figure.update_xaxes(title_text="update", showgrid=False)
    figure.update_yaxes(title_text="walkers by first ancestor", showgrid=False, range=[0, 1])
    shown = len(np.unique(rows[-1]))
    alt = (
        f"Bands of descent up to update {int(steps[-1])}: {left} of {count} first walkers still "
        f"have a descendant; the {rows.shape[1]} walkers shown come from {shown} of them."
    )
    caption = (
        f"{rows.shape[1]} of the {count} walkers, evenly spaced in the order of their first "
        "ancestor. One colour is one family: where bands coalesce, the walkers resampled. Copies "
        "are not independent, so few ancestors mean few independent witnesses of the masses."
    )
    if snapshot.spec.method.refresh_every:
        caption += " At a refresh new walkers take over, with ancestors of their own."
    return Captioned(figure, alt, caption)


def edges(steps: np.ndarray) -> np.ndarray:
    """Borders (r + 1,) of the cells of r recorded updates: each lasts until the next one."""
    steps = steps.astype(np.float64)
    last = steps[-1] - steps[-2] if len(steps) > 1 else 1.0
    return np.append(steps, steps[-1] + last)


def _nothing(snapshot: Snapshot, theme: Theme) -> Captioned:
    """The sentence in place of the bands."""
    name = method_name(snapshot)
    reason = (
        "No update is recorded yet."
        if has_weights(snapshot)
        else f"No weights ({name}): nothing is resampled, so no walker has descendants."
    )
    return Captioned(blank("Genealogy", reason, theme, HEIGHT), f"Genealogy: {reason}", "")
