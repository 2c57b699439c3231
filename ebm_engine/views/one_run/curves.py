"""Curves over the updates: KL and contrast, ESS and ancestors, bias of the gradient.

KL is in nats (cross-entropy minus the target's entropy, so the floor is 0); where the density of
the data is unknown, the cross-entropy takes its place. The contrast E(data) − E(walkers) has its
own axis: it sits at 0 while KL does not, and is not a loss.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style import wording
from ebm_engine.views.style.curves import POINTS, SHARE, Curve, Plot, draw, level
from ebm_engine.views.style.marks import draw_marks
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median, running_median
from ebm_engine.views.style.theme import Captioned, has_weights, method_name, note, number

Scale = Literal["linear", "log"]
SMOOTH = 41  # recorded updates in the running median of the gradient figure
HEIGHT, TALL = 420, 560


def kl_curves(snapshot: Snapshot, theme: Theme = "light", y_scale: Scale = "linear") -> Captioned:
    """KL(target ‖ model) exact, on the data and from two populations; below it the contrast.

    With an unknown density it is the cross-entropy of the data.
    """
    log, history = y_scale == "log", snapshot.history
    grey = {"color": PALETTES[theme].muted, "width": 1.5}
    contrast = Curve("contrast", history["step"], history["contrast"], grey, listed=False)
    kl = kl_words.curves(snapshot, theme)
    plots = [
        Plot(kl, unit="nats", log=log, floor=_floor(history["kl_exact"]), height=0.7),
        Plot([contrast], kl_words.CONTRAST, unit="nats", zero=True, height=0.3),
    ]
    figure = draw(plots, theme, kl_words.title(snapshot), TALL)
    figure.update_yaxes(uirevision=y_scale, row=1, col=1)
    unnamed = draw_marks(figure, snapshot, theme)
    caption = kl_words.caption(snapshot, log_scale=log) + unnamed
    return Captioned(figure, kl_words.alt(snapshot), caption)


def weight_curves(snapshot: Snapshot, theme: Theme) -> list[Curve]:
    """ESS/N, and the share of the original ancestors that is left."""
    history = snapshot.history
    ancestors = history["ancestors"] / snapshot.spec.walkers.count
    method = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    walkers = {"color": PALETTES[theme].walker(), "dash": "longdashdot", "width": 2}
    return [
        Curve("ESS/N", history["step"], history["ess"], method),
        Curve("ancestors/N", history["step"], ancestors, walkers),
    ]


def ess_curves(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """ESS/N with its threshold and resamplings, and the share of original ancestors left."""
    count = snapshot.spec.walkers.count
    ess, ancestors = weight_curves(snapshot, theme)
    levels = _levels(snapshot, theme) if has_weights(snapshot) else []
    so_far = int(last_finite(snapshot.history["resamplings"]) or 0)
    times = f"{so_far} resampling" + ("" if so_far == 1 else "s")
    plot = Plot([ess, ancestors, *levels], unit="share of N", limits=SHARE)
    figure = draw([plot], theme, f"ESS and ancestors: {times} so far", HEIGHT)
    if has_weights(snapshot):
        figure.add_trace(_resamplings(snapshot, theme))
        hint = _ceiling_hint(snapshot)
    else:
        text = f"No weights ({method_name(snapshot)}):<br>nothing is resampled"
        figure.add_annotation(note(text, theme, x=0.5, xref="paper", y=0.5, yref="paper"))
        hint = wording.walkers_role(snapshot) + " Nothing is resampled."
    unnamed = draw_marks(figure, snapshot, theme)
    alt = (
        f"ESS/N is {number(last_finite(ess.y))} and ancestors/N {number(last_finite(ancestors.y))} "
        f"at update {wording.judged_step(snapshot)}, after {times}."
    )
    caption = (
        f"ESS/N = (Σw)²/(N Σw²) of the N = {count} walkers; ancestors/N is the share of the "
        f"original walkers that still have a descendant. Read both: ESS alone can look healthy "
        f"when few ancestors are left.{hint}{unnamed}"
    )
    return Captioned(figure, alt, caption)


def gradient_bias(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Cosine and norm ratio of the method's gradient against the exact one, per update."""
    cosines, ratios = snapshot.history["gradient_cosine"], snapshot.history["gradient_ratio"]
    plots = [
        Plot(_with_trend(snapshot, cosines, theme), "", "cosine", limits=(-1.05, 1.1), exact=[1]),
        Plot(_with_trend(snapshot, ratios, theme), "", "norm ratio", log=True, exact=[1]),
    ]
    title = f"Gradient of {method_name(snapshot)} against the exact one"
    figure = draw(plots, theme, title, TALL)
    unnamed = draw_marks(figure, snapshot, theme)
    cosine, ratio = (recent_median(values, SMOOTH) for values in (cosines, ratios))
    numbers = f"cosine {number(cosine)}, norm ratio {number(ratio)}"
    alt = f"Bias of the gradient: {numbers} in the median of the last recorded updates."
    other = (
        ""
        if snapshot.spec.method.reads_walkers
        else " A method that descends another objective need not reach 1."
    )
    caption = (
        f"Median of the last {SMOOTH} recorded updates: {numbers}; both are 1 for the exact "
        f"gradient of the cross-entropy on all {snapshot.spec.target.samples} data points. Near "
        "the optimum the exact gradient vanishes and only noise is left to compare."
        f"{other}{unnamed}"
    )
    return Captioned(figure, alt, caption)


