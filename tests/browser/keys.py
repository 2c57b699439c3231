"""A page by keyboard only: the way to a control by Tab, and Enter on it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 90
FOCUSED = "document.activeElement?.innerText?.trim() || document.activeElement?.value || ''"
# The stage is a shadow tree, whose own element has the focus for the page around it.
HAS_FOCUS = "node => node.getRootNode().activeElement === node"


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until a control has the focus."""
    expect(target).to_be_enabled(timeout=60_000)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate(HAS_FOCUS):
            return
    raise AssertionError(f"{target} is not reached by Tab, but {page.evaluate(FOCUSED)!r}")


def press(page: Page, name: str) -> None:
    """Go to the button with exactly this name and press Enter."""
    tab_to(page, page.get_by_role("button", name=name, exact=True).first)
    page.keyboard.press("Enter")
