"""Langevin: chains on a fixed energy, the bias of their step, and two relatives in closed form."""

from __future__ import annotations

import streamlit as st

from pages.common.controls import block
from pages.common.langevin import sections
from pages.common.tab import session
from pages.common.tab.plain_text import plain

session.enter()
problems: list[str] = []
link = block.ours()
asked = link.get("section", next(iter(sections.SECTIONS)))
if asked not in sections.SECTIONS:
    known = ", ".join(sections.SECTIONS)
    problems.append(f"section = {asked[:40]} is unknown, it must be one of {known}.")
    asked = next(iter(sections.SECTIONS))

section = st.segmented_control(
    "Section",
    list(sections.SECTIONS),
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
    chosen = sections.SECTIONS[section].choose(link if section == asked else {}, problems)
with right:
    if problems:
        st.warning("  \n".join(plain(problem) for problem in problems))
    st.markdown(sections.SECTIONS[section].sentence)
    sections.SECTIONS[section].show(chosen)
