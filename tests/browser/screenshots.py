"""The README's pictures: `make screenshots`.

Those of the app are taken from the running app, those of the studies from what `make toy` and its
kin have left in `out/`; a study that has not been run keeps its present picture.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.explorer import Explorer
from tests.browser.picture import browser
from tests.browser.server import serve

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "assets" / "readme"
STUDIES = ("gmm50", "mass1d", "toy", "stability", "mnist")
SIZE = {"width": 1440, "height": 900}
# By these updates the modes stand apart and the weights are at work.
HOME_AT, EXPLORER_AT, FIGURES_AT = 500, 1900, 1500
NETWORK_AT, IMAGES_AT = 1700, 1500
COMPARE_AT, PRESENTER_AT = 2500, 1900
SWEEP_SECONDS = 60  # enough for the cells of the first sweep


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
        page.goto(f"{address}/gaussian-mixtures?preset=net-ring")
        explorer.until(f"now.step > {NETWORK_AT}", timeout=240_000)
        explorer.pause()
        save(page, "network")
        take_teaching(page, explorer, address)
        page.goto(f"{address}/langevin")
        page.locator(".js-plotly-plot").nth(3).wait_for(timeout=60_000)
        page.wait_for_timeout(4000)
        save(page, "langevin")
        page.goto(f"{address}/mnist?preset=digits-017")
        explorer.until(f"now.step > {IMAGES_AT}", timeout=240_000)
        explorer.pause()
        save(page, "images")
        take_studies(opened.new_page(viewport={"width": 1200, "height": 900}))


def take_teaching(page: Page, explorer: Explorer, address: str) -> None:
    """What a lecturer uses: comparison, slow motion, a lesson, presenter mode, a sweep."""
    page.goto(f"{address}/compare")
    explorer.until(f"now.step > {COMPARE_AT}", timeout=240_000)
    page.get_by_role("button", name="Pause").click()
    save(page, "compare")
    page.goto(f"{address}/gaussian-mixtures?present=1")
    explorer.until(f"now.step > {PRESENTER_AT}", timeout=120_000)
    page.set_viewport_size({"width": 1280, "height": 720})
    explorer.pause()
    save(page, "presenter")
    page.get_by_role("button", name="Leave presenter mode").click()
    page.set_viewport_size(SIZE)
    page.goto(f"{address}/gaussian-mixtures?preset=two-modes&view=Slow+motion")
    page.get_by_role("button", name="Pause").first.click()
    page.get_by_role("button", name="Next").click(timeout=60_000)
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
        page.wait_for_timeout(1500)
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_timeout(3000)
    save(page, "slow-motion")
    page.goto(f"{address}/lessons?lesson=5&step=2")
    page.get_by_text("Smaller, as always").click(timeout=120_000)
    page.get_by_role("button", name="Play to update 1200").click()
    page.get_by_text("PCD got worse").wait_for(timeout=120_000)
    page.wait_for_timeout(2000)
    save(page, "lesson")
    page.goto(f"{address}/sweeps")
    page.locator(".js-plotly-plot").wait_for(timeout=120_000)
    page.wait_for_timeout(SWEEP_SECONDS * 1000)
    save(page, "sweep")


def take_studies(page: Page) -> None:
    """A picture of each study's figure that lies in out/."""
    for name in STUDIES:
        figure = ROOT / "out" / name / f"{name}.html"
        if figure.exists():
            page.goto(figure.as_uri())
            plot = page.locator(".js-plotly-plot")
            plot.wait_for()
            page.wait_for_timeout(1000)
            plot.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
