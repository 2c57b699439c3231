"""The page shell: title, icon, menu and layout."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ebm_engine.runs.hub import HubFull
from pages.common import session

ASSETS = Path(__file__).parent.parent / "assets"

st.set_page_config(page_title="EBM Lab", page_icon=str(ASSETS / "icon.svg"), layout="wide")
st.html(ASSETS / "page.css")

chosen = st.navigation(
    [
        st.Page("home.py", title="Home", default=True),
        st.Page("gaussian_mixtures.py", title="Densities in 2-D", url_path="gaussian-mixtures"),
        st.Page("mnist.py", title="Images", url_path="mnist"),
        st.Page("langevin.py", title="Langevin", url_path="langevin"),
    ],
    position="top",
)
st.logo(ASSETS / "icon.svg", size="small")

try:
    chosen.run()
except HubFull:
    st.warning(session.FULL)
    st.button("Try again", type="primary")
