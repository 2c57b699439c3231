"""The frame of a page with a run of its own: controls left, picture right.

What the frame shows follows the page's display options: a link can hide and lock its parts. In
presenter mode the controls are behind a button and the rest of the head is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import streamlit as st

from ebm_engine.spec.run_spec import RunSpec
from pages.common.controls import panel
from pages.common.run_page import download, share
from pages.common.tab import display, session
from pages.common.tab.display import DisplayOptions
from pages.common.tab.plain_text import warn
from pages.common.tab.session import Held

LIVE, FIGURES = "Live", "Figures"


class Frame(NamedTuple):
    """A page's run and what is looked at; place: where its picture goes."""

    held: Held
    view: str
    options: DisplayOptions
    place: AbstractContextManager


def lay_out(slot: str, choose: Callable[[Held], RunSpec], *more: str) -> Frame:
    """Draw the frame of a page; `more` names views besides the live one and the figures."""
    session.enter(slot)
    held = session.own(slot)
    views = (LIVE, FIGURES, *more)
    options, problems = display.enter(slot, views)
    aside = options.shows("controls") and not options.present
    with st.container(horizontal=True, gap="medium"):
        left = st.container(key="controls", width=270, gap="xsmall") if aside else None
        right = st.container(key="picture", gap="small")
    if left is not None:
        with left:
            held = panel.panel(held, choose)
    with right:
        warn((*held.problems, *problems))
        view = _head(held, options, views, choose)
    return Frame(session.held(slot) or held, view, options, right)


def _head(
    held: Held, options: DisplayOptions, views: tuple[str, ...], choose: Callable[[Held], RunSpec]
) -> str:
    """Draw the row above the picture; the chosen view."""
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        view = _view(held, options, views)
        if options.present:
            if options.shows("controls"):
                with st.popover("Controls", icon=":material/tune:", width="content"):
                    panel.panel(held, choose)
            return view
        if options.shows("story"):
            st.caption(panel.story(held))
        else:
            st.space("stretch")
        download.offer(held)
        share.offer(held)
    return view


def _view(held: Held, options: DisplayOptions, views: tuple[str, ...]) -> str:
    if not options.shows("view"):
        return options.view or LIVE
    view = st.segmented_control(
        "View",
        views,
        default=options.view or LIVE,
        required=True,
        label_visibility="collapsed",
        key=f"view#{held.slot}#{display.edition(held.slot)}",
    )
    display.change(held.slot, view="" if view == LIVE else view)
    return view
