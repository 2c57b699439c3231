"""Several runs of one lockstep on common axes: KL, contrast, ESS, ancestors, or log-weights.

Runs differ by colour and by dash. The vertical axis leaves out the first part of the training,
where all curves fall from far above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.many_runs.compare import (
    Entry,
    history_curves,
    method_styles,
    ordinal_styles,
)
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style.curves import SHARE, Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import Captioned, finish, has_weights, number

HEIGHT = 240
EARLY = 0.3  # part of the history that does not stretch the vertical axis
BINS = 40
REACH = 6.0  # of log(N·w) either side of 0
WIDTH = 2.5


def styles(snapshots: Sequence[Snapshot], theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each run: those of its method, in order where all have the same one."""
    kinds = [snapshot.spec.method.kind for snapshot in snapshots]
    if len(set(kinds)) > 1:
        return method_styles(kinds, theme)
    return ordinal_styles(len(kinds), theme)


def kl_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """KL of each run in nats, and as its weighted walkers estimate it, thin."""
    curves: list[Curve] = []
    for run in runs:
        curves += history_curves([run], "kl_exact", WIDTH)
        if has_weights(run.snapshot) and np.isfinite(run.snapshot.history["kl_estimate"]).any():
            (estimate,) = history_curves([run], "kl_estimate", 1)
            style = {**estimate.style, "dash": "solid"}
            curves.append(estimate._replace(name=f"{run.name}: estimate", style=style))
    title = f"{kl_words.title(runs[0].snapshot)} in nats"
    figure = _draw(Plot(curves, limits=_late_limits(curves)), title, theme)
    now = _newest(runs, "kl_exact")
    thin_lines = " Thin: what the weighted walkers estimate." if len(curves) > len(runs) else ""
    caption = f"Exact KL now: {now}.{thin_lines}"
    return Captioned(figure, f"KL of each run over the updates; now {now} nats.", caption)


def contrast_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """E(data) − E(walkers) of each run: not a loss."""
    curves = history_curves(runs, "contrast", WIDTH)
    figure = _draw(Plot(curves, limits=_late_limits(curves)), kl_words.CONTRAST, theme)
    now = _newest(runs, "contrast")
    return Captioned(figure, f"Contrast of each run over the updates; now {now}.", f"Now: {now}.")


def ess_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """ESS/N of each run with weights; see `PARTS`, it is never shown alone.

    Runs without weights are left out: their ESS of 1 would look like the best of all.
    """
    weighted = [run for run in runs if has_weights(run.snapshot)]
    plot = Plot(history_curves(weighted, "ess", WIDTH), limits=SHARE)
    figure = _draw(plot, "Effective sample size, ESS/N", theme)
    now = _newest(weighted, "ess")
    return Captioned(figure, f"ESS over the updates; now {now}.", f"Now: {now}.")


def ancestors_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """Share of the original ancestors that survive in each run with weights."""
    weighted = [run for run in runs if has_weights(run.snapshot)]
    counts = history_curves(weighted, "ancestors", WIDTH)
    curves = [
        curve._replace(y=curve.y / len(run.snapshot.positions))
        for curve, run in zip(counts, weighted, strict=True)
    ]
    figure = _draw(Plot(curves, limits=SHARE), "Original ancestors/N", theme)
    now = _newest(weighted, "ancestors", ".0f")
    return Captioned(figure, f"Ancestors over the updates; now {now}.", f"Ancestors now: {now}.")


def weights_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """Histogram of log(N·w) of each weighted run; 0 is equal weight."""
    figure = go.Figure()
    edges = np.linspace(-REACH, REACH, BINS + 1)
    weighted = [run for run in runs if has_weights(run.snapshot)]
    for title, snapshot, style in weighted:
        counts, _ = np.histogram(np.clip(snapshot.log_w, -REACH, REACH), edges)
        share = counts / len(snapshot.log_w)
        line = style | {"width": WIDTH} | {"shape": "hvh"}
        middles = (edges[1:] + edges[:-1]) / 2
        trace = go.Scatter(x=middles, y=share, mode="lines", name=title, line=line)
        figure.add_trace(trace)
    finish(figure, theme, "Log-weights log(N·w)", HEIGHT)
    figure.add_vline(x=0, line={"color": PALETTES[theme].ink, "width": 1})
    figure.update_xaxes(title_text="log(N·w), 0 = equal weight", range=[-REACH, REACH])
    figure.update_yaxes(title_text="share of walkers", rangemode="tozero")
    _tidy(figure)
    now = _newest(weighted, "ess")
    caption = f"ESS/N: {now}. Runs without weights are left out."
    return Captioned(figure, f"Histogram of the walkers' log-weights; ESS {now}.", caption)


FIGURES = {
    "kl": kl_together,
    "contrast": contrast_together,
    "ess": ess_together,
    "ancestors": ancestors_together,
    "weights": weights_together,
}
# What is drawn for a part: the contrast never without the KL, the ESS never without the ancestors.
PARTS = {
    "kl": ("kl",),
    "contrast": ("kl", "contrast"),
    "ess": ("ess", "ancestors"),
    "weights": ("weights",),
}


def _draw(plot: Plot, title: str, theme: Theme) -> go.Figure:
    return _tidy(draw([plot], theme, title, HEIGHT))


def _tidy(figure: go.Figure) -> go.Figure:
    """The legend beside the title, so that the figure stays low."""
    corner = {"x": 1, "xanchor": "right", "yref": "container", "y": 1, "yanchor": "top"}
    return figure.update_layout(legend=corner, margin={"b": 44})


def _late_limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """Limits of the axis that fit what comes after the early part, and 0."""
    late = np.concatenate([curve.y[int(EARLY * len(curve.y)) :] for curve in curves])
    late = np.append(late[np.isfinite(late)], 0.0)
    margin = 0.08 * float(np.ptp(late)) or 0.1
    return float(late.min()) - margin, float(late.max()) + margin


def _newest(runs: Sequence[Entry], field: str, form: str = ".3g") -> str:
    """The newest number of each run, after its name."""
    values = {run.name: last_finite(run.snapshot.history[field]) for run in runs}
    return ", ".join(f"{name} {number(value, form)}" for name, value in values.items())
