"""Compare: two to four methods, or values of a knob, side by side and in lockstep."""

from __future__ import annotations

import streamlit as st

from pages.common.compare import comparison, controls, figures, link
from pages.common.tab import lockstep as ensembles
from pages.common.tab.plain_text import plain

desk = link.enter()
controls.draw(desk)
if desk.problems:
    st.warning("  \n".join(plain(problem) for problem in desk.problems))
members = comparison.members(desk.now)
runs = ensembles.hold("compare", desk.now.preset, [one.spec for one in members])
figures.draw(desk.now, members, runs)
link.write_link()