def _with_trend(snapshot: Snapshot, values: np.ndarray, theme: Theme) -> list[Curve]:
    """Every recorded value as a pale line, and their running median."""
    line, steps = method_line(snapshot.spec.method.kind, theme), snapshot.history["step"]
    pale, trend = {"color": line["color"], "width": 1}, {**line, "width": 2.5}
    return [
        Curve("each recorded update", steps, values, pale, opacity=0.5),
        Curve(f"median of {SMOOTH}", steps, running_median(values, SMOOTH), trend),
    ]


def _levels(snapshot: Snapshot, theme: Theme) -> list[Curve]:
    """The threshold of the ESS, and its ceiling where that is below 1."""
    colors, steps = PALETTES[theme], snapshot.history["step"]
    threshold, ceiling = snapshot.spec.method.ess_threshold, snapshot.ess_ceiling
    dotted = {"color": colors.ink, "width": 1.5, "dash": "dot"}
    levels = [level(steps, threshold, f"threshold {threshold:.3g}", dotted)]
    if ceiling < 1:
        thin = {"color": colors.muted, "width": 1}
        levels.append(level(steps, ceiling, f"ceiling at this step size {ceiling:.3f}", thin))
    return levels


def _resamplings(snapshot: Snapshot, theme: Theme) -> go.Scatter:
    """A tick at each of the newest resamplings."""
    in_sight = snapshot.resampled_at[-POINTS:]
    line = {"width": 1.5, "color": PALETTES[theme].ink}
    return go.Scatter(
        x=in_sight,
        y=np.zeros(len(in_sight)),
        mode="markers",
        name="resampling",
        marker={"symbol": "line-ns", "size": 12, "line": line},
        hovertemplate="resampled at update %{x}<extra></extra>",
    )


def _ceiling_hint(snapshot: Snapshot) -> str:
    """What ESS/N the step size allows, where that is known and below 1."""
    threshold, ceiling = snapshot.spec.method.ess_threshold, snapshot.ess_ceiling
    if not ceiling < 1:
        return ""
    hint = f" With frozen parameters this step size allows ESS/N = {ceiling:.3f} at most"
    return hint + (", below the threshold: it resamples for ever." if threshold > ceiling else ".")


def _floor(values: np.ndarray) -> float:
    """Half the smallest exact KL: where bands and lines end on a log axis, which has no zero."""
    positive = values[np.isfinite(values) & (values > 0)]
    return 0.5 * float(positive.min()) if len(positive) else 0.0
