"""The plots of a poster: masses, KL, weights. Each has a frame for the whole run and a filling.

A value beyond the axis is drawn on its edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.typing import ColorType

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words, mass_words
from ebm_engine.views.one_run.curves import weight_curves
from ebm_engine.views.poster.style import Look, line_style, paint, plain_axes
from ebm_engine.views.style.curves import Curve
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import has_weights, method_name

POINTS = 600  # of a curve, at most
MANY = 12  # modes above which only model and walkers have bars
WHISKER = "#858B96"
LETTERS = 10  # of the name of a class, at most


class Panel(NamedTuple):
    """What a part of the sheet is: axes that suit the whole run, and what a snapshot adds."""

    frame: Callable[[Axes, Look], None]
    fill: Callable[[Axes, Snapshot, Look], None]


class _Bars(NamedTuple):
    """One reading of the masses (J,), its standard errors or None, and its colour."""

    name: str
    value: np.ndarray
    error: np.ndarray | None
    color: ColorType


def _frame_masses(axes: Axes, look: Look) -> None:
    whole = look.whole
    names = whole.class_names or [str(j + 1) for j in range(len(whole.mode_mass.truth))]
    _titled(axes, look, "Class masses" if whole.class_names else mass_words.heading(whole))
    axes.set(xlim=(0.4, len(names) + 0.6), ylim=(0, mass_words.top(whole)))
    shown = thin(len(names), MANY)
    axes.set_xticks(shown + 1, [names[j][:LETTERS] for j in shown])


def _fill_masses(axes: Axes, snapshot: Snapshot, look: Look) -> None:
    """Mass of each mode: data, model, raw and weighted walkers ± 2 s.e., dashes at the truth."""
    drawn, truth = _readings(snapshot, look), snapshot.mode_mass.truth
    width = 0.8 / len(drawn)
    for place, (name, value, error, color) in enumerate(drawn):
        known = np.flatnonzero(np.isfinite(value))
        left = known + 0.6 + place * width
        _bars(axes, left, value[known], 0.92 * width).set(facecolor=color, label=name)
        if error is not None:
            low, high = (value + side * 2 * error for side in (-1, 1))
            axes.vlines(left + 0.46 * width, low[known].clip(0), high[known], WHISKER, lw=2)
    goal = "training images" if snapshot.class_names else mass_words.truth_name(snapshot)
    mode, dashed = np.arange(1, len(truth) + 1), line_style("5px,4px")
    ends = (mode - 0.46, mode + 0.46)
    axes.hlines(truth, *ends, look.colors.ink, dashed, lw=1.8, label=goal)


def _bars(axes: Axes, left: np.ndarray, top: np.ndarray, width: float) -> PolyCollection:
    """Bars as one artist: of many modes `Axes.bar` is too slow for a film."""
    x = np.column_stack([left, left, left + width, left + width])
    y = np.column_stack([0 * top, top, top, 0 * top])
    bars = PolyCollection(list(np.stack([x, y], axis=-1)), linewidths=0)
    axes.add_collection(bars, autolim=False)
    return bars


def _readings(snapshot: Snapshot, look: Look) -> list[_Bars]:
    """What is known of the masses, from left to right."""
    found, colors = snapshot.mode_mass, look.colors
    name = "weighted" if has_weights(snapshot) else "walkers"
    walkers = _Bars(name, found.weighted, found.weighted_se, paint(colors.walker(0.8)))
    model = _Bars("model", found.model, None, colors.model)
    if len(found.truth) > MANY:
        every = [model, walkers]
    else:
        raw = _Bars("raw", found.raw, found.raw_se, paint(colors.walker(0.3)))
        raws = [raw] if has_weights(snapshot) else []
        every = [_Bars("data", found.data, None, colors.data), model, *raws, walkers]
    return [bars for bars in every if np.isfinite(bars.value).any()] or every


def _frame_learning(axes: Axes, look: Look) -> None:
    curves = kl_words.curves(look.whole, look.theme)
    limits = _limits([curve.y for curve in curves], from_zero=look.whole.known_density)
    _titled(axes, look, f"{kl_words.title(look.whole)} in nats, ± 2 s.e.")
    axes.set(xlim=_updates(look), ylim=limits)


def _fill_learning(axes: Axes, snapshot: Snapshot, look: Look) -> None:
    """KL in nats over the updates, or the cross-entropy where the density is not known."""
    _marks(axes, snapshot, look)
    curves = kl_words.curves(snapshot, look.theme)
    for curve in curves:
        _error_band(axes, curve)
    for curve in curves:
        _curve(axes, curve)


def _frame_weights(axes: Axes, look: Look) -> None:
    if has_weights(look.whole):
        _titled(axes, look, "Weights")
        axes.set(xlim=_updates(look), ylim=(0, 1.05))
        return
    _titled(axes, look, f"No weights ({method_name(look.whole)}): nothing is resampled")
    axes.set(xticks=[], yticks=[])


def _fill_weights(axes: Axes, snapshot: Snapshot, look: Look) -> None:
    """ESS/N with its threshold, and the share of ancestors; ticks where walkers resampled."""
    if not has_weights(snapshot):
        return
    threshold = snapshot.spec.method.ess_threshold
    _marks(axes, snapshot, look)
    axes.vlines(snapshot.resampled_at[-POINTS:], 0, 0.05, paint(look.colors.walker()), lw=1)
    for curve in weight_curves(snapshot, look.theme):
        _curve(axes, curve)
    dotted = {"color": look.colors.muted, "lw": 1.6, "ls": line_style("dot")}
    axes.axhline(threshold, label=f"threshold {threshold:.3g}", **dotted)


def legend_room(look: Look) -> float:
    """Pixels between a plot and its title: one row of a legend, in a film two."""
    return (3.7 if look.size.film else 2.4) * look.small


MASSES = Panel(_frame_masses, _fill_masses)
LEARNING = Panel(_frame_learning, _fill_learning)
WEIGHTS = Panel(_frame_weights, _fill_weights)


def _titled(axes: Axes, look: Look, title: str) -> None:
    """Title, a place for the legend below it, and lines across."""
    plain_axes(axes, look)
    room = legend_room(look)
    axes.set_title(title, loc="left", size=look.text, color=look.colors.ink, pad=room)
    axes.grid(axis="y", color=look.colors.ink, alpha=0.12, lw=1)


def _curve(axes: Axes, curve: Curve) -> None:
    shown = thin(len(curve.y), POINTS)
    within = np.clip(curve.y[shown], *axes.get_ylim())
    style = curve.style
    look = {"color": paint(style["color"]), "ls": line_style(style["dash"]), "lw": style["width"]}
    axes.plot(curve.x[shown], within, label=curve.short or curve.name, **look)


def _error_band(axes: Axes, curve: Curve) -> None:
    """The value ± 2 standard errors, where there are any."""
    if curve.error is None:
        return
    shown = thin(len(curve.y), POINTS)
    middle, reach = curve.y[shown], 2 * curve.error[shown]
    low, high = (np.clip(middle + side * reach, *axes.get_ylim()) for side in (-1, 1))
    color = paint(curve.style["color"])
    axes.fill_between(curve.x[shown], low, high, color=color, alpha=0.2, lw=0)


def _marks(axes: Axes, snapshot: Snapshot, look: Look) -> None:
    """A dotted line at each change that was made while running."""
    steps = sorted({step for step, _ in snapshot.marks})
    axes.vlines(steps, *axes.get_ylim(), look.colors.muted, line_style("2px,3px"), lw=1)


def _limits(curves: list[np.ndarray], *, from_zero: bool) -> tuple[float, float]:
    """The axis: all finite values but the one in a hundred furthest out, and 0 for a KL."""
    values = np.concatenate([[], *curves])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, [0.005, 0.995]).tolist()
    low, high = (min(low, 0.0), max(high, 0.0)) if from_zero else (low, high)
    reach = max(high - low, 1e-9 * max(1.0, abs(high)))
    return low - 0.04 * reach, high + 0.06 * reach


def _updates(look: Look) -> tuple[float, float]:
    return 0.0, max(1.0, float(look.whole.step))
