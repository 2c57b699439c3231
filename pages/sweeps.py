"""Sweeps: two knobs, several methods and seeds, and a phase diagram of what comes out."""

from __future__ import annotations

import streamlit as st

from ebm_engine.jobs.job_queue import QueueFull
from pages.common.sweep import controls, figures, link, tab_sweep
from pages.common.tab import session
from pages.common.tab.plain_text import plain, warn

session.enter()
link.enter()
with st.container(horizontal=True, gap="medium"):
    left = st.container(key="controls", width=270, gap="xsmall")
    right = st.container(key="picture", gap="small")

with left:
    top = st.container()
    asked = controls.controls(top)
    new = asked is not None and asked != tab_sweep.current().sweep
    pressed = top.button(
        f"Start {asked.count} cells" if asked else "Start",
        type="primary" if new else "secondary",
        disabled=asked is None,
        width="stretch",
        key="sweep-start",
        help="Runs in the background; cells that are already known are not trained again.",
    )
    if pressed and asked is not None:
        try:
            tab_sweep.start(asked)
        except QueueFull as error:
            st.warning(plain(f"{error}."))
        st.rerun()
    st.caption("For larger sweeps, also on a cluster: `python -m ebm_engine sweep --help`.")

with right:
    warn(tab_sweep.current().link.problems)
    st.markdown(
        "Where does a method work? Each cell is a whole training run at two settings. Look for "
        "the edges: where the KL is low but the mass error is not, shapes are right and "
        "masses wrong."
    )
    figures.show()

link.write()
