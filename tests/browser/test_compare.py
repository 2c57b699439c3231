"""The compare page in a real browser: the stages move, stand and look back together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

PATH = "/compare?preset=two-modes&walkers.count=200&by=method&values=cd,pcd,weighted-ula"
CELLS = "[...(globalThis.ebmStages ?? [])].filter((s) => s.layout === 'cell' && s.scene.ready)"
BAR = "[...ebmStages].find((s) => s.layout === 'bar')"
STEPS = f"{CELLS}.map((s) => s.scene.header.step)"
LOOKING = f"{CELLS}.map((s) => s.scene.header.recorded)"


def test_the_stages_play_pause_and_look_back_together(open_page):
    """Space stops all at one update; all look back at the timeline's update, and Live ends that."""
    page = open_page(PATH)
    page.wait_for_function(f"{STEPS}.length === 3 && {STEPS}.every((step) => step > 30)")
    page.locator("body").press("Space")
    stood = wait_for_one_step(page)
    slider = page.get_by_role("slider", name="Recorded update")
    assert int(slider.get_attribute("max")) > 3
    slider.focus()
    slider.press("Home")
    page.wait_for_function(f"{STEPS}.every((step) => step === 0) && {LOOKING}.every(Boolean)")
    for _ in range(3):
        slider.press("ArrowRight")
    look = page.evaluate(f"{BAR}.timeline.look")
    assert 0 < look < stood
    page.wait_for_function(f"{STEPS}.every((step) => step === {look})")
    page.get_by_role("button", name="Back to the run as it is now").click()
    page.wait_for_function(f"{STEPS}.every((step) => step === {stood}) && !{LOOKING}.some(Boolean)")
    page.get_by_role("button", name="Start again with a new seed").click()
    page.wait_for_url("**seed=**")
    page.wait_for_function(f"{STEPS}.length === 3 && {STEPS}.every((step) => step > 5)")
    assert page.errors == []
    assert page.foreign == []


def wait_for_one_step(page: Page) -> int:
    """The update at which all stages stand: the last pictures come a moment after the pause."""
    stood = []
    for _ in range(30):
        before, stood = stood, page.evaluate(STEPS)
        if len(set(stood)) == 1 and stood == before:
            return stood[0]
        page.wait_for_timeout(1000)
    raise AssertionError(f"the stages stand at updates {stood}")


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_four_runs_fit_the_screen_with_their_masses(open_page, size):
    """The first visit: four planes beside each other and the mode masses in sight."""
    page = open_page("/compare", viewport={"width": size[0], "height": size[1]})
    page.wait_for_function(f"{CELLS}.length === 4")
    page.wait_for_timeout(500)
    boxes = page.evaluate(
        f"{CELLS}.map((s) => s.host.querySelector('.strip').getBoundingClientRect())"
        ".map((b) => [b.top, b.bottom, b.left])"
    )
    assert len({top for top, _, _ in boxes}) == 1
    assert len({left for _, _, left in boxes}) == 4
    assert all(bottom <= size[1] for _, bottom, _ in boxes)


def test_a_phone_shows_two_runs_in_a_row(open_page):
    """Two columns, and nothing wider than the screen."""
    page = open_page("/compare", viewport={"width": 390, "height": 844})
    page.wait_for_function(f"{CELLS}.length === 4")
    lefts = page.evaluate(f"{CELLS}.map((s) => Math.round(s.host.getBoundingClientRect().left))")
    assert len(set(lefts)) == 2
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390


def test_a_branch_of_the_explorer_starts_where_the_timeline_stands(open_page):
    """Look back, press Branch: another run is on the stage, and it begins at that update."""
    page = open_page("/gaussian-mixtures?preset=two-modes&walkers.count=200")
    page.wait_for_function("[...ebmStages][0].scene.header.step > 60")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    address = page.evaluate("[...ebmStages][0].link.socket.address")
    slider = page.get_by_role("slider", name="Recorded update")
    slider.focus()
    slider.press("Home")
    for _ in range(3):
        slider.press("ArrowRight")
    page.wait_for_function("[...ebmStages][0].scene.header.recorded")
    at = page.evaluate("[...ebmStages][0].timeline.look")
    assert at > 0
    page.wait_for_function(f"[...ebmStages][0].scene.header.step === {at}")
    page.get_by_role("button", name="Start a new run from this update").click()
    page.wait_for_function(f"[...ebmStages][0].link.socket?.address !== '{address}'")
    page.wait_for_function(
        f"[...ebmStages][0].scene.header.step === {at} && ![...ebmStages][0].scene.header.recorded"
    )
    assert page.errors == []
