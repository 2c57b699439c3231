"""Pictures of figures and pages through the machine's own Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import plotly.graph_objects as go
from playwright.sync_api import Browser, sync_playwright

# The last three keep Chromium from calling its maker's hosts.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    """Where the machine keeps Chromium or Chrome, None without one."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        try:
            yield opened
        finally:
            opened.close()


def photograph(figure: go.Figure, path: Path, *, width: int, height: int) -> None:
    """Save a figure as PNG, on white."""
    figure.update_layout(width=width, height=height)
    page_text = figure.to_html(include_plotlyjs=True, config={"displayModeBar": False})
    with browser() as opened:
        page = opened.new_page(viewport={"width": width, "height": height})
        page.set_content(page_text)
        page.wait_for_selector(".main-svg")
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)
