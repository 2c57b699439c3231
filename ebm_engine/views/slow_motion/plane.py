"""Slow motion on the plane: the walkers, one of them with its drift and noise, and the parameters.

Each card shows its own moment: positions and weights before the move, after it, or before the
resampling makes the weights equal. Arrows of the parameters are lengthened by a round factor, which
the caption gives; the arrows of the walker have their true length, on a plane that is zoomed in on
it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.studies.specs.slow_motion import Motion
from ebm_engine.views.one_run import plane_layers, plane_numbers
from ebm_engine.views.style.palette import ON_FIELD, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

HEIGHT = 620
FAINT = 0.5  # opacity of the other walkers
ARROW = 0.14  # of the plane's width that the longest arrow of the parameters may have
ZOOM = 1.7  # half the side of the zoomed plane, in lengths of the longest arrow
NEAR = ("drift", "noise")  # cards that are zoomed in


def motion_plane(
    motion: Motion, card: str, walker: int, snapshot: Snapshot, theme: Theme = "light"
) -> Captioned:
    """One moment of the update on the plane; `snapshot` is of the same run."""
    now = moment(motion, card, snapshot)
    traces: list[BaseTraceType] = [*plane_layers.field_layers(now)]
    if card == "data":
        traces.append(plane_layers.data_layer(now))
    traces += [trace.update(opacity=FAINT) for trace in plane_layers.walker_layers(now)]
    traces += [
        *plane_layers.mean_layers(now, "light"),
        _ring(now.positions[walker], f"walker {walker}"),
    ]
    if card == "noise":
        traces.append(_ring(motion.moves.start[walker], "before the move", size=9))
    arrows, factor = _arrows(motion, card, walker, now)
    figure = finish(go.Figure(traces), theme, _title(motion, card, walker), HEIGHT)
    figure.layout.annotations += tuple(mark for arrow in arrows for mark in drawn(arrow))
    figure.update_layout(
        uirevision=f"{card} {motion.step} {walker}",
        legend_itemsizing="constant",
    )
    x_range, y_range = _window(motion, card, walker)
    figure.update_xaxes(range=x_range, title_text="x₁", showgrid=False, zeroline=False)
    figure.update_yaxes(
        range=y_range,
        title_text="x₂",
        showgrid=False,
        zeroline=False,
        scaleanchor="x",
        constrain="domain",
    )
    return Captioned(figure, _alt(motion, card, walker, now), _caption(card, now, arrows, factor))


def moment(motion: Motion, card: str, snapshot: Snapshot) -> Snapshot:
    """The snapshot with walkers, weights, energies and parameters as they are at a card."""
    last, moves, weights = card == "weight", motion.moves, motion.weights
    at_end = last or (motion.new_chains and card in ("walkers", "update"))
    positions = moves.end if at_end else moves.start
    if card == "noise" and len(moves.first_end):
        positions = moves.first_end
    model = motion.after if last else motion.before
    return replace(
        snapshot,
        step=motion.step,
        box=motion.box,
        field=model.field,
        positions=positions.astype(np.float32),
        log_w=(weights.log_w_after if last else weights.log_w).astype(np.float32),
        energies=(weights.energy_after if last else weights.energy).astype(np.float32),
        means=model.means,
    )


def _title(motion: Motion, card: str, walker: int) -> str:
    step = f"update {motion.step} → {motion.step + 1}"
    return f"Zoomed in on walker {walker}, {step}" if card in NEAR else f"The plane, {step}"


def _window(motion: Motion, card: str, walker: int) -> tuple[list[float], list[float]]:
    """What the axes show: the whole plane, or the neighbourhood of the walker's first move."""
    x_min, x_max, y_min, y_max = motion.box
    points = _walk(motion, walker)
    if card not in NEAR or len(points) < 2:
        return [x_min, x_max], [y_min, y_max]
    reach = max(float(np.linalg.norm(points - points[0], axis=1).max()), 0.01 * (x_max - x_min))
    (cx, cy), half = (points.min(0) + points.max(0)) / 2, ZOOM * reach
    return [cx - half, cx + half], [cy - half, cy + half]


def _walk(motion: Motion, walker: int) -> np.ndarray:
    """The finite points of the first move: x, x + drift, the proposal, and where it ended."""
    points = [motion.moves.start[walker]]
    if len(motion.moves.drift):
        points += [points[0] + motion.moves.drift[walker], motion.moves.proposal[walker]]
    if len(motion.moves.first_end):
        points.append(motion.moves.first_end[walker])
    found = np.asarray(points, dtype=np.float64)
    return found[np.isfinite(found).all(1)]


