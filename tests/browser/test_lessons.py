"""A lesson in a real browser, by keyboard only, and the finger on what is meant."""

import re

from playwright.sync_api import Page, expect

from tests.browser.keys import press, tab_to

STEPS = "[...(globalThis.ebmStages ?? [])].map((s) => s.scene.header.step)"


def predict(page: Page, choice: int) -> None:
    """Choose by the keys of a group of radio buttons."""
    first = page.locator("[class*=st-key-predict] input").first
    expect(first).to_be_enabled(timeout=60_000)
    tab_to(page, first)
    page.keyboard.press("Space")
    for _ in range(choice):
        page.keyboard.press("ArrowDown")
    expect(page.locator("[class*=st-key-predict] input").nth(choice)).to_be_checked()


def test_lesson_four_from_start_to_summary_by_keyboard_only(open_page):
    """No click: cards, prediction, run, answer, Next and the summary."""
    page = open_page("/lessons", painted=False)
    press(page, "Start lesson 4")
    press(page, "Start")
    page.wait_for_url(re.compile("lesson=4&step=1"))
    predict(page, 2)
    press(page, "Play to update 300")
    reveal = page.locator(".st-key-lesson-reveal")
    expect(reveal).to_contain_text("Right: as you predicted", timeout=60_000)
    page.wait_for_function(f"{STEPS}.filter((step) => step === 300).length >= 3")
    press(page, "Next")
    predict(page, 1)
    press(page, "Show the answer")
    expect(reveal).to_contain_text("Not this time")
    press(page, "Summary")
    expect(page.get_by_text("1 of 2 predictions right")).to_be_visible()
    expect(page.get_by_role("link", name="Open the run “CD-1” in the explorer")).to_be_visible()
    assert page.errors == []


def test_the_finger_is_on_what_the_step_means_and_on_nothing_else(open_page):
    """The plane in the first step of lesson 3, the masses in the second, on each of three runs."""
    page = open_page("/lessons?lesson=3&step=1")
    hands = page.locator(".pointed > .hand")
    expect(hands).to_have_count(3)
    expect(page.locator(".plane-area.pointed")).to_have_count(3)
    page.goto(page.url.replace("step=1", "step=2"))
    expect(page.locator("[data-strip=masses].pointed > .hand")).to_have_count(3, timeout=60_000)
    expect(hands).to_have_count(3)
    assert page.errors == []
