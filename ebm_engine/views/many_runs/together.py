"""Several runs of one lockstep on common axes: KL, contrast, ESS, ancestors, or log-weights.

Runs differ by colour and by dash. The vertical axis leaves out the first part of the training,
where all curves fall from far above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.many_runs.compare import Entry, method_styles, ordinal_styles
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.strokes import curve
from ebm_engine.views.style.theme import FONT_SIZE, Captioned, finish, has_weights, number

HEIGHT = 240
EARLY = 0.3  # part of the history that does not stretch the vertical axis
BINS = 40
REACH = 6.0  # of log(N·w) either side of 0
WIDTH = {"width": 2.5}


def styles(snapshots: Sequence[Snapshot], theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each run: those of its method, in order where all have the same one."""
    kinds = [snapshot.spec.method.kind for snapshot in snapshots]
    if len(set(kinds)) > 1:
        return method_styles(kinds, theme)
    return ordinal_styles(len(kinds), theme)


def kl_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """Exact KL of each run in nats, and as its weighted walkers estimate it, thin."""
    figure, shown = go.Figure(), []
    for title, snapshot, style in runs:
        values = snapshot.history["kl_exact"]
        shown.append(values)
        figure.add_trace(curve(snapshot, values, title, style | WIDTH))
        guessed = snapshot.history["kl_estimate"]
        if has_weights(snapshot) and np.isfinite(guessed).any():
            thin = style | {"width": 1, "dash": "solid"}
            figure.add_trace(curve(snapshot, guessed, f"{title}: estimate", thin))
            shown.append(guessed)
    finish(figure, theme, "KL(data ‖ model) in nats", HEIGHT)
    _axes(figure, shown)
    now = _named(runs, "kl_exact")
    thin_lines = " Thin: what the weighted walkers estimate." if len(shown) > len(runs) else ""
    caption = f"Exact KL now: {now}.{thin_lines}"
    return Captioned(figure, f"KL of each run over the updates; now {now} nats.", caption)


def contrast_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """E(data) − E(walkers) of each run: not a loss."""
    figure, shown = go.Figure(), []
    for title, snapshot, style in runs:
        shown.append(snapshot.history["contrast"])
        figure.add_trace(curve(snapshot, shown[-1], title, style | WIDTH))
    finish(figure, theme, "CD contrast E(data) − E(walkers): not a loss", HEIGHT)
    _axes(figure, shown)
    now = _named(runs, "contrast")
    return Captioned(figure, f"Contrast of each run over the updates; now {now}.", f"Now: {now}.")


def ess_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """ESS/N of each run with weights; see `PARTS`, it is never shown alone.

    Runs without weights are left out: their ESS of 1 would look like the best of all.
    """
    weighted = [run for run in runs if has_weights(run.snapshot)]
    curves = [run.snapshot.history["ess"] for run in weighted]
    figure = _shares(weighted, curves, "Effective sample size, ESS / N", theme)
    now = _named(weighted, "ess")
    return Captioned(figure, f"ESS over the updates; now {now}.", f"Now: {now}.")


def ancestors_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """Share of the original ancestors that survive in each run with weights."""
    weighted = [run for run in runs if has_weights(run.snapshot)]
    curves = [r.snapshot.history["ancestors"] / len(r.snapshot.positions) for r in weighted]
    figure = _shares(weighted, curves, "Original ancestors / N", theme)
    now = _named(weighted, "ancestors", ".0f")
    return Captioned(figure, f"Ancestors over the updates; now {now}.", f"Ancestors now: {now}.")


def _shares(
    runs: Sequence[Entry], curves: Sequence[np.ndarray], title: str, theme: Theme
) -> go.Figure:
    """Curves between 0 and 1."""
    figure = go.Figure()
    for (name, snapshot, style), values in zip(runs, curves, strict=True):
        figure.add_trace(curve(snapshot, values, name, style | WIDTH))
    finish(figure, theme, title, HEIGHT)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text="update")
    figure.update_yaxes(range=[-0.05, 1.08])
    _tidy(figure)
    return figure


def weights_together(runs: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """Histogram of log(N·w) of each weighted run; 0 is equal weight."""
    figure = go.Figure()
    edges = np.linspace(-REACH, REACH, BINS + 1)
    weighted = [run for run in runs if has_weights(run.snapshot)]
    for title, snapshot, style in weighted:
        counts, _ = np.histogram(np.clip(snapshot.log_w, -REACH, REACH), edges)
        share = counts / len(snapshot.log_w)
        line = style | WIDTH | {"shape": "hvh"}
        middles = (edges[1:] + edges[:-1]) / 2
        trace = go.Scatter(x=middles, y=share, mode="lines", name=title, line=line)
        figure.add_trace(trace)
    finish(figure, theme, "Log-weights log(N·w)", HEIGHT)
    figure.add_vline(x=0, line={"color": PALETTES[theme].ink, "width": 1})
    figure.update_xaxes(title_text="log(N·w), 0 = equal weight", range=[-REACH, REACH])
    figure.update_yaxes(title_text="share of walkers", rangemode="tozero")
    _tidy(figure)
    now = _named(weighted, "ess")
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


def _tidy(figure: go.Figure) -> None:
    """The legend beside the title, so that the figure stays low."""
    corner = {"x": 1, "xanchor": "right", "yref": "container", "y": 1, "yanchor": "top"}
    figure.update_layout(legend=corner, margin={"b": 44})
    figure.update_xaxes(title_font_size=FONT_SIZE)
    figure.update_yaxes(title_font_size=FONT_SIZE)


def _axes(figure: go.Figure, shown: Sequence[np.ndarray]) -> None:
    """Names of the axes; the vertical one fits what comes after the early part, and 0."""
    _tidy(figure)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text="update")
    late = np.concatenate([values[int(EARLY * len(values)) :] for values in shown])
    late = np.append(late[np.isfinite(late)], 0.0)
    margin = 0.08 * float(np.ptp(late)) or 0.1
    figure.update_yaxes(range=[float(late.min()) - margin, float(late.max()) + margin])


def _named(runs: Sequence[Entry], name: str, form: str = ".3g") -> str:
    """The newest number of each run, with its title."""
    values = [last_finite(run.snapshot.history[name]) for run in runs]
    shown = ["unknown" if value is None else number(value, form) for value in values]
    pairs = zip(runs, shown, strict=True)
    return ", ".join(f"{run.name} {text}" for run, text in pairs)
