"""Langevin: chains on a fixed energy, the bias of their step, and two relatives in closed form."""

from __future__ import annotations

import streamlit as st

from pages.common.langevin import sections
from pages.common.tab import link, session
from pages.common.tab.plain_text import warn

session.enter()
problems: list[str] = []
params = link.given()
names = list(sections.SECTIONS)
asked = link.read([link.choice("section", names)], params, problems).get("section", names[0])

section = st.segmented_control(
    "Section",
    names,
    default=asked,
    required=True,
    format_func=lambda name: sections.SECTIONS[name].title,
    label_visibility="collapsed",
    key="langevin-section",
)
with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    here = params if section == asked else {}
    chosen, query = sections.SECTIONS[section].choose(here, problems)
    link.write({"section": section} | query)
with right:
    warn(problems)
    st.markdown(sections.SECTIONS[section].sentence)
    sections.SECTIONS[section].show(chosen)
