"""Controls: the widgets of a spec, drawn from its knobs, and the spec they ask for.

Nothing here knows a field by name, except the two choices that decide which fields there are
(method and optimizer) and the seed, which is typed and always in sight.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ebm_engine.runs.knobs import Knob, knobs
from ebm_engine.runs.presets import presets
from ebm_engine.runs.spec import RunSpec, SpecError, flatten, with_value
from pages.common import session
from pages.common.session import Held

METHOD_NAMES = {"cd": "CD", "pcd": "PCD", "weighted-ula": "Weighted ULA"}
METHOD_HELP = (
    "Where the model's walkers come from. **CD** starts them at the data at each update, **PCD** "
    "lets them walk on, **weighted ULA** lets them walk on and gives each a weight that makes up "
    "for the lag. A change restarts the run."
)
OPTIMIZER_NAMES = {"sgd": "Gradient descent", "adam": "Adam"}
OPTIMIZER_HELP = "The rule that turns a gradient into an update. A change restarts the run."
CEILING_HINT = (
    "Frozen parameters already cap ESS/N at {:.3g} with this step size: "
    "a threshold above it resamples forever."
)
HINT_SECONDS = 1.0
DECADE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)  # stops of a logarithmic slider


def choose_preset(held: Held) -> str:
    """Draw the choice of a preset and return its name."""
    known = presets()
    return st.selectbox(
        "Preset",
        list(known),
        list(known).index(held.preset),
        format_func=lambda name: known[name].title,
        key=f"preset#{held.edition}",
        help="Target, start of the model and settings in one. A change restarts the run.",
    )


def draw(held: Held) -> RunSpec:
    """Draw all controls and return the spec they ask for, an equal one when nothing moved."""
    spec, scope = held.spec, held.scope
    basics, notes, folded = st.container(gap="xsmall"), st.container(), st.expander("More")
    with folded:
        exact = st.toggle("Type exact values", help="Number fields in place of the sliders.")
        spec = _kind("Optimizer", OPTIMIZER_NAMES, OPTIMIZER_HELP, spec, scope)
    with basics:
        spec = _kind("Method", METHOD_NAMES, METHOD_HELP, spec, scope)
    for knob in knobs(spec):
        typed = exact or knob.path == "seed"
        with basics if knob.basic or knob.path == "seed" else folded:
            spec = _moved(spec, knob.path, _widget(knob, flatten(spec)[knob.path], scope, typed))
    with folded:
        st.button("Back to the preset", on_click=session.load, args=(held.preset,))
        st.caption("The address bar holds this run: its link gives anyone the same one.")
    with notes:
        _hint(held, spec)
    return spec


def _hint(held: Held, spec: RunSpec) -> None:
    """Say when the resampling threshold lies above what this step size allows.

    The worker computes the ceiling, so the page looks again until a picture of this spec is there.
    """
    threshold = getattr(spec.method, "ess_threshold", 0.0)
    waiting = threshold > 0 and _ceiling(held, spec) is None

    def body() -> None:
        ceiling = _ceiling(held, spec)
        if ceiling is not None and waiting:
            st.rerun()
        if ceiling is not None and threshold > ceiling:
            st.info(CEILING_HINT.format(ceiling))

    st.fragment(body, run_every=HINT_SECONDS if waiting else None)()


def _ceiling(held: Held, spec: RunSpec) -> float | None:
    now = session.view(held)
    known = now is not None and now.snapshot is not None and now.snapshot.spec == spec
    return now.snapshot.ess_ceiling if known else None


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


def log_stops(low: float, high: float, value: float, *, whole: bool) -> list[float]:
    """The stops of a logarithmic slider from `low` to `high`, the present value among them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stops = [float(f"{m * 10.0**e:.6g}") for e in decades for m in DECADE]
    inside = {s for s in stops if low <= s <= high} | {low, high, value}
    return sorted({round(s) for s in inside} if whole else inside)


def plain(text: str) -> str:
    """Text with every character escaped that Markdown would read as markup."""
    return re.sub(r"([^\w\s])", r"\\\1", text)


def _kind(label: str, names: Mapping[str, str], text: str, spec: RunSpec, scope: str) -> RunSpec:
    path = f"{label.lower()}.kind"
    chosen = st.segmented_control(
        label,
        list(names),
        default=flatten(spec)[path],
        required=True,
        format_func=names.get,
        key=f"{path}#{scope}",
        help=text,
        width="stretch",
    )
    return _moved(spec, path, chosen)


def _moved(spec: RunSpec, path: str, value: Any) -> RunSpec:
    """The spec with the widget's value, or itself and one sentence when the value does not fit."""
    if value is None or value == flatten(spec)[path]:
        return spec
    try:
        return with_value(spec, path, value)
    except SpecError as error:
        st.warning(plain(f"{error}. The run goes on with {flatten(spec)[path]}."))
        return spec


def _widget(knob: Knob, value: Any, scope: str, typed: bool) -> Any:
    shared = {"key": f"{knob.path}#{scope}", "help": tooltip(knob)}
    if knob.kind == "bool":
        return st.toggle(knob.label, value, **shared)
    if knob.kind == "many":
        return _many(knob, value, shared)
    if knob.kind == "choice":
        return _choice(knob, value, shared)
    label = f"{knob.label} ({knob.unit})" if knob.unit in ("updates", "steps") else knob.label
    if typed or knob.usual is None:
        return _number(knob, label, value, shared)
    return _slider(knob, label, value, shared)


def _many(knob: Knob, value: list[str], shared: dict[str, str]) -> list[str]:
    chosen = st.pills(
        knob.label,
        knob.choices,
        selection_mode="multi",
        default=value,
        format_func=lambda name: name.replace("_", "-"),
        **shared,
    )
    return [name for name in knob.choices if name in chosen]


def _choice(knob: Knob, value: str, shared: dict[str, str]) -> str:
    if len(knob.choices) > 3:
        return st.selectbox(knob.label, knob.choices, knob.choices.index(value), **shared)
    return st.segmented_control(
        knob.label, knob.choices, default=value, required=True, width="stretch", **shared
    )


def _number(knob: Knob, label: str, value: float, shared: dict[str, str]) -> float:
    shared = {**shared, "key": shared["key"] + "#typed"}
    if knob.kind == "int":
        return st.number_input(label, int(knob.low), int(knob.high), value, **shared)
    digit = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 0.01
    return st.number_input(
        label, float(knob.low), float(knob.high), value, step=digit, format="%.6g", **shared
    )


def _slider(knob: Knob, label: str, value: float, shared: dict[str, str]) -> float:
    """A slider over the usual range, widened so that the present value stays on it."""
    low, high = min(knob.usual[0], value), max(knob.usual[1], value)
    whole = knob.kind == "int"
    if knob.log:
        stops = log_stops(low, high, value, whole=whole)
        return st.select_slider(label, stops, value, format_func=lambda s: f"{s:.6g}", **shared)
    if whole:
        return st.slider(label, int(low), int(high), value, **shared)
    return st.slider(label, low, high, value, step=(high - low) / 100, format="%.3g", **shared)
