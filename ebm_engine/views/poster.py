"""Poster: one picture of a run for a slide or a paper, on any pen.

On the left the plane (of images the walkers as tiles), on the right masses, KL and weights; above
them what was trained, at which update, from which seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import mass_words, plane_layers
from ebm_engine.views.pen import Box, Ink, Pen, ink
from ebm_engine.views.poster_axes import Key, Look, legend
from ebm_engine.views.poster_curves import learning, weights
from ebm_engine.views.poster_masses import masses
from ebm_engine.views.poster_plane import (
    colors_of_field,
    draw_plane,
    draw_tiles,
    order_of_tiles,
    shape,
)
from ebm_engine.views.style.palette import ON_FIELD, Theme
from ebm_engine.views.style.theme import method_name, number

Panel = Callable[[Snapshot, Pen, Box, Look], None]
PANELS: tuple[Panel, ...] = (masses, learning, weights)
FEW = 6  # modes whose masses are written out
EDGE = 1.6  # margin of the sheet, of the size of its text
WIDEST = 0.54  # of the sheet, for the large picture


class Format(NamedTuple):
    """Width and height of the sheet, size of plain text in pixels, and how many plots it has."""

    width: int
    height: int
    text: float
    panels: int


POSTER = Format(1600, 900, 19.0, 3)


def title(snapshot: Snapshot) -> str:
    """What was trained on what, at which update, from which seed."""
    spec = snapshot.spec
    return (
        f"{method_name(snapshot)}, {spec.energy.kind} on {spec.target.kind}: "
        f"update {snapshot.step}, seed {spec.seed}"
    )


def settings(snapshot: Snapshot) -> str:
    """The numbers of the spec that one asks for first."""
    spec = snapshot.spec
    sampler, rule = spec.sampler, spec.optimizer
    own = spec.energy.kind == "mixture"
    rates = [("means", rule.lr_means), ("log-masses", rule.lr_log_masses)] if own else []
    told = ", ".join(f"{name} {number(rate)}" for name, rate in rates or [("rate", rule.lr)])
    return (
        f"N = {spec.walkers.count} walkers · {sampler.kernel} with h = "
        f"{number(sampler.step_size)} · {rule.kind}: {told} · d = {spec.dim}"
    )


def facts(snapshot: Snapshot) -> str:
    """The newest masses in words, of few modes all, of many the worst."""
    if not snapshot.class_names:
        return f"Masses of the model. {mass_words.model_and_truth(snapshot, FEW)}"
    found = snapshot.mode_mass.weighted
    shares = ", ".join(
        f"{name} {number(share, '.3f')}"
        for name, share in list(zip(snapshot.class_names, found, strict=True))[:FEW]
    )
    return f"Classes of the walkers by weight: {shares}."


def draw(
    snapshot: Snapshot,
    pen: Pen,
    theme: Theme,
    size: Format = POSTER,
    whole: Snapshot | None = None,
) -> None:
    """Draw the whole sheet, with axes for the run up to `whole`: the snapshot itself if None."""
    look = Look(theme, size.text, whole or snapshot)
    edge, small = EDGE * size.text, look.small
    top = _heading(snapshot, pen, look, long=size.panels > 2)
    height = size.height - edge - 1.8 * small - top
    bar = 0.0 if len(snapshot.tiles) else 4.5 * small
    width = min(WIDEST * size.width - bar, height * shape(snapshot))
    box = Box(edge, top, width, min(height, width / shape(snapshot)))
    _left(snapshot, pen, box, look)
    left = box.right + bar + 1.4 * edge
    each = (size.height - edge / 2 - top) / size.panels
    for place, panel in enumerate(PANELS[: size.panels]):
        room = Box(left, top + place * each, size.width - edge - left, each - 0.6 * size.text)
        panel(snapshot, pen, room, look)


def _heading(snapshot: Snapshot, pen: Pen, look: Look, *, long: bool) -> float:
    """Title, settings and facts; where the rest begins."""
    edge, top = EDGE * look.text, (EDGE + 1) * look.text
    pen.words((edge, top), title(snapshot), 1.3 * look.text, _ink(look), "start")
    for text in [settings(snapshot), facts(snapshot)] if long else [facts(snapshot)]:
        top += 1.5 * look.small
        pen.words((edge, top), text, look.small, ink(look.colors.muted), "start")
    return top + 0.9 * look.text


def _left(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """The large picture with what explains it."""
    below = (box.left, box.bottom + 1.7 * look.small)
    if len(snapshot.tiles):
        draw_tiles(snapshot, pen, box, look)
        pen.words(below, order_of_tiles(snapshot), look.small, _ink(look), "start")
        return
    draw_plane(snapshot, pen, box, look)
    _color_bar(pen, box, look)
    keys = [Key("data", ink(ON_FIELD.data)), Key("walkers, area ∝ weight", _walkers(look))]
    if len(snapshot.target_means):
        keys.append(Key("× true means", None))
    if len(snapshot.means):
        keys.append(Key("+ model's means", None))
    legend(pen, below, max(box.width, 24 * look.small), keys, look)


def _color_bar(pen: Pen, box: Box, look: Look) -> None:
    """The colours of E − min E in kT, along the right edge of the plane."""
    bar = Box(box.right + 0.6 * look.small, box.top, 0.9 * look.small, box.height)
    pen.pixels(np.ascontiguousarray(colors_of_field()[::-1, None]), bar)
    for level in (0, *plane_layers.ISO_LINES, plane_layers.CLIP):
        y = bar.bottom - level / plane_layers.CLIP * bar.height + 0.35 * look.small
        y = min(max(y, bar.top + 0.75 * look.small), bar.bottom)
        text = f"≥{level:g} kT" if level == plane_layers.CLIP else f"{level:g}"
        pen.words((bar.right + 0.3 * look.small, y), text, look.small, _ink(look), "start")


def _walkers(look: Look) -> Ink:
    return Ink(*look.colors.walkers, 0.5)


def _ink(look: Look) -> Ink:
    return ink(look.colors.ink)
