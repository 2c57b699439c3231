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
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import band, last_finite
from ebm_engine.views.style.theme import Captioned, finish, has_weights, method_name, number

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
        name = "KL" if snapshot.known_density else "cross-entropy"
        parts.append(f"{name} {spread(getattr(series, field)[:, -1])} nats")
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
    own = snapshot.history["step"], snapshot.history[field]
    figure = _figure(series.steps, [getattr(series, field)], [own], snapshot, theme)
    title = kl_words.title(snapshot)
    title += "" if field == "kl_exact" else ", estimated"
    finish(figure, theme, f"{title} over seeds", HEIGHT)
    figure.update_yaxes(title_text="nats")
    return _reading(figure, series, title, [getattr(series, field)], own[1])


def _ess(series: Ribbon, snapshot: Snapshot, theme: Theme) -> Captioned:
    own = snapshot.history["step"], snapshot.history["ess"]
    figure = _figure(series.steps, [series.ess], [own], snapshot, theme)
    finish(figure, theme, "ESS/N over seeds", HEIGHT)
    figure.update_yaxes(title_text="share of N", range=[-0.03, 1.08])
    return _reading(figure, series, "ESS/N", [series.ess], own[1])


def _masses(series: Ribbon, snapshot: Snapshot, theme: Theme) -> Captioned:
    count = min(MODES, series.masses.shape[2])
    values = [series.masses[:, :, mode] for mode in range(count)]
    owns = [_own_mass(snapshot, mode) for mode in range(count)]
    figure = _figure(series.steps, values, owns, snapshot, theme)
    for truth in np.unique(np.round(snapshot.mode_mass.truth[:count], 6)):
        ink = {"color": PALETTES[theme].ink, "width": 1.5, "dash": "dash"}
        figure.add_hline(y=float(truth), line=ink)
    title = mass_words.heading(snapshot)
    finish(figure, theme, f"{title} over seeds", HEIGHT)
    figure.update_yaxes(title_text="mass", rangemode="tozero")
    return _reading(figure, series, f"{title} 1 to {count}", values, owns[0][1])


def _own_mass(snapshot: Snapshot, mode: int) -> tuple[np.ndarray, np.ndarray]:
    """This run's mass of a mode: its history, or one point where only the walkers tell it."""
    if np.isfinite(snapshot.mass_history[:, mode]).any():
        return snapshot.history["step"], snapshot.mass_history[:, mode]
    return np.array([snapshot.step]), snapshot.mode_mass.weighted[[mode]]


def _figure(
    steps: np.ndarray,
    values: list[np.ndarray],
    owns: list[tuple[np.ndarray, np.ndarray]],
    snapshot: Snapshot,
    theme: Theme,
) -> go.Figure:
    """Bands first, then the medians, then this run's own curves."""
    style = method_line(snapshot.spec.method.kind, theme)
    traces = []
    for place, curves in enumerate(values):
        low, lower, _, upper, high = bands(curves)
        outer = _area(steps, low, high, style["color"], 0.18, "lowest to highest")
        inner = _area(steps, lower, upper, style["color"], 0.35, "middle half")
        traces += [trace.update(showlegend=place == 0) for trace in (outer, inner)]
    name = f"median of {method_name(snapshot)}"
    medians = [_line(steps, bands(curves)[2], name, style | {"width": 2}) for curves in values]
    own_style = {"color": PALETTES[theme].model, "width": 2.5}
    own = [_line(x, y, "this run", own_style) for x, y in owns]
    for group in (medians, own):
        traces += [trace.update(showlegend=place == 0) for place, trace in enumerate(group)]
    figure = go.Figure(traces)
    figure.update_layout(hovermode="x unified")
    return figure.update_xaxes(title_text="update")


def _area(
    x: np.ndarray, low: np.ndarray, high: np.ndarray, color: str, opacity: float, name: str
) -> go.Scatter:
    outline_x, outline_y = band(x.astype(float), low, high)
    edge = {"mode": "lines", "line": {"width": 0, "color": color}, "hoverinfo": "skip"}
    area = {"fill": "toself", "fillcolor": color, "opacity": opacity, "name": name}
    return go.Scatter(x=outline_x, y=outline_y, **edge, **area)


def _line(x: np.ndarray, y: np.ndarray, name: str, style: dict) -> go.Scatter:
    mode = "lines" if len(x) > 1 else "markers"
    look = {"line": style} if len(x) > 1 else {"marker": {"color": style["color"], "size": 11}}
    hover = f"{name} %{{y:.4~g}}<extra></extra>"
    return go.Scatter(x=x, y=y, mode=mode, name=name, hovertemplate=hover, **look)


def _reading(
    figure: go.Figure, series: Ribbon, title: str, values: list[np.ndarray], own: np.ndarray
) -> Captioned:
    ends = "; ".join(spread(curves[:, -1]) for curves in values)
    mine = last_finite(own)
    alt = (
        f"{title} of {len(series.seeds)} seeds at update {series.steps[-1]}: median "
        f"[lowest–highest] {ends}; this run: {'unknown' if mine is None else number(mine, '.3f')}."
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
