"""Energy above, probability below: the same line twice, with where both began.

p(x) = exp(−U(x)/T) / Z with U = U₀ + c: a constant c moves the upper curve only, a temperature T
the lower one only. x, energy and density (m,), energies in kT at T = 1. (Textbook statistical
mechanics; for learning: LeCun et al. 2006.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, number

HEIGHT = 520
ENERGY = (-6.0, 18.0)  # fixed, so that a shift is seen as one
DENSITY = (0.0, 0.6)


class CutSeries(NamedTuple):
    """x, energy U and density p, all (m,); log_z: log Z; left_mass: probability of x < 0."""

    x: np.ndarray
    energy: np.ndarray
    density: np.ndarray
    log_z: float
    left_mass: float


def energy_and_density(now: CutSeries, start: CutSeries, theme: Theme = "light") -> Captioned:
    """U(x) above p(x); `start`, without shift and at temperature 1, is dashed."""
    colors = PALETTES[theme]
    dashed = {"color": colors.muted, "width": 2, "dash": "dash"}
    solid = {"color": colors.model, "width": 3}
    curves = {
        name: [
            Curve("at the start", start.x, getattr(start, name), dashed),
            Curve("now", now.x, getattr(now, name), solid),
        ]
        for name in ("energy", "density")
    }
    plots = [
        Plot(curves["energy"], "energy U(x)", "kT", limits=ENERGY, height=0.55),
        Plot(curves["density"], "probability density p(x)", limits=DENSITY, height=0.45),
    ]
    figure = draw(plots, theme, "Energy and probability", HEIGHT, x_title="x")
    share = number(100 * now.left_mass, ".1f")
    alt = (
        f"Energy of two valleys above the density that belongs to it: {share} % of the "
        f"probability lies left of 0, log Z is {number(now.log_z, '.2f')}."
    )
    caption = (
        f"Left of 0: {share} % of the probability. log Z = {number(now.log_z, '.2f')}. "
        "By quadrature, without samples."
    )
    return Captioned(figure, alt, caption)
