"""Widgets: one per knob of a spec, its tooltip and its stops."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import streamlit as st

from ebm_engine.spec.knobs import Knob

DECADE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)  # stops of a logarithmic slider

N = TypeVar("N", int, float)


def widget(knob: Knob, value: Any, scope: str, *, typed: bool, disabled: bool = False) -> Any:
    """Draw the widget of a knob and return its value; `typed` asks for a number field."""
    shared = {"key": f"{knob.path}#{scope}", "help": tooltip(knob), "disabled": disabled}
    if knob.kind == "bool":
        return st.toggle(knob.label, value, **shared)
    if knob.kind == "many":
        return _many(knob, value, shared)
    if knob.kind == "choice":
        return _choice(knob, value, shared)
    named = knob.unit not in ("updates", "steps") or knob.unit in knob.label.lower()
    label = knob.label if named else f"{knob.label} ({knob.unit})"
    if typed or knob.usual is None:
        return _number(knob, label, value, shared)
    return _slider(knob, label, knob.usual, value, shared)


def tooltip(knob: Knob) -> str:
    """What the knob is, its unit and usual range, what breaks outside, and when it applies."""
    parts = [knob.help]
    if knob.usual:
        low, high = knob.usual
        parts.append(f"Usual: {low:g} to {high:g}{' ' + knob.unit if knob.unit else ''}.")
    if knob.outside:
        parts.append(knob.outside)
    parts.append("Applies at the next update." if knob.live else "A change restarts the run.")
    return " ".join(parts)


def limit(kind: type[N], value: float | None) -> N | None:
    """A limit of a knob as a number of its kind, None where it has none."""
    return kind(value) if value is not None else None


def log_stops(low: float, high: float, value: float, *, whole: bool) -> list[float]:
    """The stops of a logarithmic slider from `low` to `high`, the present value among them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stops = [float(f"{m * 10.0**e:.6g}") for e in decades for m in DECADE]
    inside = {s for s in stops if low <= s <= high} | {low, high, value}
    return sorted({round(s) for s in inside} if whole else inside)


def _many(knob: Knob, value: list[str], shared: dict[str, Any]) -> list[str]:
    chosen = st.pills(
        knob.label,
        knob.choices,
        selection_mode="multi",
        default=value,
        format_func=lambda name: name.replace("_", "-"),
        **shared,
    )
    return [name for name in knob.choices if name in chosen]


def _choice(knob: Knob, value: str, shared: dict[str, Any]) -> str:
    if len(knob.choices) > 3:
        return st.selectbox(knob.label, knob.choices, knob.choices.index(value), **shared)
    return st.segmented_control(
        knob.label, knob.choices, default=value, required=True, width="stretch", **shared
    )


def _number(knob: Knob, label: str, value: float, shared: dict[str, Any]) -> float:
    shared = {**shared, "key": shared["key"] + "#typed"}
    if knob.kind == "int":
        low, high = limit(int, knob.low), limit(int, knob.high)
        return st.number_input(label, low, high, int(value), **shared)
    digit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 0.01
    low, high = limit(float, knob.low), limit(float, knob.high)
    return st.number_input(label, low, high, value, step=digit, format="%.6g", **shared)


def _slider(
    knob: Knob, label: str, usual: tuple[float, float], value: float, shared: dict[str, Any]
) -> float:
    """A slider over the usual range, widened so that the present value stays on it."""
    low, high = min(usual[0], value), max(usual[1], value)
    whole = knob.kind == "int"
    if knob.log:
        # Zero has no logarithm: it is a stop of its own, below all others.
        stops = log_stops(low if low > 0 else usual[0], high, value, whole=whole)
        return st.select_slider(label, stops, value, format_func=lambda s: f"{s:.6g}", **shared)
    if whole:
        return st.slider(label, int(low), int(high), value, **shared)
    return st.slider(label, low, high, value, step=(high - low) / 100, format="%.3g", **shared)