def _ring(place: np.ndarray, name: str, size: int = 17) -> go.Scatter:
    """The chosen walker, as a ring that stands out."""
    line = {"width": 3 if size > 10 else 2, "color": ON_FIELD.ink}
    return go.Scatter(
        x=place[:1],
        y=place[1:],
        mode="markers",
        name=name,
        marker={"size": size, "color": "rgba(0,0,0,0)", "line": line},
        hovertemplate=f"{name}<br>x₁ %{{x:.3f}}, x₂ %{{y:.3f}}<extra></extra>",
    )


def _arrows(motion: Motion, card: str, walker: int, now: Snapshot) -> tuple[list[Arrow], float]:
    """The arrows of a card and by how much those of the parameters are lengthened."""
    if card in NEAR:
        return _move_arrows(motion, card, walker), 1.0
    wanted = {
        "data": ("data", -1.0, ON_FIELD.data),
        "walkers": ("walkers", 1.0, ON_FIELD.walker()),
        "update": ("change", 1.0, ON_FIELD.model),
    }
    name, sign, color = wanted.get(card, ("", 1.0, ""))
    term = motion.terms.get(name)
    if term is None or "means" not in term.entries or not len(now.means):
        return [], 1.0
    starts = plane_numbers.on_plane(now.means)
    steps = sign * plane_numbers.on_plane(term.entries["means"])
    factor = lengthening(steps, ARROW * (motion.box[1] - motion.box[0]))
    return [Arrow(a, a + factor * s, color) for a, s in zip(starts, steps, strict=True)], factor


def _move_arrows(motion: Motion, card: str, walker: int) -> list[Arrow]:
    start = motion.moves.start[walker].astype(np.float64)
    if not len(motion.moves.drift):
        end = motion.moves.first_end[walker] if len(motion.moves.first_end) else start
        return [Arrow(start, end, ON_FIELD.ink, "move")] if np.isfinite(end).all() else []
    down = start + motion.moves.drift[walker]
    if not np.isfinite(down).all():
        return []
    arrows = [Arrow(start, down, ON_FIELD.model, "drift", -18)]
    if card == "noise":
        arrows.append(Arrow(down, motion.moves.proposal[walker], ON_FIELD.ink, "noise"))
    return arrows


def _alt(motion: Motion, card: str, walker: int, now: Snapshot) -> str:
    x, y = (number(float(v), ".2f") for v in now.positions[walker])
    weight = number(math.exp(float(now.log_w[walker])))
    return (
        f"Map of the energy with {len(now.positions)} walkers in update {motion.step}; walker "
        f"{walker} is at ({x}, {y}) with N·w = {weight}."
    )


def _caption(card: str, now: Snapshot, arrows: list[Arrow], factor: float) -> str:
    text = "Colours: E − min E, as on the stage. Walkers: area ∝ weight."
    if card in NEAR:
        return f"{text} Arrows have their true length." if arrows else text
    if not arrows:
        return text
    meaning = {
        "data": "where the data term alone would send each mean",
        "walkers": "where the walker term alone would send each mean",
        "update": "the step of each mean",
    }
    how = "at their true length" if factor == 1 else f"drawn {factor:g} times as long"
    return f"{text} Arrows: {meaning[card]}, {how}."


ROUND = (1, 2, 5)


class Arrow(NamedTuple):
    """An arrow on the plane from `start` to `end`, (2,) each, with a few words beside its middle.

    shift: px by which the words lie above the middle, below it where negative.
    """

    start: np.ndarray
    end: np.ndarray
    color: str
    text: str = ""
    shift: int = 16


def lengthening(vectors: np.ndarray, longest: float) -> float:
    """The largest of …, 0.5, 1, 2, 5, 10, … that keeps every vector (J, 2) within `longest`."""
    length = float(np.linalg.norm(vectors, axis=1).max(initial=0.0))
    if not 0 < length < math.inf:
        return 1.0
    ideal = longest / length
    decade = 10.0 ** math.floor(math.log10(ideal))
    return decade * max(r for r in ROUND if r * decade <= ideal * (1 + 1e-9))


def drawn(arrow: Arrow) -> list[go.layout.Annotation]:
    """The arrow with a white halo, and its words."""
    ends = {"x": arrow.end[0], "y": arrow.end[1], "ax": arrow.start[0], "ay": arrow.start[1]}
    frame = {"xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": ""}
    halo = {"arrowcolor": "rgba(255,255,255,0.85)", "arrowwidth": 5.5, "arrowhead": 0}
    line = {"arrowcolor": arrow.color, "arrowwidth": 2.5, "arrowhead": 2}
    marks = [go.layout.Annotation(**ends, **frame, **style) for style in (halo, line)]
    if arrow.text:
        words = {"text": arrow.text, "showarrow": False, "font": {"color": arrow.color}}
        words |= {"bgcolor": "rgba(255,255,255,0.8)", "yshift": arrow.shift}
        middle = (arrow.start + arrow.end) / 2
        marks.append(go.layout.Annotation(x=middle[0], y=middle[1], **words))
    return marks
