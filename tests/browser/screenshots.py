"""The README's pictures of the app, taken from the running app: `make screenshots`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.picture import browser
from tests.browser.server import serve

PICTURES = Path(__file__).parents[2] / "assets" / "readme"
SIZE = {"width": 1440, "height": 900}
# The update at which each picture is taken: the modes stand apart and the weights are at work.
EXPLORER_AT, HOME_AT, FIGURES_AT = 1500, 700, 1500


def wait_for_update(page: Page, update: int) -> None:
    """Wait until the stage has painted this update."""
    page.wait_for_function("at => window.__ebmPainted?.step >= at", arg=update, timeout=120_000)


def main() -> None:
    """Take every picture anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with serve() as (address, _), browser() as opened:
        page = opened.new_page(viewport=SIZE)
        page.goto(address)
        page.wait_for_timeout(12_000)
        page.screenshot(path=PICTURES / "home.png")
        page.goto(f"{address}/gaussian-mixtures?seed=3")
        page.wait_for_timeout(8_000)
        page.screenshot(path=PICTURES / "explorer.png")
        page.get_by_role("radio", name="Figures").click()
        page.wait_for_timeout(4_000)
        page.screenshot(path=PICTURES / "figures.png")


if __name__ == "__main__":
    main()
