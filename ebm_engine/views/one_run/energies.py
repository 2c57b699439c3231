"""Energies and gradients of a run: norms, mean energies, and how U is spread over data and noise.

U is the energy with p ∝ exp(−U), in nats. The mean over the data is E_data[U] on the training
points of an update, that over the walkers carries their weights. Improved CD (Du et al. 2021, arXiv
2012.01316) adds a KL term to the gradient of contrastive divergence; both norms are drawn.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median
from ebm_engine.views.style.strokes import curve, draw_marks
from ebm_engine.views.style.theme import (
    Captioned,
    blank,
    finish,
    has_weights,
    method_name,
    number,
)
from ebm_engine.views.style.wording import walkers_role

HEIGHT = 360
RECENT = 41  # recorded updates in the medians of a caption
MANY = 3  # powers of ten from which on only they are labelled
PARTS = {
    "cd_gradient_norm": "CD part: data against walkers",
    "kl_gradient_norm": "KL part",
    "gradient_norm": "their sum",
}
MEANING = (
    "Euclidean norms over the parameters that are learned, before clipping and penalty; values of "
    "0 leave a gap on the log axis."
)


def gradient_norms(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """|∂H/∂θ| as the method estimates it over the updates; under improved CD its two parts too."""
    parted = bool(np.isfinite(snapshot.history["cd_gradient_norm"]).any())
    names = PARTS if parted else {"gradient_norm": "norm of the gradient"}
    styles = {
        "cd_gradient_norm": {**method_line("cd", theme), "width": 2.5},
        "kl_gradient_norm": {**method_line("improved-cd", theme), "width": 2.5},
        "gradient_norm": {"color": PALETTES[theme].muted, "width": 1.5},
    }
    if not parted:
        styles["gradient_norm"] = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    values = {name: snapshot.history[name] for name in names}
    drawn = [curve(snapshot, values[n], names[n], styles[n], floor=0.0) for n in names]
    title = "KL part and CD part of the gradient" if parted else "Norm of the gradient"
    figure = finish(go.Figure(drawn), theme, title, HEIGHT)
    figure.update_layout(hovermode="x unified", showlegend=parted)
    figure.update_xaxes(title_text="update")
    figure.update_yaxes(title_text="norm", type="log")
    _label(figure, np.concatenate(list(values.values())))
    unnamed = draw_marks(figure, snapshot, theme)
    sentence = _parts_sentence(snapshot) if parted else _norm_sentence(snapshot)
    return Captioned(figure, sentence, f"{sentence} {MEANING}{unnamed}")


def mean_energies(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Mean U of the training points of each update and weighted mean U of the walkers."""
    colors, history = PALETTES[theme], snapshot.history
    data, walkers = history["data_energy"], history["walker_energy"]
    name = "walkers, weighted" if has_weights(snapshot) else "walkers"
    dashed = {"color": colors.walker(), "width": 2, "dash": "longdashdot"}
    figure = go.Figure(
        [
            curve(snapshot, data, "data", {"color": colors.data, "width": 2}),
            curve(snapshot, walkers, name, dashed),
        ]
    )
    finish(figure, theme, "Mean energies of data and walkers", HEIGHT)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(title_text="update")
    figure.update_yaxes(title_text="mean U, nats")
    unnamed = draw_marks(figure, snapshot, theme)
    last = [last_finite(values) for values in (data, walkers)]
    if None in last:
        text = "There is no energy to tell before the first update."
        return Captioned(
            blank("Mean energies of data and walkers", text, theme, HEIGHT), text, text
        )
    gap = number(last[0] - last[1])
    sentence = f"Mean U is {number(last[0])} on data and {number(last[1])} on {name}: gap {gap}."
    caption = (
        f"{sentence} The training points of each update and the {snapshot.spec.walkers.count} "
        "walkers, in nats. The level is free, since U + c is the same model; the gap is what a "
        f"method descends, and no loss.{walkers_role(snapshot)}{unnamed}"
    )
    return Captioned(figure, sentence, caption)


def norm_ratio(snapshot: Snapshot) -> float | None:
    """Median of KL part over CD part over the last recorded updates, None without a KL term."""
    kl, cd = snapshot.history["kl_gradient_norm"], snapshot.history["cd_gradient_norm"]
    return recent_median(kl / np.where(cd > 0, cd, np.nan), RECENT)


def _parts_sentence(snapshot: Snapshot) -> str:
    ratio, kl, cd = (
        norm_ratio(snapshot),
        *(last_finite(snapshot.history[name]) for name in ("kl_gradient_norm", "cd_gradient_norm")),
    )
    if ratio == 0:
        return "The KL term is switched off: both of its weights are 0."
    if None in (ratio, kl, cd):
        return "There is no gradient to tell before the first update."
    return (
        f"Norm of the KL part {number(kl)}, of the CD part {number(cd)}; in the median of the last "
        f"{RECENT} recorded updates the KL part is {number(ratio)} of the other."
    )


def _norm_sentence(snapshot: Snapshot) -> str:
    last = last_finite(snapshot.history["gradient_norm"])
    if last is None:
        return "There is no gradient to tell before the first update."
    return f"Norm of the gradient of {method_name(snapshot)}: {number(last)} at the last update."


def _label(figure: go.Figure, values: np.ndarray) -> None:
    """Labels at 1, 2 and 5 times powers of ten, or at these alone where the values span many."""
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return
    low, high = (int(np.floor(np.log10(end))) for end in (positive.min(), positive.max()))
    digits = (1, 2, 5) if high - low < MANY else (1,)
    ticks = [digit * 10.0**power for power in range(low, high + 2) for digit in digits]
    figure.update_yaxes(tickvals=ticks, ticktext=[number(tick, "g") for tick in ticks])
