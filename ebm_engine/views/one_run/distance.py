"""Curves over the updates: distance to the target, and what the controllers did.

The distance is the total variation ½∫|p_model − p_target|: the share of the mass in the wrong
place, 0 where both agree and 1 where they share nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style import wording
from ebm_engine.views.style.curves import SHARE, Curve, Plot, draw, level
from ebm_engine.views.style.marks import draw_marks
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.theme import Captioned, blank, number

HEIGHT = 320
ROW_HEIGHT = 200  # px of each plot of the controllers


def distance_curves(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Total variation between model and target over the updates."""
    if not snapshot.known_density:
        return _no_distance(snapshot, theme)
    values = snapshot.history["total_variation"]
    line = {"color": PALETTES[theme].ink, "width": 2}
    curve = Curve("total variation", snapshot.history["step"], values, line)
    plot = Plot([curve], unit="½∫|p model − p target|", limits=(-0.03, 1.03))
    now = number(last_finite(values))
    figure = draw([plot], theme, f"Total variation to the target: {now}", HEIGHT)
    unnamed = draw_marks(figure, snapshot, theme)
    alt = (
        f"Total variation between model and target at update {wording.judged_step(snapshot)}: "
        f"{now}."
    )
    caption = (
        "Share of the mass that lies in the wrong place, against the true density and not the "
        f"{snapshot.spec.target.samples} training points: 0 where both agree, 1 where they share "
        f"nothing.{wording.exactness(snapshot)}{wording.average(snapshot)}{unnamed}"
    )
    return Captioned(figure, alt, caption)


class _Row(NamedTuple):
    """One controller: its values per recorded update, name, axis range and level of reference."""

    values: np.ndarray
    title: str
    limits: tuple[float, float] | None
    setting: tuple[float, str] | None
    meaning: str


def controllers_move(snapshot: Snapshot) -> bool:
    """Whether there is anything to see: a step size or a rate that moves, or an acceptance."""
    return bool(_rows(snapshot))


def controller_curves(snapshot: Snapshot, theme: Theme = "light") -> Captioned:
    """Step size, rate factor and acceptance over the updates; only those that say something."""
    rows = _rows(snapshot)
    if not rows:
        return _no_controllers(snapshot, theme)
    steps = snapshot.history["step"]
    style = {**method_line(snapshot.spec.method.kind, theme), "width": 2}
    dotted = {"color": PALETTES[theme].ink, "width": 1.5, "dash": "dot"}
    plots = []
    for row in rows:
        curves = [Curve(row.title, steps, row.values, style)]
        if row.setting:
            curves.append(level(steps, *row.setting, dotted))
        plots.append(Plot(curves, row.title, limits=row.limits))
    figure = draw(plots, theme, "Controllers", 120 + ROW_HEIGHT * len(rows))
    figure.update_yaxes(rangemode="tozero")
    figure.update_traces(showlegend=False)
    unnamed = draw_marks(figure, snapshot, theme)
    now = ", ".join(f"{row.title} {number(last_finite(row.values))}" for row in rows)
    alt = f"At update {wording.judged_step(snapshot)}: {now}."
    count = snapshot.spec.walkers.count
    meanings = " ".join(row.meaning for row in rows)
    return Captioned(figure, alt, f"Read from the moves of {count} walkers. {meanings}{unnamed}")


def _rows(snapshot: Snapshot) -> list[_Row]:
    history, spec = snapshot.history, snapshot.spec
    setting = spec.sampler.step_size
    rows = []
    if _moves(history["step_size"]):
        meaning = f"Step size that the walkers adapt to; dotted: {setting:g}, the one set now."
        level_at = (setting, f"set to {setting:g}")
        rows.append(_Row(history["step_size"], "step size h", None, level_at, meaning))
    if _moves(history["rate"]):
        meaning = "Factor on the learning rates, from the ESS and the planned decay."
        unit = (1.0, "rates as set")
        rows.append(_Row(history["rate"], "rate factor", SHARE, unit, meaning))
    if np.isfinite(history["acceptance"]).any():
        meaning = "Acceptance: share of the proposals that the last move accepted."
        rows.append(_Row(history["acceptance"], "acceptance", SHARE, None, meaning))
    return rows


def _moves(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and bool(np.ptp(finite) > 1e-9 * np.abs(finite).max())


def _no_distance(snapshot: Snapshot, theme: Theme) -> Captioned:
    text = f"{wording.UNKNOWN}: there is no distance to it."
    caption = (
        f"{text} The {snapshot.spec.target.samples} training points give a cross-entropy only."
    )
    return Captioned(blank("Total variation to the target", text, theme, HEIGHT), text, caption)


def _no_controllers(snapshot: Snapshot, theme: Theme) -> Captioned:
    step_size = snapshot.spec.sampler.step_size
    text = f"The step size {step_size:g} stays as set, and no controller holds the rates back."
    caption = f"{text} No move of the {snapshot.spec.walkers.count} walkers is rejected."
    return Captioned(blank("Controllers", text, theme, HEIGHT), text, caption)
