"""Text that stands as it is in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st


def plain(text: str) -> str:
    """Text with every character escaped that Markdown would read as markup: ASCII punctuation."""
    return re.sub(r"([!-/:-@[-`{-~])", r"\\\1", text)


def warn(problems: Iterable[str]) -> None:
    """Draw the sentences on what is wrong in one warning, nothing where there are none."""
    if lines := [plain(problem) for problem in problems]:
        st.warning("  \n".join(lines))
