"""What the step size and the noise of a Langevin chain really sample: variance and temperature."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.views.style.curves import Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

HEIGHT = 440
ORDERS = ("gradient, then noise", "noise, then gradient")
CENTRES, SHARES, WIDTH = (
    (-2.0, 2.0),
    (0.3, 0.7),
    0.7,
)  # of the energy that temperatures are shown on


class BiasSeries(NamedTuple):
    """Stationary variances of Langevin chains; 0 and 1 are the orders of noise.

    exact: closed forms at the step sizes `curve` (c,); measured, se and expected (the closed form)
    at `step_size` (p,), each point from `count` independent chains; ideal: T s².
    """

    curve: np.ndarray
    exact_0: np.ndarray
    exact_1: np.ndarray
    ideal: float
    step_size: np.ndarray
    measured_0: np.ndarray
    se_0: np.ndarray
    expected_0: np.ndarray
    measured_1: np.ndarray
    se_1: np.ndarray
    expected_1: np.ndarray
    count: int


def variance_curves(series: BiasSeries, theme: Theme = "light") -> Captioned:
    """Measured stationary variances ± 2 s.e. on their closed forms, and T s² dashed."""
    colors = PALETTES[theme]
    exact = (series.exact_0, series.exact_1)
    measured = ((series.measured_0, series.se_0), (series.measured_1, series.se_1))
    looks = ((colors.weighted, "solid", "circle"), (colors.cd, "dot", "diamond"))
    figure = go.Figure()
    for place, (color, dash, symbol) in enumerate(looks):
        line = {"color": color, "dash": dash, "width": 2.5}
        figure.add_scatter(
            x=series.curve, y=exact[place], mode="lines", name=ORDERS[place], line=line
        )
        figure.add_trace(_points(series.step_size, *measured[place], color, symbol))
    figure.add_scatter(
        x=series.curve[[0, -1]],
        y=[series.ideal] * 2,
        mode="lines",
        name="right: T s²",
        line={"color": colors.ink, "dash": "dash", "width": 2},
    )
    finish(figure, theme, "Stationary variance against the step size", HEIGHT)
    figure.update_xaxes(title_text="step size h", type="log", dtick="D2")
    figure.update_yaxes(title_text="variance", range=[0, 4 * series.ideal])
    return Captioned(figure, _alt(series), _caption(series))


def _points(
    x: np.ndarray, value: np.ndarray, se: np.ndarray, color: str, symbol: str
) -> go.Scatter:
    """Measured values ± 2 s.e."""
    return go.Scatter(
        x=x,
        y=value,
        mode="markers",
        name="measured ± 2 s.e.",
        marker={"color": color, "symbol": symbol, "size": 8},
        error_y={"type": "data", "array": 2 * se, "color": color},
    )


def _caption(series: BiasSeries) -> str:
    deviation = np.concatenate(
        [
            (series.measured_0 - series.expected_0) / series.se_0,
            (series.measured_1 - series.expected_1) / series.se_1,
        ]
    )
    largest = number(np.abs(deviation).max(), ".1f")
    return (
        f"{len(deviation)} measured points, each the mean of x² over {series.count} independent "
        f"chains that have settled, ± 2 s.e.; the farthest lies {largest} s.e. from its closed "
        "form. With T = σ²/2h and a = h/s² the curves are T s²/(1 − a/2), too "
        "wide, and (1 − a)² times that, too narrow; from h = 2s² on no chain settles."
    )


def _alt(series: BiasSeries) -> str:
    return (
        f"Variance against the step size: right is {number(series.ideal)}; at h = "
        f"{number(series.step_size[-1])} it is {number(series.measured_0[-1])} with the noise last "
        f"and {number(series.measured_1[-1])} with the noise first."
    )


def temperature_map(temperature: float, title: str, theme: Theme = "light") -> Captioned:
    """exp(−U/T) of a recipe beside exp(−U), each over its peak, for two unequal modes."""
    colors = PALETTES[theme]
    x, energy = _double_well(temperature)
    shown = np.abs(x) <= 5
    low = energy.min()
    usual, tempered = (np.exp((low - energy[shown]) / t) for t in (1.0, temperature))
    ink = {"color": colors.ink, "dash": "dash", "width": 2.5}
    orange = {"color": colors.model, "width": 2.5}
    curves = [
        Curve("T = 1: exp(−U)", x[shown], usual, ink),
        Curve(f"T = {number(temperature)}: exp(−U/T)", x[shown], tempered, orange),
    ]
    plot = Plot(curves, unit="density over its peak", limits=(0, 1.05))
    figure = draw([plot], theme, f"Temperature of {title}", HEIGHT, x_title="x", points=4000)
    figure.update_xaxes(range=[-5, 5])
    right, cold = (right_mass(t) for t in (1.0, temperature))
    text = (
        f"Two modes with masses {SHARES[0]:g} and {SHARES[1]:g}. At T = {number(temperature)} "
        f"the right one holds in equilibrium {number(cold, '.3f')} of the mass instead of "
        f"{number(right, '.3f')}, "
        "both by quadrature without samples."
    )
    return Captioned(figure, text, text)


def right_mass(temperature: float) -> float:
    """The mass of exp(−U/T) at x > 0 for the energy of `temperature_map`."""
    x, energy = _double_well(temperature)
    density = np.exp(-(energy - energy.min()) / temperature)
    return float(np.trapezoid(density * (x > 0), x) / np.trapezoid(density, x))


def _double_well(temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Points that resolve both wells at this temperature, and U there."""
    reach = 8 * WIDTH * max(1.0, math.sqrt(temperature))
    near = 8 * WIDTH * min(1.0, math.sqrt(temperature))
    fine = np.linspace(-1, 1, 801)
    x = np.unique(
        np.concatenate(
            [np.linspace(-reach - 2, reach + 2, 1601), *(c + near * fine for c in _wells())]
        )
    )
    return x, _energy(x)


def _energy(x: np.ndarray) -> np.ndarray:
    terms = [
        math.log(share) - 0.5 * ((x - centre) / WIDTH) ** 2
        for centre, share in zip(CENTRES, SHARES, strict=True)
    ]
    return -np.logaddexp(*terms) + math.log(WIDTH * math.sqrt(2 * math.pi))


def _wells() -> list[float]:
    """The minima of U, on a fine grid around each centre."""
    found = []
    for centre in CENTRES:
        x = np.linspace(centre - 0.2, centre + 0.2, 200_001)
        found.append(float(x[_energy(x).argmin()]))
    return found
