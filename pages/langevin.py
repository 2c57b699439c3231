"""Langevin: chains on a fixed energy, the bias of their step, and two relatives in closed form."""

from __future__ import annotations

import streamlit as st

from pages.common import langevin, session, study
from pages.common.widgets import plain

session.enter()
problems: list[str] = []
link = study.ours()
asked = link.get("section", next(iter(langevin.SECTIONS)))
if asked not in langevin.SECTIONS:
    known = ", ".join(langevin.SECTIONS)
    problems.append(f"section = {asked[:40]} is unknown, it must be one of {known}.")
    asked = next(iter(langevin.SECTIONS))

section = st.segmented_control(
    "Section",
    list(langevin.SECTIONS),
    default=asked,
    required=True,
    format_func=lambda name: langevin.SECTIONS[name].title,
    label_visibility="collapsed",
    key="langevin-section",
)
with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    chosen = langevin.SECTIONS[section].choose(link if section == asked else {}, problems)
with right:
    if problems:
        st.warning("  \n".join(plain(problem) for problem in problems))
    st.markdown(langevin.SECTIONS[section].sentence)
    langevin.SECTIONS[section].show(chosen)
