"""Fetch: says that MNIST is missing and downloads it in the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ebm_engine.files.mnist_here import why_no_mnist
from pages.common.tab import jobs
from pages.common.tab.plain_text import plain

SLOT = TASK = "fetch-mnist"
SIZE = "11 MB"


def show_if_missing() -> None:
    """Draw the reason why there is no MNIST and the button that downloads it."""
    reason = why_no_mnist()
    if not reason:
        return
    st.caption(plain(f"{reason} Until then the built-in digits are used."))
    if st.button(f"Download MNIST ({SIZE})", icon=":material/download:"):
        jobs.start(SLOT, TASK, {}, None)
    jobs.follow(SLOT, _draw)
    if jobs.found(SLOT) is not None and not why_no_mnist():
        st.rerun()


def _draw(result: Mapping[str, Any]) -> None:
    """Progress says it all."""
