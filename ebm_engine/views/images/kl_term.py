"""What the KL term of improved CD does: the energy gap of two runs, with the term and without.

The gap is E_data[U] − E_walkers[U] with the energy at each update, in nats: near 0 where walkers
and data look alike, and running away where the sampler cannot follow the energy (Du et al. 2021,
arXiv 2012.01316).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import Theme, method_line
from ebm_engine.views.style.series import running_median
from ebm_engine.views.style.theme import Captioned, number

HEIGHT = 380
NAMES = {"on": "with the KL term", "off": "without"}
RECENT = 50  # updates in the mean of the sentence
SMOOTH = 21  # updates in the running median
CLIPPED = 0.02  # share of the largest gaps that the axis leaves out once a run has diverged


class KlTermSeries(NamedTuple):
    """Two runs from the same start over `updates` updates: gap_on, gap_off (t,) in nats.

    kl_weight, entropy_weight: of the run with the term; diverged_on and diverged_off: one sentence
    of what ended a run early, else "". A run that was ended has fewer gaps.
    """

    updates: int
    kl_weight: float
    entropy_weight: float
    gap_on: np.ndarray
    gap_off: np.ndarray
    diverged_on: str
    diverged_off: str


def energy_gaps(series: KlTermSeries, theme: Theme = "light") -> Captioned:
    """Both gaps over the updates; a cross stands where a run has diverged."""
    lines = {
        "on": {**method_line("improved-cd", theme), "width": 2},
        "off": {**method_line("cd", theme), "width": 2},
    }
    gaps = {"on": series.gap_on, "off": series.gap_off}
    ends = {"on": series.diverged_on, "off": series.diverged_off}
    curves = [one for key, gap in gaps.items() for one in _curves(gap, NAMES[key], lines[key])]
    plot = Plot(curves, unit="nats", limits=_limits(gaps, any(ends.values())), zero=True)
    figure = draw([plot], theme, "Energy gap E(data) − E(walkers)", HEIGHT)
    figure.update_xaxes(range=[0, 1.02 * series.updates])
    for key, gap in gaps.items():
        if ends[key]:
            figure.add_vline(x=len(gap), line={**lines[key], "width": 1})
            figure.add_trace(_cross(gap, NAMES[key], str(lines[key]["color"])))
    sentences = " ".join(_sentence(NAMES[key], gap, ends[key]) for key, gap in gaps.items())
    return Captioned(figure, sentences, f"{sentences} {_caption(series)}")


def _curves(gap: np.ndarray, name: str, line: dict[str, Any]) -> list[Curve]:
    """Every update as a pale line, and their running median."""
    x, pale = np.arange(1, len(gap) + 1), {"color": line["color"], "width": 1}
    middle = running_median(np.where(np.isfinite(gap), gap, np.nan), SMOOTH)
    each = Curve(name, x, gap, pale, opacity=0.35, listed=False, hover=False)
    return [each, Curve(name, x, middle, line)]


def _cross(gap: np.ndarray, name: str, color: str) -> go.Scatter:
    """Where a run ended: at its last finite gap."""
    finite = np.flatnonzero(np.isfinite(gap))
    height = gap[finite[-1]] if len(finite) else 0.0
    return go.Scatter(
        x=[len(gap)],
        y=[height],
        mode="markers",
        name=f"{name}: diverged",
        marker={"symbol": "x", "size": 11, "color": color},
        hovertemplate=f"{name}: diverged at update %{{x}}<extra></extra>",
    )


def _limits(gaps: dict[str, np.ndarray], diverged: bool) -> tuple[float, float] | None:
    """Without the last leap of a run that diverged, which would flatten everything else."""
    values = np.concatenate([gap[np.isfinite(gap)] for gap in gaps.values()])
    if not diverged or not len(values):
        return None
    low, high = np.quantile(values, [CLIPPED, 1 - CLIPPED])
    margin = 0.1 * max(high - low, 1e-9)
    return float(min(low, 0) - margin), float(max(high, 0) + margin)


def _sentence(name: str, gap: np.ndarray, end: str) -> str:
    head = name[0].upper() + name[1:]
    if end:
        return f"{head}, the run diverged: {end}"
    if not len(gap):
        return f"{head}, no update has been made yet."
    last = gap[-RECENT:]
    return (
        f"{head}, the gap is {number(float(last.mean()))} nats in the mean of updates "
        f"{len(gap) - len(last) + 1} to {len(gap)}."
    )


def _caption(series: KlTermSeries) -> str:
    return (
        f"Two runs from the same seed and settings over {series.updates} updates, one with KL "
        f"weight {series.kl_weight:g} and entropy weight {series.entropy_weight:g}, one with both "
        f"at 0; the pale lines show every update, the strong ones the running median of {SMOOTH}. "
        "The term keeps the sampler near the model; it is not the part that the gradient of CD "
        "leaves out."
    )
