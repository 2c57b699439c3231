"""A picture of a snapshot as PNG, drawn at twice its size and then halved: smooth edges."""

from __future__ import annotations

import io
from functools import cache
from itertools import cycle

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views import poster
from ebm_engine.views.pen import Anchor, Box, Ink, ink, stretches
from ebm_engine.views.style.palette import PALETTES, Theme

FINE = 2  # drawn pixels per pixel
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
# Pillow's own font, which is on every machine, has no signs but these.
SIMPLER = str.maketrans({"−": "-", "‖": "|", "×": "x", "→": "to", "∝": "~", "≥": ">"})


class RasterPen:
    """Draws pixels on a sheet in one colour."""

    def __init__(self, width: int, height: int, ground: Ink) -> None:
        self.width, self.height = width, height
        self._sheet = Image.new("RGB", (FINE * width, FINE * height), ground[:3])
        self._draw = ImageDraw.Draw(self._sheet, "RGBA")

    def area(self, outline: np.ndarray, ink: Ink) -> None:
        """Fill a polygon with corners (n, 2)."""
        self._draw.polygon(_flat(outline), fill=_rgba(ink))

    def line(
        self, points: np.ndarray, ink: Ink, width: float, dash: tuple[float, ...] = ()
    ) -> None:
        """Draw a line through points (n, 2), with gaps where they are not finite."""
        broad = max(1, round(FINE * width))
        for stretch in stretches(points):
            for part in dashes(stretch, dash) if dash else [stretch]:
                self._draw.line(_flat(part), fill=_rgba(ink), width=broad, joint="curve")

    def discs(
        self, centres: np.ndarray, radii: np.ndarray, ink: Ink, rim: Ink | None = None
    ) -> None:
        """Fill discs, centres (n, 2) and radii (n,), with a thin rim where one is given."""
        fill, edge = _rgba(ink), rim and _rgba(rim)
        corners = FINE * np.column_stack([centres - radii[:, None], centres + radii[:, None]])
        for corner in corners.tolist():
            self._draw.ellipse(corner, fill=fill, outline=edge, width=FINE if rim else 0)

    def words(
        self, place: tuple[float, float], text: str, size: float, ink: Ink, at: Anchor = "start"
    ) -> None:
        """Write one line; `place` is the start, middle or end of its baseline."""
        spot = (FINE * place[0], FINE * place[1])
        plain = text.translate(SIMPLER)
        self._draw.text(spot, plain, _rgba(ink), _font(round(FINE * size)), ANCHORS[at])

    def pixels(self, colors: np.ndarray, box: Box) -> None:
        """Put an image (h, w, 3) uint8 into a box, enlarged smoothly where it is smaller."""
        left, top = round(FINE * box.left), round(FINE * box.top)
        size = (round(FINE * box.right) - left, round(FINE * box.bottom) - top)
        image = Image.fromarray(colors).resize(size, Image.Resampling.BILINEAR)
        self._sheet.paste(image, (left, top))

    def image(self) -> Image.Image:
        """The finished sheet, `width` × `height`."""
        return self._sheet.reduce(FINE)


def image(
    snapshot: Snapshot,
    theme: Theme,
    size: poster.Format = poster.POSTER,
    whole: Snapshot | None = None,
) -> Image.Image:
    """The poster of a snapshot as an image, with the axes that suit `whole`."""
    pen = RasterPen(size.width, size.height, ink(PALETTES[theme].ground))
    poster.draw(snapshot, pen, theme, size, whole)
    return pen.image()


def png(snapshot: Snapshot, theme: Theme = "light") -> bytes:
    """The poster of a snapshot as a PNG file of 1600 × 900 pixels."""
    file = io.BytesIO()
    image(snapshot, theme).save(file, "PNG", compress_level=6)
    return file.getvalue()


def dashes(points: np.ndarray, dash: tuple[float, ...]) -> list[np.ndarray]:
    """The inked parts of a line (n, 2) under a pattern of lengths on, off, …"""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    parts, start, inked = [], 0.0, True
    for length in cycle(dash):
        end = min(start + length, along[-1])
        if inked and end > start:
            inner = along[(along > start) & (along < end)]
            at = np.concatenate([[start], inner, [end]])
            parts.append(np.column_stack([np.interp(at, along, points[:, k]) for k in (0, 1)]))
        if end >= along[-1]:
            return parts
        start, inked = end, not inked
    return parts


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _flat(points: np.ndarray) -> list[tuple[float, ...]]:
    return list(map(tuple, (FINE * points).tolist()))


def _rgba(ink: Ink) -> tuple[int, int, int, int]:
    return (*ink[:3], round(255 * ink.opacity))
