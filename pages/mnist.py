"""Images: one run on digits, live, and below it what only measuring tells of the model."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.common import class_choice, controls, image_sections, session
from pages.common.offers import IMAGES
from pages.common.widgets import plain
from pages.live.stage import stage

session.enter(IMAGES)
held = session.own(IMAGES)

with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    held = controls.panel(held, class_choice.choose)

with right:
    if held.problems:
        st.warning("  \n".join(plain(p) for p in held.problems))
    st.caption(controls.story(held))
    stage(
        held.token,
        key="stage-images",
        layout="images",
        on_action=partial(session.act, IMAGES),
        measured=image_sections.measured(held),
    )
    image_sections.show(held)

session.write_link(held)
