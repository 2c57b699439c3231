"""Choices: the selections that decide which other controls there are; a link may hide or lock them.

A hidden or locked choice stays as the run has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ebm_engine.spec.blocks import KindBlock
from ebm_engine.spec.edit import flatten
from pages.common.tab import display
from pages.common.tab.offers import offer
from pages.common.tab.session import Held


def preset(held: Held) -> str:
    """Draw the choice of a preset and return its name."""
    known, options = offer(held.slot).presets, display.of(held.slot)
    if not options.shows("preset"):
        return held.preset
    chosen = st.selectbox(
        "Preset",
        list(known),
        list(known).index(held.preset),
        format_func=lambda name: known[name].title,
        key=f"preset#{held.edition}",
        help="Target, initial model and settings in one. A change restarts the run.",
        disabled=not options.frees("preset"),
    )
    return chosen if options.frees("preset") else held.preset


def select(label: str, table: Mapping[str, type[KindBlock]], text: str, held: Held) -> str:
    """Draw the choice of the kind of a block as a list and return it."""
    name, options = label.lower(), display.of(held.slot)
    present = flatten(held.spec)[f"{name}.kind"]
    if not options.shows(name):
        return present
    chosen = st.selectbox(
        label,
        list(table),
        list(table).index(present),
        format_func=lambda kind: table[kind].title,
        key=f"{name}.kind#{held.scope}",
        help=text,
        disabled=not options.frees(name),
    )
    return chosen if options.frees(name) else present


def segments(
    label: str, table: Mapping[str, type[KindBlock]], text: str, held: Held, *, hidden: bool = False
) -> str:
    """Draw the choice of the kind of a block side by side and return it."""
    name, options = label.lower(), display.of(held.slot)
    present = flatten(held.spec)[f"{name}.kind"]
    if not options.shows(name):
        return present
    chosen = st.segmented_control(
        label,
        list(table),
        default=present,
        required=True,
        format_func=lambda kind: table[kind].title,
        key=f"{name}.kind#{held.scope}",
        help=text,
        label_visibility="collapsed" if hidden else "visible",
        width="stretch",
        disabled=not options.frees(name),
    )
    return chosen if options.frees(name) else present
