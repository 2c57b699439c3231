"""Curves over the updates: KL and contrast, ESS and ancestors, bias of the gradient.

KL is in nats (cross-entropy minus the target's entropy, so the floor is 0); where nobody knows the
density of the data, the cross-entropy takes its place. The contrast E(data) − E(walkers) has its
own axis: it sits at 0 while KL does not, and is no loss.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style import wording
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median, running_median
from ebm_engine.views.style.strokes import (
    POINTS,
    curve,
    draw_marks,
    error_band,
    finish_stacked,
    label_decades,
    level,
    stacked,
)
from ebm_engine.views.style.theme import (
    Captioned,
    finish,
    has_weights,
    method_name,
    note,
    number,
)

Scale = Literal["linear", "log"]
SMOOTH = 41  # recorded updates in the running median of the gradient figure
CONTRAST_TITLE = "CD contrast E(data) − E(walkers): not a loss"


def kl_curves(snapshot: Snapshot, theme: Theme = "light", y_scale: Scale = "linear") -> Captioned:
    """KL(target ‖ model) exact, on the data and from two populations; below it the contrast.

    With an unknown density it is the cross-entropy of the data.
    """
    colors = PALETTES[theme]
    figure = stacked(["", CONTRAST_TITLE], [0.7, 0.3])
    floor = _floor(snapshot) if y_scale == "log" else -np.inf
    for trace in _kl_traces(snapshot, theme, floor):
        figure.add_trace(trace, row=1, col=1)
    grey = {"color": colors.muted, "width": 1.5}
    contrast = curve(snapshot, snapshot.history["contrast"], "contrast", grey)
    figure.add_trace(contrast.update(showlegend=False), row=2, col=1)
    figure.add_hline(y=0, line={"color": colors.muted, "width": 1, "dash": "dot"}, row=2, col=1)
    finish_stacked(figure, theme, kl_words.title(snapshot))
    figure.update_yaxes(title_text="nats", type=y_scale, uirevision=y_scale, row=1, col=1)
    if y_scale == "log":
        label_decades(figure, snapshot.history["kl_exact"], row=1)
    figure.update_yaxes(title_text="nats", row=2, col=1)
    unnamed = draw_marks(figure, snapshot, theme)
    caption = kl_words.caption(snapshot, log_scale=y_scale == "log") + unnamed
    return Captioned(figure, kl_words.alt(snapshot), caption)


def ess_curves(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """ESS/N with its threshold and resamplings, and the share of original ancestors left."""
    count = snapshot.spec.walkers.count
    ancestors = snapshot.history["ancestors"] / count
    ess_line = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    walker_line = {"color": PALETTES[theme].walker(), "width": 2, "dash": "longdashdot"}
    figure = go.Figure(
        [
            curve(snapshot, snapshot.history["ess"], "ESS/N", ess_line),
            curve(snapshot, ancestors, "ancestors/N", walker_line),
        ]
    )
    so_far = int(last_finite(snapshot.history["resamplings"]) or 0)
    finish(figure, theme, f"ESS and ancestors: {_times(so_far)} so far", 420)
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(title_text="share of N", range=[-0.03, 1.08])
    figure.update_xaxes(title_text="update")
    hint = _weight_hints(figure, snapshot, theme)
    unnamed = draw_marks(figure, snapshot, theme)
    now, alive = last_finite(snapshot.history["ess"]), last_finite(ancestors)
    alt = (
        f"ESS/N is {_value(now)} and ancestors/N {_value(alive)} "
        f"at update {wording.judged_step(snapshot)}, after {_times(so_far)}."
    )
    caption = (
        f"ESS/N = (Σw)²/(N Σw²) of the N = {count} walkers; ancestors/N is the share of the "
        f"original walkers that still have a descendant. Read both: ESS alone can look healthy "
        f"when few ancestors are left.{hint}{unnamed}"
    )
    return Captioned(figure, alt, caption)


def gradient_bias(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Cosine and norm ratio of the method's gradient against the exact one, per update."""
    figure = stacked(["", ""], [0.5, 0.5])
    color = method_line(snapshot.spec.method.kind, theme)["color"]
    for row, field in enumerate(["gradient_cosine", "gradient_ratio"], start=1):
        values = snapshot.history[field]
        floor = 0.0 if row == 2 else -np.inf  # the ratio has a log axis
        each = curve(snapshot, values, "each recorded update", {"color": color, "width": 1}, floor)
        middle = running_median(values, SMOOTH)
        smooth = {**method_line(snapshot.spec.method.kind, theme), "width": 2.5}
        trend = curve(snapshot, middle, f"median of {SMOOTH}", smooth, floor)
        figure.add_trace(each.update(opacity=0.5, showlegend=row == 1), row=row, col=1)
        figure.add_trace(trend.update(showlegend=row == 1), row=row, col=1)
        ink = {"color": PALETTES[theme].ink, "width": 1.5, "dash": "dash"}
        figure.add_hline(y=1, line=ink, row=row, col=1)
    finish_stacked(figure, theme, f"Gradient of {method_name(snapshot)} against the exact one")
    figure.update_yaxes(title_text="cosine", range=[-1.05, 1.1], row=1, col=1)
    figure.update_yaxes(title_text="norm ratio", type="log", row=2, col=1)
    label_decades(figure, snapshot.history["gradient_ratio"], row=2)
    unnamed = draw_marks(figure, snapshot, theme)
    cosine = recent_median(snapshot.history["gradient_cosine"], SMOOTH)
    ratio = recent_median(snapshot.history["gradient_ratio"], SMOOTH)
    numbers = f"cosine {_value(cosine)}, norm ratio {_value(ratio)}"
    alt = f"Bias of the gradient: {numbers} in the median of the last recorded updates."
    caption = (
        f"Median of the last {SMOOTH} recorded updates: {numbers}; both are 1 for the exact "
        f"gradient of the cross-entropy on all {snapshot.spec.target.samples} data points. Near "
        "the optimum the exact gradient vanishes and only noise is left to compare."
        f"{_other_goal(snapshot)}{unnamed}"
    )
    return Captioned(figure, alt, caption)


