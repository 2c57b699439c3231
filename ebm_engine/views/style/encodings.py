"""How the plane shows energies and weights, the same on the stage, in the figures and on a poster.

Energies are E − min E in kT. A walker's area is proportional to its weight N·w, where 1 is equal
weight: a walker of twice the weight covers twice the area.
"""

from __future__ import annotations

import numpy as np

CLIP = 12.0  # kT above the minimum where the colour map ends
ISO_LINES = (1, 2, 4, 8)  # kT; powers of 2, so that they are evenly spaced in log₂
DEAD = 0.01  # N·w below which a walker is drawn hollow
LARGEST = 25.0  # times the median weight where the area stops growing
UNIT_DIAMETER = 7.0  # px of a walker with N·w = 1

ENERGY = "E − min E (kT)"  # title of the colours
LIVING = "walkers, area ∝ weight"
HOLLOW_WALKERS = f"walkers, N·w < {DEAD:g}"


def ticks() -> dict[float, str]:
    """Labels of the colours by their energy: 0, the iso-lines and the end of the colour map."""
    return {level: f"{level}" for level in (0, *ISO_LINES)} | {CLIP: f"≥{CLIP:g}"}


def iso_lines_in_words() -> str:
    """The iso-lines as part of a sentence: 1, 2, 4 and 8 kT."""
    *first, last = map(str, ISO_LINES)
    return f"{', '.join(first)} and {last} kT"


def alive(log_w: np.ndarray) -> np.ndarray:
    """Whether each walker's weight N·w reaches DEAD, (n,); one that is NaN does not."""
    weight = np.exp(log_w.astype(np.float64))
    return np.isfinite(weight) & (weight >= DEAD)


def diameters(log_w: np.ndarray) -> np.ndarray:
    """Diameters (n,) in px with area ∝ N·w, clipped at LARGEST times the median living weight."""
    weight = np.exp(log_w.astype(np.float64))
    living = weight[alive(log_w)]
    limit = LARGEST * np.median(living) if len(living) else 1.0
    return UNIT_DIAMETER * np.sqrt(np.minimum(weight, limit))
