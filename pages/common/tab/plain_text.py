"""Text that stands as it is in Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text with every character escaped that Markdown would read as markup: ASCII punctuation."""
    return re.sub(r"([!-/:-@[-`{-~])", r"\\\1", text)
