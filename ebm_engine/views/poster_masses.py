"""The bars of a poster: the mass of each mode in the data, the model and the walkers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import mass_words
from ebm_engine.views.pen import Box, Ink, Pen, ink
from ebm_engine.views.poster_axes import Axes, Key, Look, frame, titled
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import has_weights

MANY = 12  # modes above which only model and walkers have bars


class _Bars(NamedTuple):
    """One reading of the masses (J,), its standard errors or None, and its colour."""

    name: str
    value: np.ndarray
    error: np.ndarray | None
    ink: Ink


def masses(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """Mass of each mode: data, model, raw and weighted walkers ± 2 s.e., dashes at the truth."""
    drawn, truth = _readings(snapshot, look), snapshot.mode_mass.truth
    title = f"{'Class' if snapshot.class_names else mass_words.noun(snapshot).capitalize()} masses"
    count = len(truth)
    goal = "training images" if snapshot.class_names else mass_words.truth_name(snapshot)
    dashed = Key(goal, ink(look.colors.ink), (5, 4))
    keys = [*(Key(bars.name, bars.ink) for bars in drawn), dashed]
    top = max(mass_words.top(snapshot), mass_words.top(look.whole))
    axes = titled(pen, box, look, title, keys, (0.4, count + 0.6, 0.0, top))
    frame(pen, axes, look, updates=False)
    width = 0.8 / len(drawn)
    for place, bars in enumerate(drawn):
        left = np.arange(1, count + 1) - 0.4 + place * width
        _draw_bars(pen, axes, bars, left, 0.92 * width)
    for j, share in enumerate(truth, start=1):
        ends = axes.at(np.array([j - 0.46, j + 0.46]), np.array([share, share]))
        pen.line(ends, ink(look.colors.ink), 1.8, (5, 4))
    names = snapshot.class_names or [str(j + 1) for j in range(count)]
    for j in thin(count, MANY):
        spot = axes.at(np.array([j + 1.0]), np.array([0.0]))[0]
        place = (spot[0], spot[1] + 1.3 * look.small)
        pen.words(place, names[j][:10], look.small, ink(look.colors.muted), "middle")


def _readings(snapshot: Snapshot, look: Look) -> list[_Bars]:
    """What is known of the masses, from left to right."""
    found, colors = snapshot.mode_mass, look.colors
    name = "weighted" if has_weights(snapshot) else "walkers"
    walkers = _Bars(name, found.weighted, found.weighted_se, Ink(*colors.walkers, 0.8))
    model = _Bars("model", found.model, None, ink(colors.model))
    if len(found.truth) > MANY:
        every = [model, walkers]
    else:
        raw = _Bars("raw", found.raw, found.raw_se, Ink(*colors.walkers, 0.3))
        raws = [raw] if has_weights(snapshot) else []
        every = [_Bars("data", found.data, None, ink(colors.data)), model, *raws, walkers]
    return [bars for bars in every if np.isfinite(bars.value).any()] or every


def _draw_bars(pen: Pen, axes: Axes, bars: _Bars, left: np.ndarray, width: float) -> None:
    for j in np.flatnonzero(np.isfinite(bars.value)):
        top, value = left[j], bars.value[j]
        ends = axes.at(np.array([top, top + width]), np.array([0.0, value]))
        (x0, y0), (x1, y1) = ends.tolist()
        pen.area(Box(x0, y1, x1 - x0, y0 - y1).corners(), bars.ink)
        if bars.error is not None and np.isfinite(bars.error[j]):
            middle, reach = np.full(2, top + width / 2), 2 * bars.error[j]
            whisker = axes.at(middle, np.array([max(0.0, value - reach), value + reach]))
            pen.line(whisker, Ink(133, 139, 150), 2.0, ())
