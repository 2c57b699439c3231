"""What chains on a fixed energy estimate: mode masses, autocorrelation, second moment.

Estimates carry ± 2 standard errors over independent chains; what is exact is black (white) dashed.
"""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import mass_error
from ebm_engine.views.langevin.chains import HEIGHT, ChainSeries
from ebm_engine.views.style.curves import Curve, Plot, draw, level
from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

WHISKER = "#858B96"  # seen on the page and on the bars of either theme
NOTICED = 0.01  # mass of a mode that should have been reached


def short_against_long(series: ChainSeries, theme: Theme = "light") -> Captioned:
    """Mode masses of the short run, the long run and the exact density."""
    colors, modes = PALETTES[theme], np.arange(len(series.exact_mass))
    hollow = {"color": colors.walker(0.06), "line": {"color": colors.walker(), "width": 2}}
    filled = {"color": colors.walker(0.8)}
    before, after = f"after {series.short_steps} steps", f"after {series.step} steps"
    figure = go.Figure(_bar(modes, -0.2, before, series.short_mass, hollow, series))
    figure.add_trace(_bar(modes, 0.2, after, series.long_mass, filled, series))
    figure.add_trace(_levels(modes, series.exact_mass, colors.ink))
    finish(figure, theme, "Mode masses: short run, long run, exact", HEIGHT)
    figure.update_xaxes(tickvals=modes, ticktext=[str(m + 1) for m in modes], title_text="mode")
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    off = mass_error(series.long_mass, series.exact_mass)
    caption = (
        f"Share of {series.count} chains in each mode, ± 2 s.e.; dashed: the mass under exp(−U/T), "
        f"by quadrature. Total variation of the long run {number(off, '.3f')}."
    )
    shares = ", ".join(number(m, ".3f") for m in series.long_mass)
    exact = ", ".join(number(m, ".3f") for m in series.exact_mass)
    return Captioned(figure, f"Masses of the long run {shares}; exact {exact}.", caption)


def autocorrelation(series: ChainSeries, theme: Theme = "light") -> Captioned:
    """ρ(t) of x₁, with the integrated autocorrelation time."""
    line = {"color": PALETTES[theme].model, "width": 2.5}
    limits = (min(-0.1, float(series.rho.min())), 1.05)
    plot = Plot([Curve("ρ(t)", series.lags, series.rho, line)], unit="ρ(t)", limits=limits)
    figure = draw([plot], theme, "Autocorrelation of x₁", HEIGHT, x_title="lag t in steps")
    caption = time_sentence(series) + _unseen(series)
    return Captioned(figure, f"Autocorrelation of x₁: {caption}", caption)


def _unseen(series: ChainSeries) -> str:
    """What the time does not know when no chain is in a mode that holds much of the mass."""
    unseen = int(((series.long_mass == 0) & (series.exact_mass > NOTICED)).sum())
    if not unseen:
        return ""
    return (
        f" No chain is in {unseen} of the {len(series.exact_mass)} modes, and of what chains never "
        "reach this time knows nothing."
    )


def time_sentence(series: ChainSeries) -> str:
    """The integrated autocorrelation time ± 2 s.e. and what the draws are worth."""
    source = f"from {series.draws} positions, the second half of all chains"
    if not math.isfinite(series.iact):
        return "Too few steps to see how fast the chains forget."
    if not series.resolved:
        return (
            f"The chains are too short to see them forget: the integrated autocorrelation time is "
            f"above {number(series.iact)} steps, {source}, around the mean of all."
        )
    worth = series.draws / max(series.iact, 1e-9)
    return (
        f"Integrated autocorrelation time {number(series.iact)} ± "
        f"{number(2 * series.iact_se, '.2g')} steps (Sokal's window), {source}: "
        f"they are worth {worth:.0f} independent draws."
    )


def second_moment(series: ChainSeries, theme: Theme = "light") -> Captioned:
    """Running mean of |x|² ± 2 s.e. against the exact value and the kernel's own limit."""
    colors, ends = PALETTES[theme], np.array([0, series.step])
    walkers = {"color": colors.walker(), "width": 2}
    exact = {"color": colors.ink, "width": 2, "dash": "dash"}
    mean = "running mean ± 2 s.e."
    curves = [
        Curve(mean, series.moment_step, series.moment, walkers, series.moment_se, short="mean"),
        level(ends, series.exact_moment, "exact", exact),
    ]
    biased = ""
    if math.isfinite(series.settled_moment):
        limit, dotted = series.settled_moment, {"color": colors.cd, "width": 2, "dash": "dot"}
        curves.append(level(ends, limit, "where this step size leads", dotted))
        biased = f" In closed form this kernel settles at {number(limit, '.4g')}."
    plot = Plot(curves, unit="mean of |x|²")
    figure = draw([plot], theme, "Second moment E|x|²", HEIGHT, x_title="step")
    now, se = series.moment[-1], series.moment_se[-1]
    text = (
        f"{number(now, '.4g')} ± {number(2 * se, '.2g')} over {series.count} chains and "
        f"{series.step} steps, the start included; exact {number(series.exact_moment, '.4g')} by "
        f"quadrature of exp(−U/T).{biased}"
    )
    return Captioned(figure, f"Running second moment: {text}", text)


def _bar(
    modes: np.ndarray, place: float, name: str, mass: np.ndarray, marker: dict, series: ChainSeries
) -> go.Bar:
    """The bars of one cloud; counts of independent chains are binomial."""
    error = 2 * np.sqrt(np.clip(mass * (1 - mass), 0, None) / series.count)
    return go.Bar(
        x=modes + place,
        y=mass,
        width=0.36,
        name=name,
        marker=marker,
        error_y={"type": "data", "array": error, "color": WHISKER, "thickness": 2},
        hovertemplate=f"{name} %{{y:.4f}}<extra></extra>",
    )


def _levels(modes: np.ndarray, mass: np.ndarray, color: str) -> go.Scatter:
    """A dashed line over the bars of every mode, with gaps between the modes."""
    gap = np.full(len(modes), np.nan)
    return go.Scatter(
        x=np.stack([modes - 0.42, modes + 0.42, gap], 1).ravel(),
        y=np.stack([mass, mass, gap], 1).ravel(),
        mode="lines",
        name="exact",
        line={"color": color, "width": 2, "dash": "dash"},
        hovertemplate="exact %{y:.4f}<extra></extra>",
    )
