"""Controls of a comparison: the preset, what is compared, its values, and the shared settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.run_spec import RunSpec, SpecError
from pages.common.compare import link
from pages.common.compare.comparison import (
    FEWEST,
    METHOD,
    MOST,
    Comparison,
    all_presets,
    comparable,
    fitted,
    fitting,
    methods,
)
from pages.common.compare.link import Comparing
from pages.common.controls.panel import METHOD_HELP
from pages.common.controls.widgets import tooltip, widget
from pages.common.tab.link import LONGEST, read, text_of
from pages.common.tab.plain_text import plain

METHODS_TITLE, KNOB_TITLE = "Methods", "A knob"
FIRST_KNOB = "sampler.step_size"
PRESET_HELP = "Target, initial model and settings that all runs share."
BY_HELP = (
    "What the runs differ in: how the gradient is estimated, or the value of one setting. "
    "Everything else is the same: seed, data, initialisation and noise."
)
KNOB_HELP = "The setting that differs between the runs."
VALUES_HELP = f"{FEWEST} to {MOST} values separated by commas, one run each."
SETTINGS_HELP = "What all runs share. A change restarts all of them."
STAYS = "The comparison keeps the ones it has."


def draw(comparing: Comparing) -> None:
    """Draw the controls; what they ask for becomes the tab's comparison."""
    now, problems = comparing.now, []
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="compare-head"
    ):
        asked = _preset(comparing, problems)
        asked = _by(asked, comparing, problems) if asked == now else asked
        if asked == now:
            asked = _values(now, comparing, problems)
        box = st.popover("Settings", icon=":material/tune:", help=SETTINGS_HELP)
    if asked == now:
        with box:
            asked = _settings(now, comparing, problems)
    if asked == now:
        for problem in problems:
            st.warning(plain(problem))
        return
    seen = (asked.preset, asked.by) == (now.preset, now.by) and set(asked.values) == set(now.values)
    link.change(asked, afresh=not seen, problems=tuple(problems))
    st.rerun()


def _preset(comparing: Comparing, problems: list[str]) -> Comparison:
    now, known = comparing.now, all_presets()
    names = list(known)
    chosen = st.selectbox(
        "Preset",
        names,
        names.index(now.preset),
        format_func=lambda name: known[name].title,
        key=f"compare-preset#{comparing.link.edition}",
        help=PRESET_HELP,
        width=230,
    )
    if chosen == now.preset:
        return now
    base = known[chosen].spec
    by = now.by if now.by in comparable(base) else METHOD
    values = now.values if by == METHOD == now.by and _all_fit(base, now.values) else ()
    return fitted(chosen, base, by, values, problems)


def _all_fit(base: RunSpec, values: tuple[Any, ...]) -> bool:
    return set(values) <= set(methods(base, *values))


def _by(now: Comparison, comparing: Comparing, problems: list[str]) -> Comparison:
    """Draw the choice between methods and a knob."""
    title = METHODS_TITLE if now.by == METHOD else KNOB_TITLE
    chosen = st.segmented_control(
        "Compare",
        [METHODS_TITLE, KNOB_TITLE],
        default=title,
        required=True,
        key=f"compare-by#{comparing.link.edition}",
        help=BY_HELP,
        width="content",
    )
    if chosen == title:
        return now
    known = list(comparable(now.base))
    first = FIRST_KNOB if FIRST_KNOB in known else known[0]
    by = METHOD if chosen == METHODS_TITLE else first
    return fitted(now.preset, now.base, by, (), problems)


def _values(now: Comparison, comparing: Comparing, problems: list[str]) -> Comparison:
    """Draw what is compared: methods, or a knob and its values."""
    if now.by == METHOD:
        names = methods(now.base, *now.values)
        return _several(now, comparing, "Methods", names, METHOD_HELP)
    known = comparable(now.base)
    by = st.selectbox(
        "Knob",
        list(known),
        list(known).index(now.by),
        format_func=lambda path: _title(known[path]),
        key=f"compare-knob#{comparing.link.edition}",
        help=KNOB_HELP,
        width=270,
    )
    if by != now.by:
        return fitted(now.preset, now.base, by, (), problems)
    knob = known[by]
    if knob.choices:
        return _several(now, comparing, "Values", {v: v for v in knob.choices}, tooltip(knob))
    if knob.kind == "bool":
        return now
    return _numbers(now, comparing, knob, problems)


def _title(knob: Knob) -> str:
    head = knob.path.partition(".")[0] if "." in knob.path else "run"
    return f"{knob.label} ({head})"


def _several(
    now: Comparison, comparing: Comparing, label: str, names: dict[Any, str], text: str
) -> Comparison:
    """Draw the choice of two to four things; their order is that of the menu."""
    chosen = st.pills(
        label,
        list(names),
        selection_mode="multi",
        default=list(now.values),
        format_func=lambda value: names[value],
        key=f"compare-values-{now.by}#{comparing.link.edition}",
        help=text,
        width="stretch",
        wrap=True,
    )
    if set(chosen) == set(now.values):
        return now
    if not FEWEST <= len(chosen) <= MOST:
        st.caption(f"Choose {FEWEST} to {MOST}. {STAYS}")
        return now
    return replace(now, values=tuple(value for value in names if value in chosen))


def _numbers(now: Comparison, comparing: Comparing, knob: Knob, problems: list[str]) -> Comparison:
    """Draw the field for the values of a number."""
    written = ", ".join(text_of(value) for value in now.values)
    text = st.text_input(
        "Values",
        written,
        key=f"compare-numbers-{now.by}#{comparing.link.edition}",
        max_chars=LONGEST,
        help=f"{VALUES_HELP} {tooltip(knob)}",
        width=230,
    )
    if text == written:
        return now
    field = link.values_field(now.base, now.by)
    values = read([field], {"values": text}, problems).get("values", ())
    found = fitting(now.base, now.by, values, problems)
    if not FEWEST <= len(found) <= MOST:
        problems.append(f"{len(found)} values fit, {FEWEST} to {MOST} are needed. {STAYS}")
        return now
    return replace(now, values=tuple(one.value for one in found))


def _settings(now: Comparison, comparing: Comparing, problems: list[str]) -> Comparison:
    """Draw the basic knobs of the shared spec, with its seed."""
    base, scope = now.base, f"compare{comparing.link.edition}"
    for knob in knobs(base):
        if knob.path == now.by or not (knob.basic or knob.path == "seed"):
            continue
        if knob.path.startswith("method.") and now.by == METHOD:
            continue  # they belong to one of the methods alone
        value = widget(knob, flatten(base)[knob.path], scope, typed=True)
        if value is None or value == flatten(base)[knob.path]:
            continue
        try:
            base = with_value(base, knob.path, value)
        except SpecError as error:
            problems.append(f"{error}. The runs go on with {flatten(base)[knob.path]}.")
    return now if base == now.base else fitted(now.preset, base, now.by, now.values, problems)
