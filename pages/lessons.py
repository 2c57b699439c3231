"""Lessons: predict first, let the runs go, then see; ten of five minutes each."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.common import lesson_cards, lesson_flow, lesson_overview, session

ASSETS = Path(__file__).parent.parent / "assets"

st.html(ASSETS / "lessons.css")
offered = lesson_flow.known()
walk = lesson_flow.enter(offered)
if walk is None:
    session.enter()
    lesson_overview.overview(offered)
else:
    lesson_cards.lesson(walk, offered)
lesson_flow.write(walk)
