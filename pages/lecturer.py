"""For lecturers: how to present, and for each lesson timings, questions, answers and links."""

from __future__ import annotations

import streamlit as st

from pages.common.lesson import flow, lecturer
from pages.common.tab import session

session.enter()
st.header("For lecturers", anchor=False)
lecturer.how_to_present()
for lesson in flow.known():
    lecturer.draw(lesson)
