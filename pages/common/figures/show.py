"""A figure on a page: in the browser's theme, with its caption and alternative text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import streamlit as st

from ebm_engine.views.style.theme import Captioned, Theme, config
from pages.common.tab.plain_text import plain
from pages.live.plot import plot

PLAIN = "figure-"  # prefix of keys that is not part of a file's name


def theme() -> Theme:
    """The theme that the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show(
    key: str,
    reading: Captioned,
    *,
    file: str = "",
    file_format: Literal["png", "svg"] = "png",
    on_click: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Draw a figure with its caption.

    Its camera button saves `file`, by default named after the key. on_click({"trace", "x", "y"}) is
    called once for each click on a mark.
    """
    settings = config(f"ebm-lab-{file or key.removeprefix(PLAIN)}", file_format)
    figure = str(reading.figure.to_json())
    plot(figure, key=key, alt=reading.alt, config=settings, on_click=on_click)
    st.caption(plain(reading.caption))


def show_grid(
    prefix: str, readings: Mapping[str, Captioned], file_format: Literal["png", "svg"] = "png"
) -> None:
    """Draw figures by name in two columns; the keys begin with `prefix`."""
    columns = st.columns(min(len(readings), 2))
    for place, (name, reading) in enumerate(readings.items()):
        with columns[place % 2]:
            show(f"{prefix}{name}", reading, file_format=file_format)
