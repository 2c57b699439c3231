"""Poster: one picture of a run for a slide or a paper.

On the left the plane (of images the walkers as tiles), on the right masses, KL and weights; above
them what was trained, at which update, from which seed.
"""

from __future__ import annotations

from typing import NamedTuple

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import mass_words
from ebm_engine.views.poster import plane
from ebm_engine.views.poster.plots import LEARNING, LETTERS, MASSES, WEIGHTS, Panel, legend_room
from ebm_engine.views.poster.style import PIXELS_PER_INCH, SETTINGS, Format, Look
from ebm_engine.views.style.palette import Theme
from ebm_engine.views.style.theme import method_name, number

POSTER = Format(1600, 900, 19.0)
LEFT = Panel(plane.frame, plane.fill)
RIGHT = (MASSES, LEARNING, WEIGHTS)
FEW = 6  # modes whose masses are written out
EDGE = 1.6  # margin of the sheet, of the size of its text
MOST = 5  # entries of a legend in one row
WIDEST = 0.5  # of the sheet, for the large picture


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
    names = {"lr": "rate"}
    if spec.energy.kind == "mixture":
        names = {"lr_means": "means", "lr_log_masses": "log-masses"}
    values = rule.model_dump()
    rates = ", ".join(f"{name} {number(values[field])}" for field, name in names.items())
    return (
        f"N = {spec.walkers.count} walkers · {sampler.kernel} with h = "
        f"{number(sampler.step_size)} · {rule.kind}: {rates} · d = {spec.dim}"
    )


def facts(snapshot: Snapshot, few: int) -> str:
    """The newest masses in words, of up to `few` modes all, of more the worst."""
    if not snapshot.class_names:
        return f"Masses of the model. {mass_words.model_and_truth(snapshot, few)}"
    found = snapshot.mode_mass.weighted
    shares = ", ".join(
        f"{name[:LETTERS]} {number(share, '.3f')}"
        for name, share in list(zip(snapshot.class_names, found, strict=True))[:few]
    )
    return f"Classes of the walkers by weight: {shares}."


class Sheet(NamedTuple):
    """A figure, its parts, and what they look like."""

    figure: Figure
    parts: tuple[tuple[Axes, Panel], ...]
    look: Look

    def fill(self, snapshot: Snapshot) -> list[Artist]:
        """Draw a snapshot on the empty sheet; what was added, from back to front."""
        added: list[Artist] = _heading(self.figure, snapshot, self.look)
        for axes, panel in self.parts:
            before = set(axes.get_children())
            panel.fill(axes, snapshot, self.look)
            new = [artist for artist in axes.get_children() if artist not in before]
            added += sorted(new, key=Artist.get_zorder)
        return added

    def explain(self) -> None:
        """Add the legends of what is drawn: below the plane, above the plots."""
        look, film, (large, *plots) = self.look, self.look.size.film, (a for a, _ in self.parts)
        marks = _legend(large, look, -2.0 * look.small, columns=2 if film else MOST, handle=0.8)
        for mark in marks:
            if isinstance(mark, PathCollection):
                mark.set_sizes([0.3 * look.small**2])
        for axes in plots:
            above = axes.bbox.height + legend_room(look) - 0.5 * look.small
            _legend(axes, look, above, columns=3 if film else MOST, handle=1.8)


def sheet(whole: Snapshot, theme: Theme, size: Format = POSTER) -> Sheet:
    """An empty sheet whose axes suit a run up to `whole`."""
    matplotlib.rcParams.update(SETTINGS)
    look = Look(theme, size, whole)
    inches = (size.width / PIXELS_PER_INCH, size.height / PIXELS_PER_INCH)
    figure = Figure(inches, PIXELS_PER_INCH, facecolor=look.colors.ground)
    top = _baselines(look)[-1] + 1.2 * size.text
    large, right = _large(figure, look, top)
    parts = [(large, LEFT)]
    left, edge = right + EDGE * size.text + 2.4 * look.small, EDGE * size.text
    plots = RIGHT[:2] if size.film else RIGHT
    each = (size.height - edge / 2 - top) / len(plots)
    above = legend_room(look) + 0.8 * size.text
    for place, panel in enumerate(plots):
        room = each - above - 2.2 * look.small
        axes = _axes(figure, left, top + place * each + above, size.width - edge - left, room)
        panel.frame(axes, look)
        parts.append((axes, panel))
    return Sheet(figure, tuple(parts), look)


def _large(figure: Figure, look: Look, top: float) -> tuple[Axes, float]:
    """The empty plane with its colours beside it, or the place of the images; its right edge."""
    size, small, shape = look.size, look.small, plane.shape(look.whole)
    images = bool(len(look.whole.tiles))
    left = EDGE * size.text + (0 if images else 1.8 * small)
    bar, below = (0.0, 2.2) if images else (4.5 * small, 5.0 if size.film else 3.8)
    height = size.height - top - below * small
    width = min(WIDEST * size.width - bar, height * shape)
    height = min(height, width / shape)
    large = _axes(figure, left, top, width, height)
    plane.frame(large, look)
    if not images:
        beside = _axes(figure, left + width + 0.6 * small, top, 0.9 * small, height)
        plane.color_bar(beside, look)
    return large, left + width + bar


def _heading(figure: Figure, snapshot: Snapshot, look: Look) -> list[Artist]:
    """Title, settings and facts."""
    lines = [facts(snapshot, 3)] if look.size.film else [settings(snapshot), facts(snapshot, FEW)]
    first, *others = (1 - y / look.size.height for y in _baselines(look))
    x = EDGE * look.text / look.size.width
    name = figure.text(x, first, title(snapshot), size=1.3 * look.text, color=look.colors.ink)
    muted = {"size": look.small, "color": look.colors.muted}
    return [name, *(figure.text(x, y, s, **muted) for y, s in zip(others, lines, strict=True))]


def _baselines(look: Look) -> list[float]:
    """Where the lines of the heading stand, in pixels from above."""
    first = (EDGE + 0.7) * look.text
    return [first + k * 1.7 * look.small for k in range(2 if look.size.film else 3)]


def _legend(axes: Axes, look: Look, top: float, *, columns: int, handle: float) -> list[Artist]:
    """A legend whose top is so many pixels above the low end of the axes; the signs in it."""
    legend = axes.legend(
        *axes.get_legend_handles_labels(),
        ncols=columns,
        loc="upper left",
        bbox_to_anchor=(0, top / axes.bbox.height),
        handlelength=handle,
        fontsize=look.small,
        labelcolor=look.colors.ink,
    )
    return [sign for sign in legend.legend_handles if sign is not None]


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in pixels, `top` from above."""
    across, up = figure.bbox.size
    return figure.add_axes((left / across, 1 - (top + height) / up, width / across, height / up))
