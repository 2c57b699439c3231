"""The large picture of a poster: the plane with field, data, walkers and means, or the images.

Sizes and thresholds are those of the figures: area ∝ N·w, hollow below N·w = 0.01.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from plotly.colors import get_colorscale, hex_to_rgb

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.images.images import EDGE, sheet
from ebm_engine.views.isolines import isolines
from ebm_engine.views.one_run import plane_layers, plane_numbers
from ebm_engine.views.pen import Box, Ink, Pen, ink
from ebm_engine.views.poster_axes import Look
from ebm_engine.views.style.palette import FIELD, ON_FIELD
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import has_weights

USUAL = 620.0  # px of a plane whose walkers have the figures' size
WHITE, GREY = Ink(255, 255, 255), Ink(154, 154, 154)
COLUMNS = 8


@cache
def colors_of_field() -> np.ndarray:
    """The 256 colours (256, 3) uint8 of the field, the lowest energy first."""
    stops = get_colorscale(FIELD)
    places = [place for place, _ in stops]
    parts = np.array([hex_to_rgb(color) for _, color in stops], dtype=np.float64)
    shares = np.linspace(0, 1, 256)
    table = np.column_stack([np.interp(shares, places, parts[:, k]) for k in range(3)])
    return table.round().astype(np.uint8)


def field_colors(snapshot: Snapshot, width: int, height: int) -> np.ndarray:
    """E − min E over the box as colours (height, width, 3) uint8, the highest y first.

    Bilinear between the grid points, cut off at CLIP; what is no number has the colour of CLIP.
    """
    energy = np.nan_to_num(plane_numbers.relative_energy(snapshot), nan=plane_layers.CLIP)
    energy = np.minimum(energy, plane_layers.CLIP)
    rows, columns = energy.shape
    y, x = np.linspace(rows - 1, 0, height), np.linspace(0, columns - 1, width)
    down, left = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    t, s = (y - down)[:, None], x - left
    lines = energy[down] * (1 - t) + energy[down + 1] * t
    values = lines[:, left] * (1 - s) + lines[:, left + 1] * s
    return colors_of_field()[(values * (255 / plane_layers.CLIP)).round().astype(np.uint8)]


def draw_plane(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """Field, iso-lines, data, walkers and means, within the box."""
    pen.pixels(field_colors(snapshot, round(box.width), round(box.height)), box)
    energy = plane_numbers.relative_energy(snapshot)
    steps = np.array([box.width, -box.height]) / (np.array(energy.shape[::-1]) - 1)
    for level in plane_layers.ISO_LINES:
        for line in isolines(energy, level):
            pen.line(np.array([box.left, box.bottom]) + line * steps, WHITE.faded(0.8), 1.0, ())
    scale = min(box.width, box.height) / USUAL
    data = _inside(snapshot.data[thin(len(snapshot.data), plane_layers.DATA)], snapshot)
    spots = to_pixels(data, snapshot, box)
    pen.discs(spots, np.full(len(spots), 2.2 * scale), ink(ON_FIELD.data).faded(0.75), None)
    _walkers(snapshot, pen, box, scale)
    _means(snapshot, pen, box, scale, look)
    pen.line(np.vstack([box.corners(), box.corners()[:1]]), ink(look.colors.muted), 1.0, ())


def _walkers(snapshot: Snapshot, pen: Pen, box: Box, scale: float) -> None:
    shown = thin(len(snapshot.positions), plane_layers.WALKERS)
    points = snapshot.positions[shown]
    living = plane_layers.alive(snapshot.log_w[shown])
    there = _within(points, snapshot)
    radii = scale * plane_layers.diameters(snapshot.log_w)[shown] / 2
    solid = Ink(*ON_FIELD.walkers, 0.4)
    dead, alive = there & ~living, there & living
    faint = to_pixels(points[dead], snapshot, box)
    pen.discs(faint, np.full(len(faint), 2.2 * scale), GREY.faded(0.0), GREY)
    pen.discs(to_pixels(points[alive], snapshot, box), radii[alive], solid, WHITE.faded(0.7))


def _means(snapshot: Snapshot, pen: Pen, box: Box, scale: float, look: Look) -> None:
    """× at the target's means, + at the model's, each with a white rim."""
    few = len(snapshot.target_means) <= plane_layers.MANY
    slanted, upright = np.array([[1, 1], [1, -1]]), np.array([[1, 0], [0, 1]])
    for means, arms, color, reach in (
        (snapshot.target_means, slanted, ink(ON_FIELD.ink), 6 if few else 4),
        (snapshot.means, upright, ink(look.colors.model), 7 if few else 5),
    ):
        for spot in to_pixels(_inside(plane_numbers.on_plane(means), snapshot), snapshot, box):
            for paint, width in ((WHITE, 5.0), (color, 2.6)):
                for arm in arms:
                    ends = spot + np.outer([-1, 1], reach * scale * arm)
                    pen.line(ends, paint, width * scale, ())


def draw_tiles(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """The walkers as images, eight in a row, in the box or a part of it."""
    grey = sheet(snapshot.tiles, COLUMNS)
    scale = min(box.width / grey.shape[1], box.height / grey.shape[0])
    sharp = max(1, round(scale))  # whole pixels, so that little is blurred
    large = grey.repeat(sharp, axis=0).repeat(sharp, axis=1)
    colors = np.repeat(large[:, :, None], 3, axis=2)
    width, height = scale * grey.shape[1], scale * grey.shape[0]
    pen.pixels(colors, Box(box.left, box.top, width, height))


def shape(snapshot: Snapshot) -> float:
    """Width over height of the large picture."""
    if len(snapshot.tiles):
        count, h, w = snapshot.tiles.shape
        rows = -(-count // COLUMNS)
        return (COLUMNS * (w + EDGE) - EDGE) / (rows * (h + EDGE) - EDGE)
    x_min, x_max, y_min, y_max = snapshot.box
    return (x_max - x_min) / (y_max - y_min)


def order_of_tiles(snapshot: Snapshot) -> str:
    """What the tiles are and in which order."""
    order = "heaviest first" if has_weights(snapshot) else "lowest energy first"
    return f"{len(snapshot.tiles)} of {len(snapshot.positions)} walkers, {order}"


def to_pixels(points: np.ndarray, snapshot: Snapshot, box: Box) -> np.ndarray:
    """Pixels (n, 2) of points (n, 2) of the plane."""
    x_min, x_max, y_min, y_max = snapshot.box
    share = (points.astype(np.float64) - [x_min, y_min]) / [x_max - x_min, y_max - y_min]
    return np.array([box.left, box.bottom]) + share * [box.width, -box.height]


def _within(points: np.ndarray, snapshot: Snapshot) -> np.ndarray:
    """Whether points (n, 2) lie on the shown part of the plane, (n,)."""
    x_min, x_max, y_min, y_max = snapshot.box
    return ((points > [x_min, y_min]) & (points < [x_max, y_max])).all(1)


def _inside(points: np.ndarray, snapshot: Snapshot) -> np.ndarray:
    return points[_within(points, snapshot)]
