"""The live stage in a real browser: it moves, obeys, fits, and falls back."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

STEP = "[...ebmStages][0].scene.header.step"
PRESET = "/gaussian-mixtures?preset=two-modes"


def step(page: Page) -> int:
    return page.evaluate(STEP)


def button(page: Page, name: str) -> Locator:
    return page.locator(".stage").get_by_role("button", name=name, exact=True)


def stop(page: Page) -> int:
    """Pauses the run and gives the update at which it stands."""
    button(page, "Pause").click()
    expect(button(page, "Play")).to_be_visible()
    page.wait_for_function("![...ebmStages][0].scene.header.playing")
    time.sleep(0.3)
    return step(page)


def waits_for_step(page: Page, condition: str) -> None:
    page.wait_for_function(f"{STEP} {condition}", timeout=15_000)


def test_frames_flow_without_an_error_or_a_foreign_request(open_page):
    page = open_page(PRESET)
    before = page.evaluate("({...[...ebmStages][0].stats})")
    first = step(page)
    time.sleep(3)
    after = page.evaluate("({...[...ebmStages][0].stats})")
    assert step(page) > first
    assert after["frames"] - before["frames"] >= 6
    assert after["paints"] - before["paints"] > 2 * (after["frames"] - before["frames"])
    assert page.evaluate("ebmStages.size") == 1
    assert page.errors == []
    assert page.foreign == []


def test_pause_step_and_play_do_what_they_say(open_page):
    page = open_page(PRESET)
    stood = stop(page)
    time.sleep(0.7)
    assert step(page) == stood
    button(page, "One update (→)").click()
    waits_for_step(page, f"=== {stood + 1}")
    button(page, "Ten updates").click()
    waits_for_step(page, f"=== {stood + 11}")
    button(page, "Play").click()
    waits_for_step(page, f"> {stood + 15}")


def test_the_keyboard_works_from_anywhere_but_not_while_typing(open_page):
    page = open_page(PRESET)
    page.locator("body").press("Space")
    expect(button(page, "Play")).to_be_visible()
    page.wait_for_function("![...ebmStages][0].scene.header.playing")
    time.sleep(0.3)
    stood = step(page)
    page.locator("body").press("ArrowRight")
    waits_for_step(page, f"=== {stood + 1}")
    field = page.get_by_role("spinbutton", name="Seed").first
    field.focus()
    for key in ("Space", "ArrowRight", "r"):
        field.press(key)
    time.sleep(0.5)
    assert step(page) == stood + 1
    page.locator("body").press("r")
    field.blur()
    page.locator("body").press("r")
    waits_for_step(page, "< 5")


def test_a_key_held_down_repeats_only_what_costs_little(open_page):
    """R, space and Enter on a button count once; the arrow makes an update for each repeat."""
    note = """
        window.said = [];
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (text) {
            said.push(String(text));
            send.call(this, text);
        };
    """
    page = open_page(PRESET, prepare=lambda page: page.add_init_script(note))
    for key in ("r", " ", "ArrowRight"):
        for _ in range(10):  # down without up in between is a repeat
            page.keyboard.down(key)
        page.keyboard.up(key)
    button(page, "Start again with the same seed (R)").focus()
    for _ in range(10):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    said = page.evaluate("said")
    counts = {what: sum(what in text for text in said) for what in ("reset", "pause", "step")}
    assert counts == {"reset": 2, "pause": 1, "step": 10}


def test_reset_keeps_the_seed_and_a_new_seed_changes_it(open_page):
    page = open_page(PRESET)
    stop(page)
    seed = page.get_by_role("spinbutton", name="Seed").first
    old = seed.input_value()
    button(page, "Start again with the same seed (R)").click()
    waits_for_step(page, "=== 0")
    assert seed.input_value() == old
    button(page, "Start again with a new seed").click()
    expect(seed).not_to_have_value(old)


def test_the_words_of_the_caption_switch_the_layers(open_page):
    page = open_page(PRESET)
    stop(page)
    plane = page.locator(".plane-area canvas").first
    shots = {plane.screenshot()}
    for word in ("energy", "walkers", "equally", "data"):
        pressed = button(page, word).get_attribute("aria-pressed")
        button(page, word).click()
        assert button(page, word).get_attribute("aria-pressed") != pressed
        time.sleep(0.2)
        shots.add(plane.screenshot())
    assert len(shots) >= 4


def test_hovering_a_walker_tells_its_weight(open_page):
    page = open_page(PRESET)
    stop(page)
    at = page.evaluate(
        "(() => { const p = [...ebmStages][0].plane; const b = p.area.getBoundingClientRect();"
        "const q = p.place(7); return {x: b.x + q.x, y: b.y + q.y}; })()"
    )
    page.mouse.move(at["x"], at["y"])
    tooltip = page.locator(".stage .tooltip")
    expect(tooltip).to_be_visible()
    text = tooltip.inner_text()
    assert all(part in text for part in ("walker ", "x = (", "U = ", "N·w = ")), text


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_the_full_stage_fits_the_screen(open_page, size):
    page = open_page(PRESET, viewport={"width": size[0], "height": size[1]})
    bottom = page.evaluate("[...ebmStages][0].host.getBoundingClientRect().bottom")
    assert size[1] - 40 <= bottom <= size[1]
    parts = page.evaluate(
        "[...ebmStages][0].host.querySelectorAll('.strip, .caption, .plane-area')"
        ".values().map((e) => e.getBoundingClientRect().bottom).toArray()"
    )
    assert len(parts) == 7
    assert max(parts) <= size[1]
    main = page.locator(".stMain")
    assert main.evaluate("(m) => m.scrollHeight - m.clientHeight") <= 0
    box = page.locator(".plane-area").bounding_box()
    sides = [box["width"], box["height"]]
    assert sides[0] == pytest.approx(sides[1], abs=1)
    assert sides[0] > 0.5 * size[1]


def test_a_phone_shows_one_column(open_page):
    page = open_page(PRESET, viewport={"width": 390, "height": 844})
    lefts = page.evaluate(
        "[...ebmStages][0].host.querySelectorAll('.plane-place, .strip')"
        ".values().map((e) => Math.round(e.getBoundingClientRect().left)).toArray()"
    )
    assert len(set(lefts)) == 1
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390


def test_the_fallback_plays_and_obeys(open_page):
    page = open_page(PRESET + "&transport=tick")
    assert page.evaluate("[...ebmStages][0].link.state") == "compatibility"
    waits_for_step(page, "> 20")
    button(page, "Pause").click()
    page.wait_for_function("![...ebmStages][0].scene.header.playing")
    time.sleep(1)
    stood = step(page)
    button(page, "Ten updates").click()
    waits_for_step(page, f"=== {stood + 10}")
    time.sleep(1)
    assert step(page) == stood + 10


def test_a_proxy_that_closes_every_socket_leads_to_the_fallback(open_page):
    def close(socket: WebSocketRoute) -> None:
        socket.close(code=1011)

    page = open_page(PRESET, prepare=lambda p: p.route_web_socket("**/api/live/**", close))
    assert page.evaluate("[...ebmStages][0].link.state") == "compatibility"
    waits_for_step(page, "> 20")


def test_a_lost_socket_comes_back(open_page):
    page = open_page(PRESET)
    page.evaluate("[...ebmStages][0].link.socket.socket.close()")
    page.wait_for_function("[...ebmStages][0].link.state === 'reconnecting'")
    page.wait_for_function("[...ebmStages][0].link.state === 'open'", timeout=10_000)
    now = step(page)
    waits_for_step(page, f"> {now}")


def test_a_run_that_explodes_says_why_and_offers_two_ways_on(open_page):
    page = open_page("/gaussian-mixtures?preset=two-modes&sampler.step_size=20")
    card = page.locator(".stage .card")
    expect(card).to_be_visible(timeout=60_000)
    assert "Step size h" in card.inner_text()
    button(page, "Rewind 50 updates").click()
    waits_for_step(page, "=== 0")
    expect(card).to_be_hidden()


def test_the_speed_is_still_shown_after_a_reload(open_page):
    """The server holds the cap: a new stage on the same run shows 10/s, not its own default."""
    page = open_page()
    page.get_by_title("Ten updates per second").click()
    pressed = "[title='Ten updates per second'][aria-pressed='true']"
    page.locator(pressed).wait_for()
    page.get_by_text("Figures", exact=True).click()
    page.locator(".js-plotly-plot").first.wait_for(timeout=30_000)
    page.locator(pressed).wait_for()
