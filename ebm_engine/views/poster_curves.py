"""The curves of a poster: KL and ESS over the updates."""

from __future__ import annotations

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.pen import Box, Ink, Pen, ink
from ebm_engine.views.poster_axes import Axes, Key, Look, dash_of, frame, titled
from ebm_engine.views.style import wording
from ebm_engine.views.style.palette import method_line
from ebm_engine.views.style.series import band, thin
from ebm_engine.views.style.theme import has_weights, method_name

POINTS = 600  # of a curve, at most


def learning(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """KL in nats over the updates, or the cross-entropy where the density is not known."""
    styles = _line_styles(snapshot, look)
    lines = {
        field: Key(name, *styles[field])
        for field, name in _kl_names(snapshot).items()
        if np.isfinite(look.whole.history[field]).any()
    }
    title = f"{_quantity(snapshot)} in nats, bands ± 2 s.e."
    low, high = _limits([look.whole.history[field] for field in lines], snapshot.known_density)
    keys = list(lines.values())
    axes = titled(pen, box, look, title, keys, (0.0, _last(look), low, high))
    frame(pen, axes, look, updates=True)
    _marks(snapshot, pen, axes, look)
    for field, key in lines.items():
        _error_band(snapshot, pen, axes, field, key.ink.faded(0.2))
    for field, key in lines.items():
        _curve(snapshot, pen, axes, snapshot.history[field], key)


def _kl_names(snapshot: Snapshot) -> dict[str, str]:
    """The legend's short name of each curve, from back to front."""
    known = snapshot.known_density
    exact = "on the truth" if wording.sampled(snapshot) else "exact"
    short = {
        "kl_data": "on the data",
        "kl_witness": "witness",
        "kl_estimate": "estimate",
        "kl_exact": exact if known else "on the data",
    }
    return {field: short[field] for field in kl_words.line_names(snapshot)}


def _quantity(snapshot: Snapshot) -> str:
    return "KL(target ‖ model)" if snapshot.known_density else "Cross-entropy of the data"


def weights(snapshot: Snapshot, pen: Pen, box: Box, look: Look) -> None:
    """ESS/N with its threshold, and the share of ancestors; ticks where walkers resampled."""
    if not has_weights(snapshot):
        title = f"No weights ({method_name(snapshot)}): nothing is resampled"
        pen.words((box.left, box.top + look.text), title, look.text, ink(look.colors.ink), "start")
        return
    line = method_line(snapshot.spec.method.kind, look.theme)
    ess = Key("ESS/N", ink(line["color"]), dash_of(line["dash"]))
    kin = Key("ancestors/N", Ink(*look.colors.walkers, 0.9), (12, 4, 2, 4))
    threshold = snapshot.spec.method.ess_threshold
    bound = Key(f"threshold {threshold:.3g}", ink(look.colors.muted), (2, 4))
    limits = (0.0, _last(look), 0.0, 1.05)
    axes = titled(pen, box, look, "Weights", [ess, kin, bound], limits)
    frame(pen, axes, look, updates=True)
    _marks(snapshot, pen, axes, look)
    ends = np.array([axes.x_low, axes.x_high])
    pen.line(axes.at(ends, np.full(2, threshold)), bound.ink, 1.6, bound.dash)
    for x in snapshot.resampled_at[-POINTS:]:
        pen.line(axes.at(np.array([x, x]), np.array([0.0, 0.05])), kin.ink, 1.0, ())
    ancestors = snapshot.history["ancestors"] / snapshot.spec.walkers.count
    _curve(snapshot, pen, axes, ancestors, kin)
    _curve(snapshot, pen, axes, snapshot.history["ess"], ess)


def _line_styles(snapshot: Snapshot, look: Look) -> dict[str, tuple[Ink, tuple[float, ...]]]:
    colors, line = look.colors, method_line(snapshot.spec.method.kind, look.theme)
    return {
        "kl_data": (ink(colors.muted), ()),
        "kl_witness": (ink(colors.witness), dash_of("longdash")),
        "kl_estimate": (ink(line["color"]), dash_of(line["dash"])),
        "kl_exact": (ink(colors.ink), ()),
    }


def _curve(snapshot: Snapshot, pen: Pen, axes: Axes, values: np.ndarray, key: Key) -> None:
    shown = thin(len(values), POINTS)
    pen.line(axes.at(snapshot.history["step"][shown], values[shown]), key.ink, 2.0, key.dash)


def _error_band(snapshot: Snapshot, pen: Pen, axes: Axes, field: str, paint: Ink) -> None:
    """The value ± 2 standard errors, where the history has them."""
    error = snapshot.history.get(f"{field}_se")
    if error is None or not (error > 0).any():
        return
    shown = thin(len(error), POINTS)
    middle, reach = snapshot.history[field][shown], 2 * error[shown]
    x, y = band(snapshot.history["step"][shown], middle - reach, middle + reach)
    gaps = np.flatnonzero(np.isnan(x))
    for part in np.split(axes.at(x, y), gaps):
        outline = part[np.isfinite(part).all(1)]
        if len(outline) > 2:
            pen.area(outline, paint)


def _marks(snapshot: Snapshot, pen: Pen, axes: Axes, look: Look) -> None:
    """A dotted line at each change that was made while running."""
    for step in sorted({step for step, _ in snapshot.marks}):
        ends = axes.at(np.array([step, step]), np.array([axes.y_low, axes.y_high]))
        pen.line(ends, ink(look.colors.muted), 1.0, (2, 3))


def _limits(curves: list[np.ndarray], from_zero: bool) -> tuple[float, float]:
    """The axis: all finite values but the one in a hundred furthest out, and 0 for a KL."""
    values = np.concatenate([[0.0] if from_zero else [], *curves])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, [0.005, 0.995])
    reach = max(float(high - low), 1e-9 * max(1.0, abs(float(high))))
    return float(low) - 0.04 * reach, float(high) + 0.06 * reach


def _last(look: Look) -> float:
    return max(1.0, float(look.whole.step))
