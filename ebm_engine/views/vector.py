"""A picture of a snapshot as SVG: paths and text, with the field as an image within the file.

The file is self-contained: it refers to nothing outside.
"""

from __future__ import annotations

import base64
import io
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views import poster
from ebm_engine.views.pen import Anchor, Box, Ink, ink, stretches
from ebm_engine.views.style.palette import PALETTES, Theme

FONT = "'Source Sans 3', 'Source Sans Pro', 'Liberation Sans', Arial, sans-serif"


class VectorPen:
    """Writes the elements of an SVG file; `label` is told to who cannot see it."""

    def __init__(self, width: int, height: int, ground: Ink, label: str) -> None:
        self.width, self.height = width, height
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label={quoteattr(label)} '
            f'font-family="{FONT}">',
            f"<title>{escape(label)}</title>",
        ]
        self.area(Box(0, 0, width, height).corners(), ground)

    def area(self, outline: np.ndarray, ink: Ink) -> None:
        """Fill a polygon with corners (n, 2)."""
        self._parts.append(f'<path d="{_path(outline)}Z" {_paint("fill", ink)}/>')

    def line(
        self, points: np.ndarray, ink: Ink, width: float, dash: tuple[float, ...] = ()
    ) -> None:
        """Draw a line through points (n, 2), with gaps where they are not finite."""
        path = "".join(_path(part) for part in stretches(points))
        if path:
            pattern = f' stroke-dasharray="{" ".join(f"{d:g}" for d in dash)}"' if dash else ""
            self._parts.append(
                f'<path d="{path}" fill="none" {_paint("stroke", ink)} '
                f'stroke-width="{width:g}" stroke-linejoin="round"{pattern}/>'
            )

    def discs(
        self, centres: np.ndarray, radii: np.ndarray, ink: Ink, rim: Ink | None = None
    ) -> None:
        """Fill discs, centres (n, 2) and radii (n,), with a thin rim where one is given."""
        edge = f" {_paint('stroke', rim)}" if rim else ""
        circles = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.2f}"/>'
            for (x, y), r in zip(centres.tolist(), radii.tolist(), strict=True)
        )
        self._parts.append(f"<g {_paint('fill', ink)}{edge}>{circles}</g>")

    def words(
        self, place: tuple[float, float], text: str, size: float, ink: Ink, at: Anchor = "start"
    ) -> None:
        """Write one line; `place` is the start, middle or end of its baseline."""
        self._parts.append(
            f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size:g}" '
            f'text-anchor="{at}" {_paint("fill", ink)}>{escape(text)}</text>'
        )

    def pixels(self, colors: np.ndarray, box: Box) -> None:
        """Put an image (h, w, 3) uint8 into a box, as a PNG within the file."""
        file = io.BytesIO()
        Image.fromarray(colors).save(file, "PNG")
        content = base64.b64encode(file.getvalue()).decode()
        self._parts.append(
            f'<image x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" preserveAspectRatio="none" '
            f'href="data:image/png;base64,{content}"/>'
        )

    def content(self) -> bytes:
        """The finished file."""
        return "\n".join([*self._parts, "</svg>\n"]).encode()


def svg(snapshot: Snapshot, theme: Theme = "light") -> bytes:
    """The poster of a snapshot as an SVG file."""
    size = poster.POSTER
    pen = VectorPen(size.width, size.height, ink(PALETTES[theme].ground), poster.title(snapshot))
    poster.draw(snapshot, pen, theme, size)
    return pen.content()


def _path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist())


def _paint(what: str, ink: Ink) -> str:
    color = f'{what}="#{ink.red:02x}{ink.green:02x}{ink.blue:02x}"'
    return color if ink.opacity == 1 else f'{color} {what}-opacity="{ink.opacity:g}"'
