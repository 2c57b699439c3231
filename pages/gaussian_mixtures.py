"""Densities in two dimensions: one run with all its knobs, live or as figures."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.common import controls, figures, session
from pages.common.offers import EXPLORER
from pages.common.widgets import plain
from pages.live.stage import stage

session.enter(EXPLORER)
held = session.own(EXPLORER)

with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    held = controls.panel(held, controls.choose)

with right:
    if held.problems:
        st.warning("  \n".join(plain(p) for p in held.problems))
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "View", ["Live", "Figures"], default="Live", required=True, label_visibility="collapsed"
        )
        st.caption(controls.story(held), width="content")
    layout = "full" if view == "Live" else "bar"
    act = partial(session.act, EXPLORER)
    stage(held.token, key=f"stage-{layout}", layout=layout, on_action=act)
    if view == "Figures":
        figures.show(held)

session.write_link(held)
