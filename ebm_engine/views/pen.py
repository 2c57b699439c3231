"""Pen: what a picture is drawn with, in pixels from the top left corner.

One layout (`poster`) serves two pens: `raster` draws pixels, `vector` writes SVG.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, Protocol

import numpy as np

Anchor = Literal["start", "middle", "end"]


class Ink(NamedTuple):
    """A colour: red, green and blue from 0 to 255, and an opacity from 0 to 1."""

    red: int
    green: int
    blue: int
    opacity: float = 1.0

    def faded(self, opacity: float) -> Ink:
        """The same colour with another opacity."""
        return self._replace(opacity=opacity)


class Box(NamedTuple):
    """A rectangle: its top left corner, width and height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.top + self.height

    def corners(self) -> np.ndarray:
        """The four corners (4, 2), in order around."""
        x, y = (self.left, self.right), (self.top, self.bottom)
        return np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])


class Pen(Protocol):
    """Draws on a sheet of `width` × `height` pixels; what comes later lies above."""

    width: int
    height: int

    def area(self, outline: np.ndarray, ink: Ink) -> None:
        """Fill a polygon with corners (n, 2)."""

    def line(self, points: np.ndarray, ink: Ink, width: float, dash: tuple[float, ...]) -> None:
        """Draw a line through points (n, 2); `dash` are lengths on, off, …, () for a solid line."""

    def discs(self, centres: np.ndarray, radii: np.ndarray, ink: Ink, rim: Ink | None) -> None:
        """Fill discs, centres (n, 2) and radii (n,), with a thin rim where one is given."""

    def words(
        self, place: tuple[float, float], text: str, size: float, ink: Ink, at: Anchor
    ) -> None:
        """Write one line; `place` is the start, middle or end of its baseline."""

    def pixels(self, colors: np.ndarray, box: Box) -> None:
        """Put an image (h, w, 3) uint8 into a box, enlarged smoothly where it is smaller."""


def ink(text: str) -> Ink:
    """The colour of a text #RRGGBB or rgba(r,g,b,a); raises ValueError for any other."""
    if re.fullmatch("#[0-9A-Fa-f]{6}", text):
        return Ink(*bytes.fromhex(text[1:]))
    found = re.fullmatch(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", text)
    if not found:
        raise ValueError(f"{text!r} is no colour, #RRGGBB or rgba(r,g,b,a) is needed")
    red, green, blue, opacity = found.groups()
    return Ink(int(red), int(green), int(blue), float(opacity))


def stretches(points: np.ndarray) -> list[np.ndarray]:
    """The parts (m ≥ 2, 2) of a line (n, 2) between the points that are not finite."""
    good = np.isfinite(points).all(1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    return [points[a:b] for a, b in edges.reshape(-1, 2) if b - a > 1]
