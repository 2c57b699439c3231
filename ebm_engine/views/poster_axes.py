"""The plots of a poster: a scale from numbers to pixels, its ticks, a legend, dashed lines."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.pen import Box, Ink, Pen, ink
from ebm_engine.views.style.palette import PALETTES, Palette, Theme
from ebm_engine.views.style.theme import number

SMALLEST = 12.0  # px of text
DASHES = {"solid": (), "dash": (9, 6), "dot": (2, 4), "dashdot": (9, 4, 2, 4), "longdash": (15, 6)}
LETTER = 0.48  # mean width of a letter, of the size of the text
GAP = 1.4  # between the entries of a legend, at most


class Look(NamedTuple):
    """Theme, the size of plain text in pixels, and the run at its last update, which sets the
    axes: a film has the same in all its pictures.
    """

    theme: Theme
    text: float
    whole: Snapshot

    @property
    def colors(self) -> Palette:
        """The colours of the theme."""
        return PALETTES[self.theme]

    @property
    def small(self) -> float:
        """The size of ticks and legends."""
        return max(SMALLEST, 0.8 * self.text)


class Key(NamedTuple):
    """An entry of a legend: a line with dashes, a square where `dash` is None, or only a name."""

    name: str
    ink: Ink | None
    dash: tuple[float, ...] | None = None


class Axes(NamedTuple):
    """A plot area with linear scales; `low` … `high` lie on its edges."""

    box: Box
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of values x (n,), y (n,); y beyond the axis is drawn on its edge."""
        right = (np.asarray(x, dtype=np.float64) - self.x_low) / (self.x_high - self.x_low)
        up = (np.asarray(y, dtype=np.float64) - self.y_low) / (self.y_high - self.y_low)
        up = np.clip(up, 0, 1)  # NaN stays NaN
        return np.column_stack(
            [self.box.left + right * self.box.width, self.box.bottom - up * self.box.height]
        )


def dash_of(name: str) -> tuple[float, ...]:
    """The pattern of a dash named as in the figures, such as 'dot' or '9px,3px'."""
    if name in DASHES:
        return DASHES[name]
    return tuple(float(part.removesuffix("px")) for part in name.split(","))


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, about `count`."""
    span = (high - low) / count
    power = 10.0 ** math.floor(math.log10(span))
    step = power * next((m for m in (1, 2, 5) if m * power >= span), 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def frame(pen: Pen, axes: Axes, look: Look, *, updates: bool) -> None:
    """Draw the grid with its numbers, and the updates below where the axis has them."""
    grid, muted = ink(look.colors.grid), ink(look.colors.muted)
    box, size = axes.box, look.small
    for y in ticks(axes.y_low, axes.y_high):
        across = axes.at(np.array([axes.x_low, axes.x_high]), np.array([y, y]))
        pen.line(across, grid, 1.0, ())
        place = (box.left - 0.5 * size, across[0, 1] + 0.35 * size)
        pen.words(place, number(y, "g"), size, muted, "end")
    if not updates:
        return
    for x in ticks(axes.x_low, axes.x_high, 5):
        place = axes.at(np.array([x]), np.array([axes.y_low]))[0]
        pen.words((place[0], box.bottom + 1.3 * size), number(x, "g"), size, muted, "middle")


def legend(pen: Pen, place: tuple[float, float], width: float, keys: list[Key], look: Look) -> None:
    """Write the entries of a legend in one row; `place` is the start of its baseline.

    They move together where the row would be wider than `width`.
    """
    x, y = place
    size = look.small
    filled = sum(_signs(key) + LETTER * len(key.name) for key in keys) * size
    gap = min(GAP * size, (width - filled) / max(1, len(keys) - 1))
    for key in keys:
        if key.dash is None and key.ink is not None:
            pen.area(Box(x, y - 0.7 * size, 0.75 * size, 0.75 * size).corners(), key.ink)
        elif key.dash is not None:
            ends = np.array([[x, y - 0.35 * size], [x + 2.2 * size, y - 0.35 * size]])
            pen.line(ends, key.ink, 2.0, key.dash)
        x += _signs(key) * size
        pen.words((x, y), key.name, size, ink(look.colors.ink), "start")
        x += LETTER * size * len(key.name) + gap


def _signs(key: Key) -> float:
    """Width of what stands before the name of an entry, of the size of the text."""
    if key.ink is None:
        return 0.0
    return 1.1 if key.dash is None else 2.6


def titled(
    pen: Pen,
    box: Box,
    look: Look,
    title: str,
    keys: list[Key],
    limits: tuple[float, float, float, float],
) -> Axes:
    """Title and legend at the top of the box, and the plot area below them."""
    pen.words((box.left, box.top + look.text), title, look.text, ink(look.colors.ink), "start")
    row = (box.left, box.top + 1.3 * look.text + 1.2 * look.small)
    legend(pen, row, box.width, keys, look)
    top = box.top + 1.3 * look.text + 2.0 * look.small
    left = box.left + 3.2 * look.small
    inner = Box(left, top, box.right - left, box.bottom - 2.0 * look.small - top)
    return Axes(inner, *limits)
