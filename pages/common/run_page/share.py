"""Sharing: the link of what is on screen, and a teacher's link that hides and locks controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from ebm_engine.spec.knobs import knobs
from pages.common.tab import display, run_link
from pages.common.tab.display import CHOICES, PANELS, PARTS, DisplayOptions
from pages.common.tab.session import Held

HIDE_HELP = "Controls and panels that the link does not show; hidden controls keep their values."
LOCK_HELP = "Values that are shown and cannot be changed by hand."
PRESENT_HELP = "Type a quarter larger and no menu, for a projector. “Leave presenter mode” ends it."


def offer(held: Held) -> None:
    """Draw the button that opens the links of this page."""
    options = display.of(held.slot)
    if not options.shows("share"):
        return
    with st.popover("Share", icon=":material/share:", help="Links to what is on screen now."):
        st.markdown("**This view**")
        st.code(link(held, options), language=None, wrap_lines=True)
        st.caption("Anyone who opens it gets the same settings, seed and view: the same run.")
        if (kind := held.spec.target.kind) in run_link.OWN:
            st.caption(run_link.NOT_CARRIED.format(kind))
        _for_teachers(held, options)


def link(held: Held, options: DisplayOptions) -> str:
    """The address of this page with a run and display options."""
    query: Mapping[str, str] = display.to_query(options) | run_link.to_query(held.preset, held.spec)
    return urlunsplit(urlsplit(st.context.url or "")._replace(query=urlencode(query), fragment=""))


def _for_teachers(held: Held, options: DisplayOptions) -> None:
    values = {knob.path: knob.label for knob in knobs(held.spec)}
    labels = PARTS | PANELS | values
    locks = {name: name.capitalize() for name in CHOICES} | values
    with st.expander("For teachers: hide, lock, present"):
        hide = st.multiselect(
            "Hide",
            list(labels),
            [name for name in options.hide if name in labels],
            format_func=labels.__getitem__,
            key=f"hide#{held.scope}",
            help=HIDE_HELP,
        )
        lock = st.multiselect(
            "Lock",
            list(locks),
            [name for name in options.lock if name in locks],
            format_func=locks.__getitem__,
            key=f"lock#{held.scope}",
            help=LOCK_HELP,
        )
        present = st.toggle(
            "Presenter mode", options.present, key=f"present#{held.scope}", help=PRESENT_HELP
        )
        wanted = replace(options, hide=tuple(hide), lock=tuple(lock), present=present)
        st.code(link(held, wanted), language=None, wrap_lines=True)
        if st.button("Show it here", disabled=wanted == options, key=f"show-here#{held.scope}"):
            display.change(held.slot, hide=wanted.hide, lock=wanted.lock, present=present)
            display.present(on=present)
            st.rerun()
