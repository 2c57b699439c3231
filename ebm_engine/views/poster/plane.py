"""The large picture of a poster: the plane with field, data, walkers and means, or the images."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.images.images import EDGE, sheet
from ebm_engine.views.one_run import plane_layers, plane_numbers
from ebm_engine.views.poster.style import Look, paint, plain_axes
from ebm_engine.views.style import encodings
from ebm_engine.views.style.palette import FIELD, HOLLOW, ON_FIELD
from ebm_engine.views.style.series import thin
from ebm_engine.views.style.theme import has_weights

USUAL = 620.0  # px of a plane whose walkers have the figures' size
DATA, DEAD = 4.4, 4.4  # diameters in px
RIM = 1.0  # px, within the area of a walker
DISC = Path.arc(0, 360, 4)  # half as long in an SVG as matplotlib's own
COLUMNS = 8


def frame(axes: Axes, look: Look) -> None:
    """The axes of the plane, or what the images are."""
    plain_axes(axes, look)
    if not len(look.whole.tiles):
        x_min, x_max, y_min, y_max = look.whole.box
        axes.set(xlim=(x_min, x_max), ylim=(y_min, y_max))
        return
    axes.set(xticks=[], yticks=[])
    name = axes.set_xlabel(order_of_tiles(look.whole), size=look.small, color=look.colors.ink)
    name.set(x=0, ha="left")


def fill(axes: Axes, snapshot: Snapshot, look: Look) -> None:
    """Field, iso-lines, data, walkers and means; or the walkers as images, eight in a row."""
    if len(snapshot.tiles):
        grey = sheet(snapshot.tiles, COLUMNS)
        axes.imshow(grey, "gray", vmin=0, vmax=255, aspect="auto", interpolation="nearest")
        return
    scale = min(axes.bbox.size) / USUAL
    _field(axes, snapshot)
    data = snapshot.data[thin(len(snapshot.data), plane_layers.DATA)]
    x, y = data.T
    axes.scatter(x, y, (DATA * scale) ** 2, ON_FIELD.data, alpha=0.75, lw=0, label="data")
    _walkers(axes, snapshot, scale)
    few = len(snapshot.target_means) <= plane_layers.MANY
    style = {
        "markeredgewidth": 2.6 * scale,
        "path_effects": [withStroke(linewidth=5 * scale, foreground="white")],
    }
    for means, name, marker, color, size in (
        (snapshot.target_means, "true means", "x", ON_FIELD.ink, 12 if few else 8),
        (snapshot.means, "model's means", "+", look.colors.model, 14 if few else 10),
    ):
        if len(means):
            style |= {"color": color, "markersize": size * scale, "label": name}
            axes.plot(*plane_numbers.on_plane(means).T, marker, **style)


def _field(axes: Axes, snapshot: Snapshot) -> None:
    """E − min E, bilinear between the grid points; what is not a number has the colour of CLIP."""
    energy, (x, y) = plane_numbers.relative_energy(snapshot), plane_numbers.axes(snapshot)
    right, up = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2  # a grid point is the middle of a pixel
    axes.imshow(
        np.nan_to_num(energy, nan=encodings.CLIP, posinf=encodings.CLIP),
        FIELD,
        vmin=0,
        vmax=encodings.CLIP,
        origin="lower",
        extent=(x[0] - right, x[-1] + right, y[0] - up, y[-1] + up),
        aspect="auto",
        interpolation="bilinear",
    )
    known = np.ma.masked_invalid(energy)
    levels = [level for level in encodings.ISO_LINES if known.count() and level < known.max()]
    if levels:
        axes.contour(x, y, known, levels=levels, colors=[(1, 1, 1, 0.8)], linewidths=1.0)


def _walkers(axes: Axes, snapshot: Snapshot, scale: float) -> None:
    shown = thin(len(snapshot.positions), plane_layers.WALKERS)
    x, y = snapshot.positions[shown].T
    alive = encodings.alive(snapshot.log_w[shown])
    inner = np.maximum(encodings.diameters(snapshot.log_w)[shown] - RIM, 0.2)
    if not alive.all():
        dead: dict[str, Any] = {
            "facecolors": "none",
            "edgecolors": HOLLOW,
            "label": encodings.HOLLOW_WALKERS,
        }
        axes.scatter(x[~alive], y[~alive], (DEAD * scale) ** 2, lw=RIM * scale, **dead)
    axes.scatter(
        x[alive],
        y[alive],
        (scale * inner[alive]) ** 2,
        [paint(ON_FIELD.walker(0.4))],
        edgecolors=[(1, 1, 1, 0.7)],
        lw=RIM * scale,
        marker=DISC,
        label=encodings.LIVING,
    )


def color_bar(axes: Axes, look: Look) -> None:
    """The colours of E − min E in kT."""
    plain_axes(axes, look)
    colors = np.linspace(0, encodings.CLIP, 256)[:, None]
    axes.imshow(colors, FIELD, aspect="auto", origin="lower", extent=(0, 1, 0, encodings.CLIP))
    ticks = encodings.ticks()
    axes.yaxis.tick_right()
    axes.set_yticks(list(ticks), [*list(ticks.values())[:-1], f"{ticks[encodings.CLIP]} kT"])
    axes.set_xticks([])


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
