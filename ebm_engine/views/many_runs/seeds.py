"""The same run over several seeds: bands of KL, ESS and mode masses, with this run on top.

Of k seeds a band shows, at each update, lowest to highest (light), the middle half (darker) and the
median (line). Values (k, T) are NaN after a seed has stopped; what is left is shown.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words, mass_words
from ebm_engine.views.style.curves import SHARE, Band, Curve, Plot, draw
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import Captioned, has_weights, method_name, number

MODES = 3  # whose masses are shown, at most
QUARTILES = (0, 25, 50, 75, 100)  # per cent
HEIGHT = 420


class Ribbon(NamedTuple):
    """What the task "seeds" found: steps (T,), curves (k, T), masses (k, T, J), seeds (k,), and
    the update (k,) at which each diverged, −1 for none.
    """

    steps: np.ndarray
    kl_exact: np.ndarray
    kl_estimate: np.ndarray
    ess: np.ndarray
    masses: np.ndarray
    seeds: np.ndarray
    diverged: np.ndarray


def ribbons(series: Ribbon, snapshot: Snapshot, theme: Theme = "light") -> dict[str, Captioned]:
    """The figures of a study by name, those that have numbers; `snapshot` is of this run."""
    drawn = {}
    field = kl_field(series)
    if field:
        drawn["kl"] = _kl(series, field, snapshot, theme)
    if series.masses.shape[2] and np.isfinite(series.masses).any():
        drawn["masses"] = _masses(series, snapshot, theme)
    if has_weights(snapshot):
        drawn["ess"] = _ess(series, snapshot, theme)
    return drawn


def kl_field(series: Ribbon) -> str:
    """The exact curve where there is one, else the estimated one, "" for neither."""
    known = (n for n in ("kl_exact", "kl_estimate") if np.isfinite(getattr(series, n)).any())
    return next(known, "")


def sentence(series: Ribbon, snapshot: Snapshot) -> str:
    """The numbers at the end: median [lowest–highest] over the seeds, and the truth."""
    count, last = len(series.seeds), int(series.steps[-1])
    parts = []
    field = kl_field(series)
    if field:
        parts.append(f"{kl_words.noun(snapshot)} {spread(getattr(series, field)[:, -1])} nats")
    for mode in range(min(MODES, series.masses.shape[2])):
        truth = number(float(snapshot.mode_mass.truth[mode]), ".3f")
        parts.append(
            f"mass of {_mode(snapshot, mode)} {spread(series.masses[:, -1, mode])}, "
            f"{mass_words.truth_name(snapshot)} {truth}"
        )
    stopped = int((series.diverged >= 0).sum())
    end = f" {stopped} of them diverged on the way." if stopped else ""
    return f"At update {last}, over {count} seed{'s' * (count > 1)}: {'; '.join(parts)}.{end}"


def spread(values: np.ndarray) -> str:
    """Median [lowest–highest] of the finite values."""
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return "unknown"
    middle, low, high = (number(float(f(finite)), ".3f") for f in (np.median, np.min, np.max))
    return f"{middle} [{low}–{high}]"


def bands(values: np.ndarray) -> np.ndarray:
    """Lowest, lower quartile, median, upper quartile, highest (5, T) of (k, T), without the NaN."""
    found = np.full((len(QUARTILES), values.shape[1]), np.nan)
    some = np.isfinite(values).any(axis=0)
    found[:, some] = np.nanpercentile(values[:, some], QUARTILES, axis=0)
    return found


def _kl(series: Ribbon, field: str, snapshot: Snapshot, theme: Theme) -> Captioned:
    values, own = getattr(series, field), (snapshot.history["step"], snapshot.history[field])
    title = kl_words.title(snapshot) + ("" if field == "kl_exact" else ", estimated")
    plot = _plot(series.steps, [values], [own], snapshot, theme)._replace(unit="nats")
    figure = draw([plot], theme, f"{title} over seeds", HEIGHT)
    return _captioned(figure, series, title, [values], own[1])


def _ess(series: Ribbon, snapshot: Snapshot, theme: Theme) -> Captioned:
    own = snapshot.history["step"], snapshot.history["ess"]
    plot = _plot(series.steps, [series.ess], [own], snapshot, theme)
    plot = plot._replace(unit="share of N", limits=SHARE)
    figure = draw([plot], theme, "ESS/N over seeds", HEIGHT)
    return _captioned(figure, series, "ESS/N", [series.ess], own[1])


def _masses(series: Ribbon, snapshot: Snapshot, theme: Theme) -> Captioned:
    count = min(MODES, series.masses.shape[2])
    values = [series.masses[:, :, mode] for mode in range(count)]
    owns = [_own_mass(snapshot, mode) for mode in range(count)]
    truths = np.unique(np.round(snapshot.mode_mass.truth[:count], 6)).tolist()
    plot = _plot(series.steps, values, owns, snapshot, theme)._replace(unit="mass", exact=truths)
    title = mass_words.heading(snapshot)
    figure = draw([plot], theme, f"{title} over seeds", HEIGHT)
    figure.update_yaxes(rangemode="tozero")
    return _captioned(figure, series, f"{title} 1 to {count}", values, owns[0][1])


def _own_mass(snapshot: Snapshot, mode: int) -> tuple[np.ndarray, np.ndarray]:
    """This run's mass of a mode: its history, or one point where only the walkers estimate it."""
    if np.isfinite(snapshot.mass_history[:, mode]).any():
        return snapshot.history["step"], snapshot.mass_history[:, mode]
    return np.array([snapshot.step]), snapshot.mode_mass.weighted[[mode]]


def _plot(
    steps: np.ndarray,
    values: list[np.ndarray],
    owns: list[tuple[np.ndarray, np.ndarray]],
    snapshot: Snapshot,
    theme: Theme,
) -> Plot:
    """Bands first, then the medians, then this run's own curves."""
    style = method_line(snapshot.spec.method.kind, theme)
    areas, medians = [], []
    name = f"median of {method_name(snapshot)}"
    for low, lower, middle, upper, high in map(bands, values):
        areas += [
            Band(steps, low, high, style["color"], 0.18, "lowest to highest"),
            Band(steps, lower, upper, style["color"], 0.35, "middle half"),
        ]
        medians.append(Curve(name, steps, middle, {**style, "width": 2}))
    own_style = {"color": PALETTES[theme].model, "width": 2.5}
    return Plot([*medians, *(Curve("this run", *own, own_style) for own in owns)], bands=areas)


def _captioned(
    figure: go.Figure, series: Ribbon, title: str, values: list[np.ndarray], own: np.ndarray
) -> Captioned:
    ends = "; ".join(spread(curves[:, -1]) for curves in values)
    alt = (
        f"{title} of {len(series.seeds)} seeds at update {series.steps[-1]}: median "
        f"[lowest–highest] {ends}; this run: {number(last_finite(own), '.3f')}."
    )
    caption = (
        f"{len(series.seeds)} runs with the seeds {series.seeds[0]} to {series.seeds[-1]}: each "
        "has its own data, start and noise. Light: lowest to highest; dark: the middle half."
    )
    return Captioned(figure, alt, caption)


def _mode(snapshot: Snapshot, mode: int) -> str:
    if snapshot.class_names:
        return f"class {snapshot.class_names[mode]}"
    return f"{mass_words.noun(snapshot)} {mode + 1} at {mass_words.places(snapshot)[mode]}"
