"""The controls of the page of sweeps, and the sweep that they ask for."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ebm_engine.spec.knobs import Knob
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.sweep.sweep_spec import (
    MAX_SEEDS,
    MAX_UPDATES,
    SweepSpec,
    Value,
    number_knobs,
    parse_sweep,
    spaced,
)
from pages.common.controls.widgets import limit, tooltip
from pages.common.sweep.link import MAX_COUNT
from pages.common.sweep.tab_sweep import FAVOURITES, current
from pages.common.tab.offers import EXPLORER, offer
from pages.common.tab.plain_text import plain

SPACING = "How many values, evenly spaced, or by equal factors for knobs that span decades."


class Range(NamedTuple):
    """What is asked of one knob: its ends and the number of its values."""

    knob: Knob
    low: float
    high: float
    count: int

    @property
    def path(self) -> str:
        """The knob's field."""
        return self.knob.path


def controls(notes: DeltaGenerator) -> SweepSpec | None:
    """Draw the controls; the sweep that they ask for, or None with a sentence in `notes`."""
    known = offer(EXPLORER).presets
    name = st.selectbox(
        "Preset",
        list(known),
        list(known).index(current().sweep.preset),
        format_func=lambda name: known[name].title,
        key=f"sweep-preset#{current().link.edition}",
        help="Target, energy, and all settings that the sweep does not vary.",
    )
    methods = st.pills(
        "Methods",
        list(METHODS),
        selection_mode="multi",
        default=current().sweep.methods,
        format_func=lambda kind: METHODS[kind].title,
        key=f"sweep-methods#{current().link.edition}",
        help="One phase diagram each. A method other than the preset's has its usual settings.",
    )
    base, chosen = known[name].spec, tuple(kind for kind in METHODS if kind in methods)
    usable = number_knobs(base, chosen)
    scope = f"{base.energy.kind}.{len(usable)}.{current().link.edition}"
    x = _axis("x", usable, scope, ())
    y = _axis("y", usable, scope, (x.path,))
    with st.container(horizontal=True, gap="xsmall"):
        seeds = st.number_input(
            "Seeds",
            1,
            MAX_SEEDS,
            current().sweep.seeds,
            key=f"sweep-seeds#{current().link.edition}",
            help="Runs per cell; their median is shown. 1 gives a first look, 5 a result.",
        )
        updates = st.number_input(
            "Updates",
            1,
            MAX_UPDATES,
            current().sweep.updates,
            100,
            key=f"sweep-updates#{current().link.edition}",
            help="Parameter updates of each run. Usual: 300 to 4000; more take longer.",
        )
    try:
        return _asked(name, base, (x, y), chosen, seeds, updates)
    except SpecError as error:
        notes.warning(plain(f"{error}."))
        return None


def _axis(letter: str, usable: dict[str, Knob], scope: str, taken: tuple[str, ...]) -> Range:
    """Draw the choice of a knob and its range."""
    shown = getattr(current().sweep, letter)
    free = [p for p in (shown.path, *FAVOURITES, *usable) if p in usable and p not in taken]
    path = st.selectbox(
        f"Knob along {letter}",
        list(usable),
        list(usable).index(free[0]),
        format_func=lambda p: usable[p].label,
        key=f"sweep-{letter}#{scope}",
        help="The setting that varies along this axis.",
    )
    knob = usable[path]
    assert knob.usual is not None  # the knobs of a sweep have a usual range
    (low, high), count = knob.usual, 3
    if path == shown.path:
        low, high, count = min(shown.values), max(shown.values), len(shown.values)
    left, middle, right = st.columns(3, gap="xxsmall")
    with left:
        low = _end("from", letter, knob, low)
    with middle:
        high = _end("to", letter, knob, high)
    with right:
        key = f"sweep-{letter}-count-{path}#{current().link.edition}"
        count = st.number_input("values", 1, MAX_COUNT, count, key=key, help=SPACING)
    return Range(knob, low, high, count)


def _end(word: str, letter: str, knob: Knob, value: float) -> float:
    whole = knob.kind == "int"
    kind = int if whole else float
    return st.number_input(
        word,
        limit(kind, knob.low),
        limit(kind, knob.high),
        kind(value),
        format="%d" if whole else "%.4g",
        key=f"sweep-{letter}-{word}-{knob.path}#{current().link.edition}",
        help=tooltip(knob),
    )


def _asked(
    name: str,
    base: RunSpec,
    ranges: tuple[Range, Range],
    methods: tuple[str, ...],
    seeds: int,
    updates: int,
) -> SweepSpec:
    if not methods:
        raise SpecError("no method is chosen, at least 1 is needed")
    x, y = ({"path": r.path, "values": _values(r)} for r in ranges)
    rest = {"methods": methods, "seeds": seeds, "updates": updates}
    return parse_sweep({"preset": name, "base": base, "x": x, "y": y, **rest})


def _values(asked: Range) -> tuple[Value, ...]:
    """The values of a range; those that are shown already stay as they were given."""
    for axis in (current().sweep.x, current().sweep.y):
        ends = (min(axis.values), max(axis.values), len(axis.values))
        if axis.path == asked.path and ends == (asked.low, asked.high, asked.count):
            return axis.values
    log, whole = asked.knob.log and asked.low > 0, asked.knob.kind == "int"
    return spaced(asked.low, asked.high, asked.count, log=log, whole=whole)
