"""A link gives whoever opens it the same trajectory, also after a restart of the app."""

from __future__ import annotations

from contextlib import closing

from playwright.sync_api import Browser, Page

from tests.browser.conftest import FIRST_PICTURE
from tests.browser.explorer import STAGE, Explorer
from tests.browser.server import serve

LINK = (
    "/gaussian-mixtures?v=1&preset=two-modes&seed=11&walkers.count=400"
    "&method=pcd&sampler.step_size=0.07&optimizer.lr_means=0.02"
)
LINE = f"() => Array.from({STAGE}.scene.curves.kl_exact)"
STEPS = f"() => Array.from({STAGE}.scene.curves.step)"


def trajectory(page: Page) -> tuple[list[float], list[float], list[float]]:
    """Updates and exact KL of the curve up to update 200, and the walkers at that update."""
    explorer = Explorer(page)
    explorer.pause()
    explorer.press("Start again with the same seed")
    explorer.until("now.step === 0")
    for count in (100, 200):
        explorer.press("A hundred updates")
        explorer.until(f"now.step === {count}")
    page.wait_for_function(f"({STEPS})().at(-1) === 200")
    return page.evaluate(STEPS), page.evaluate(LINE), explorer.positions()


def visit(browser: Browser, address: str) -> tuple[list[float], list[float], list[float]]:
    """The trajectory that a person sees who opens the link with an empty browser."""
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(address + LINK)
        page.wait_for_function(FIRST_PICTURE, timeout=60_000)
        return trajectory(page)


def test_a_link_gives_the_same_trajectory_in_fresh_browsers_and_after_a_restart(url, browser):
    """Every number of the KL curve and every walker is equal, bit for bit.

    A seed drawn at the start of the server, or one shared by the runs of a worker, would differ.
    """
    first, second = visit(browser, url), visit(browser, url)
    with serve() as (address, _):
        third = visit(browser, address)
    updates, line, walkers = first
    assert updates[-1] == 200
    assert len(line) == len(updates) > 10
    assert line[-1] < line[0]
    assert len(walkers) == 800
    assert second == first
    assert third == first
