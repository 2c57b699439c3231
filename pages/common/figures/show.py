"""A figure on a page: in the browser's theme, with its caption and alternative text."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ebm_engine.views.style.theme import Captioned, Theme, config
from pages.live.plot import plot


def theme() -> Theme:
    """The theme that the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show_grid(readings: Mapping[str, Captioned]) -> None:
    columns = st.columns(2)
    for place, (name, reading) in enumerate(readings.items()):
        with columns[place % 2]:
            show(name, reading)


def show(name: str, reading: Captioned) -> None:
    plot(
        reading.figure.to_json(),
        key=f"langevin-{name}",
        alt=reading.alt,
        config=config(f"ebm-lab-langevin-{name}"),
    )
    st.caption(reading.caption)
