"""Compare: two to four methods, or values of a knob, side by side and in lockstep."""

from __future__ import annotations

import streamlit as st

from pages.common import comparison, comparison_controls, comparison_figures, comparison_link
from pages.common import ensemble as ensembles
from pages.common.widgets import plain

desk = comparison_link.enter()
comparison_controls.draw(desk)
if desk.problems:
    st.warning("  \n".join(plain(problem) for problem in desk.problems))
members = comparison.members(desk.now)
runs = ensembles.hold("compare", desk.now.preset, [one.spec for one in members])
comparison_figures.draw(desk.now, members, runs)
comparison_link.write_link()
