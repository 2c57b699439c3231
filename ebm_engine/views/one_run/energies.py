"""Energies and gradients of a run: norms, mean energies, and how U is spread over data and noise.

U is the energy with p ∝ exp(−U), in nats. The mean over the data is E_data[U] on the training
points of an update, that over the walkers carries their weights. Improved CD (Du et al. 2021, arXiv
2012.01316) adds a KL term to the gradient of contrastive divergence; both norms are drawn.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.marks import draw_marks
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median
from ebm_engine.views.style.theme import Captioned, blank, has_weights, method_name, number
from ebm_engine.views.style.wording import walkers_role

HEIGHT = 360
RECENT = 41  # recorded updates in the medians of a caption
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
    steps = snapshot.history["step"]
    drawn = [Curve(names[n], steps, snapshot.history[n], styles[n]) for n in names]
    title = "KL part and CD part of the gradient" if parted else "Norm of the gradient"
    figure = draw([Plot(drawn, unit="norm", log=True)], theme, title, HEIGHT)
    unnamed = draw_marks(figure, snapshot, theme)
    sentence = _parts_sentence(snapshot) if parted else _norm_sentence(snapshot)
    return Captioned(figure, sentence, f"{sentence} {MEANING}{unnamed}")


def mean_energies(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Mean U of the training points of each update and weighted mean U of the walkers."""
    colors, history = PALETTES[theme], snapshot.history
    data, walkers = history["data_energy"], history["walker_energy"]
    name = "walkers, weighted" if has_weights(snapshot) else "walkers"
    dashed = {"color": colors.walker(), "width": 2, "dash": "longdashdot"}
    on_data, on_walkers = last_finite(data), last_finite(walkers)
    title = "Mean energies of data and walkers"
    if on_data is None or on_walkers is None:
        text = "There is no energy to report before the first update."
        return Captioned(blank(title, text, theme, HEIGHT), text, text)
    curves = [
        Curve("data", history["step"], data, {"color": colors.data, "width": 2}),
        Curve(name, history["step"], walkers, dashed),
    ]
    figure = draw([Plot(curves, unit="mean U, nats")], theme, title, HEIGHT)
    unnamed = draw_marks(figure, snapshot, theme)
    gap = number(on_data - on_walkers)
    sentence = f"Mean U is {number(on_data)} on data and {number(on_walkers)} on {name}: gap {gap}."
    caption = (
        f"{sentence} The training points of each update and the {snapshot.spec.walkers.count} "
        "walkers, in nats. The level is free, since U + c is the same model; the gap is what a "
        f"method descends, and is not a loss.{walkers_role(snapshot)}{unnamed}"
    )
    return Captioned(figure, sentence, caption)


def norm_ratio(snapshot: Snapshot) -> float | None:
    """Median of KL part over CD part over the last recorded updates, None without a KL term."""
    kl, cd = snapshot.history["kl_gradient_norm"], snapshot.history["cd_gradient_norm"]
    return recent_median(kl / np.where(cd > 0, cd, np.nan), RECENT)


def _parts_sentence(snapshot: Snapshot) -> str:
    ratio = norm_ratio(snapshot)
    kl, cd = (last_finite(snapshot.history[n]) for n in ("kl_gradient_norm", "cd_gradient_norm"))
    if ratio == 0:
        return "The KL term is switched off: both of its weights are 0."
    if ratio is None or kl is None or cd is None:
        return "There is no gradient to report before the first update."
    return (
        f"Norm of the KL part {number(kl)}, of the CD part {number(cd)}; in the median of the last "
        f"{RECENT} recorded updates the KL part is {number(ratio)} of the other."
    )


def _norm_sentence(snapshot: Snapshot) -> str:
    last = last_finite(snapshot.history["gradient_norm"])
    if last is None:
        return "There is no gradient to report before the first update."
    return f"Norm of the gradient of {method_name(snapshot)}: {number(last)} at the last update."
