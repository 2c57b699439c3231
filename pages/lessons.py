"""Lessons: predict first, let the runs go, then see; ten of five minutes each."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.common.lesson import card, flow, overview
from pages.common.tab import session

ASSETS = Path(__file__).parent.parent / "assets"

st.html(ASSETS / "lessons.css")
offered = flow.known()
progress = flow.enter(offered)
if progress is None:
    session.enter()
    overview.overview(offered)
else:
    card.lesson(progress, offered)
flow.write(progress)
