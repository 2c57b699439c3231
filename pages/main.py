"""The page shell: title, icon, menu and layout."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ebm_engine.server import open_files
from ebm_engine.server.hub.hub import HubFull
from pages.common.tab import display, session

ASSETS = Path(__file__).parent.parent / "assets"

st.set_page_config(page_title="EBM Lab", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.html(ASSETS / "page.css")
presenting = display.presenting()
if presenting:
    st.html(ASSETS / "presenter.css")

chosen = st.navigation(
    [
        st.Page("home.py", title="Home", default=True),
        st.Page("gaussian_mixtures.py", title="Densities in 2-D", url_path="gaussian-mixtures"),
        st.Page("mnist.py", title="Images", url_path="mnist"),
        st.Page("langevin.py", title="Langevin", url_path="langevin"),
        st.Page("compare.py", title="Compare", url_path="compare"),
        st.Page("sweeps.py", title="Sweeps", url_path="sweeps"),
        st.Page("lessons.py", title="Lessons", url_path="lessons"),
        st.Page("lecturer.py", title="For lecturers", url_path="lecturer"),
    ],
    position="hidden" if presenting else "top",
)
if not presenting:
    st.logo(ASSETS / "icon.svg", size="small")

if problem := open_files.shortage():
    st.warning(problem)

try:
    chosen.run()
except HubFull:
    st.warning(session.FULL)
    st.button("Try again", type="primary")

if presenting:
    st.button(
        "Leave presenter mode",
        type="tertiary",
        key="leave-presenter",
        on_click=display.present,
        kwargs={"on": False},
    )
