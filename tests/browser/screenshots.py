"""The README's pictures of the app, taken from the running app: `make screenshots`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.explorer import Explorer
from tests.browser.picture import browser
from tests.browser.server import serve

PICTURES = Path(__file__).parents[2] / "assets" / "readme"
SIZE = {"width": 1440, "height": 900}
# By these updates the modes stand apart and the weights are at work.
HOME_AT, EXPLORER_AT, FIGURES_AT = 500, 1900, 1500


def save(page: Page, name: str) -> None:
    """One picture, with the pointer out of the way."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)
    page.screenshot(path=PICTURES / f"{name}.png")


def main() -> None:
    """Take every picture anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with serve() as (address, _), browser() as opened:
        page = opened.new_page(viewport=SIZE)
        explorer = Explorer(page)
        page.goto(address)
        explorer.until(f"now.step > {HOME_AT}", timeout=120_000)
        save(page, "home")
        page.goto(f"{address}/gaussian-mixtures")
        explorer.until(f"now.step > {EXPLORER_AT}", timeout=120_000)
        explorer.pause()
        save(page, "explorer")
        page.goto(f"{address}/gaussian-mixtures?preset=phantom-mode&method=pcd")
        explorer.until(f"now.step > {FIGURES_AT}", timeout=120_000)
        explorer.pause()
        page.get_by_text("Figures", exact=True).click()
        page.locator(".js-plotly-plot").first.wait_for()
        page.get_by_text("Landscape", exact=True).click()
        page.get_by_text("total variation").first.wait_for()
        page.wait_for_timeout(2000)
        save(page, "figures")


if __name__ == "__main__":
    main()