def _kl_traces(snapshot: Snapshot, theme: Theme, floor: float) -> list[go.Scatter]:
    """Bands first, so that every line lies above them; a reading without numbers is left out."""
    colors = PALETTES[theme]
    method = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    witness = {"color": colors.witness, "dash": "longdash", "width": 2}
    styles = {
        "kl_data": {"color": colors.muted, "width": 1},
        "kl_witness": witness,
        "kl_estimate": method,
        "kl_exact": {"color": colors.ink, "width": 2},
    }
    lines = {field: (name, styles[field]) for field, name in kl_words.line_names(snapshot).items()}
    present = [field for field in lines if np.isfinite(snapshot.history[field]).any()]
    bands = [
        error_band(snapshot, field, lines[field][1]["color"], floor)
        for field in present
        if (snapshot.history.get(f"{field}_se", np.zeros(1)) > 0).any()
    ]
    return bands + [curve(snapshot, snapshot.history[f], *lines[f], floor) for f in present]


def _other_goal(snapshot: Snapshot) -> str:
    if snapshot.spec.method.reads_walkers:
        return ""
    return " A method that descends another objective need not reach 1."


def _weight_hints(figure: go.Figure, snapshot: Snapshot, theme: Theme) -> str:
    """Threshold, ceiling and resampling ticks, or the sentence that there are no weights."""
    if not has_weights(snapshot):
        text = f"No weights ({method_name(snapshot)}):<br>nothing is resampled"
        figure.add_annotation(note(text, theme, x=0.5, xref="paper", y=0.5, yref="paper"))
        return wording.walkers_role(snapshot) + " Nothing is resampled."
    colors = PALETTES[theme]
    threshold, ceiling = snapshot.spec.method.ess_threshold, snapshot.ess_ceiling
    dotted = {"color": colors.ink, "width": 1.5, "dash": "dot"}
    figure.add_trace(level(snapshot, threshold, f"threshold {threshold:.3g}", dotted))
    in_sight = snapshot.resampled_at[-POINTS:]
    ticks = go.Scatter(
        x=in_sight,
        y=np.zeros(len(in_sight)),
        mode="markers",
        name="resampling",
        marker={"symbol": "line-ns", "size": 12, "line": {"width": 1.5, "color": colors.ink}},
        hovertemplate="resampled at update %{x}<extra></extra>",
    )
    figure.add_trace(ticks)
    if not np.isfinite(ceiling) or ceiling >= 1:
        return ""
    thin = {"color": colors.muted, "width": 1}
    figure.add_trace(level(snapshot, ceiling, f"ceiling at this step size {ceiling:.3f}", thin))
    hint = f" With frozen parameters this step size allows ESS/N = {ceiling:.3f} at most"
    return hint + (", below the threshold: it resamples for ever." if threshold > ceiling else ".")


def _floor(snapshot: Snapshot) -> float:
    """Half the smallest exact KL: where bands and lines end on a log axis, which has no zero."""
    values = snapshot.history["kl_exact"]
    positive = values[np.isfinite(values) & (values > 0)]
    return 0.5 * float(positive.min()) if len(positive) else 0.0


def _times(count: int) -> str:
    return f"{count} resampling" + ("" if count == 1 else "s")


def _value(value: float | None) -> str:
    return "unknown" if value is None else number(value)
