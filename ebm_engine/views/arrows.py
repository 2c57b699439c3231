"""Arrows on the plane, with a halo that keeps them readable on every colour of the field."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

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
