"""Gaussian mixtures: one run with all its knobs, live or as figures."""

from __future__ import annotations

import streamlit as st

from ebm_engine.runs.presets import preset
from pages.common import controls, figures, session
from pages.live.stage import stage

session.enter(session.EXPLORER)
held = session.explorer()

with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    chosen = controls.choose_preset(held)
    if chosen != held.preset:
        held = session.load(chosen)
    held = session.change(controls.draw(held))

with right:
    if held.problems:
        st.warning("  \n".join(controls.plain(p) for p in held.problems))
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "View", ["Live", "Figures"], default="Live", required=True, label_visibility="collapsed"
        )
        st.caption(preset(held.preset).story, width="content")
    layout = "full" if view == "Live" else "bar"
    stage(held.token, key=f"stage-{layout}", layout=layout, on_action=session.act)
    if view == "Figures":
        figures.show(held)

session.write_link(held)
