"""One person's way through the images page, in a real browser against the real app."""

import os
import re

import pytest

from tests.browser.explorer import Explorer

STAGE = "[...globalThis.ebmStages].find((s) => s.scene.ready)"
TILES = f"() => Array.from({STAGE}.scene.tiles.pixels)"


@pytest.fixture
def visit(open_page):
    """A function path → Explorer on the images page, with a moving picture."""
    return lambda path="/mnist?preset=digits-017", **options: Explorer(open_page(path, **options))


def painted(page, part):
    """How many different colours the canvas of a part of the stage holds."""
    return page.evaluate(
        """(part) => {
          const canvas = [...globalThis.ebmStages].find((s) => s.scene.ready)
            .host.querySelector(`${part} canvas`);
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }""",
        part,
    )


def test_choose_digits_play_measure_and_share(visit):
    """Digits → grid changes → class bars → pause → AIS adds the model's bars → the link."""
    explorer = visit()
    page = explorer.page
    page.get_by_role("button", name="5", exact=True).first.click()
    page.wait_for_url(re.compile("target.classes="))
    now = explorer.until("now.classNames.includes('5') && now.step > 20", timeout=120_000)
    assert len(now["masses"]["raw"]) == 4
    first = page.evaluate(TILES)
    page.wait_for_function(f"(first) => String(({TILES})()) !== String(first)", arg=first)
    for part in (".tiles", ".films", "[data-strip=masses]"):
        assert painted(page, part) > 3
    explorer.pause()
    page.get_by_role("button", name="Measure the model").click()
    page.wait_for_function(f"() => {STAGE}.scene.measured !== null", timeout=180_000)
    assert len(page.evaluate(f"() => {STAGE}.scene.measured.masses")) == 4
    second = visit("/mnist?" + page.url.partition("?")[2])
    assert second.until("now.step > 0")["classNames"] == now["classNames"]
    for opened in (page, second.page):
        assert opened.errors == []
        assert opened.foreign == []


def test_the_grid_moves_at_least_five_times_a_second(visit):
    """The best of up to ten seconds of play: other work on the machine may slow down some."""
    if os.getloadavg()[0] > os.cpu_count():
        pytest.skip("the machine is busy with other work, which a rate would measure")
    explorer = visit()
    explorer.until("now.step > 20", timeout=120_000)
    best = explorer.page.evaluate(
        """async () => {
          const stage = [...globalThis.ebmStages].find((s) => s.scene.ready);
          let best = 0;
          for (let second = 0; second < 10 && best < 5; second++) {
            let last = stage.scene.tiles.pixels, changes = 0;
            const end = performance.now() + 1000;
            while (performance.now() < end) {
              await new Promise((resolve) => setTimeout(resolve, 10));
              if (stage.scene.tiles.pixels !== last) changes += 1;
              last = stage.scene.tiles.pixels;
            }
            best = Math.max(best, changes);
          }
          return best;
        }"""
    )
    assert best >= 5


def test_a_tile_tells_its_class_and_weight(visit):
    explorer = visit()
    explorer.until("now.step > 5", timeout=120_000)
    box = explorer.page.locator(".tiles > canvas").bounding_box()
    explorer.page.mouse.move(box["x"] + 20, box["y"] + 45)
    told = explorer.page.locator(".tiles .tooltip")
    told.wait_for(state="visible")
    tells = r"walker \d+\s+nearest training image\s+RMS difference 0\.\d+\s+looks like: [017]\s+log"
    assert re.search(tells, told.inner_text())


def test_the_arrow_keys_go_from_tile_to_tile_and_do_not_step_the_run(visit):
    """Without the grid's own role the right arrow would be one more update of the run."""
    explorer = visit()
    explorer.until("now.step > 5", timeout=120_000)
    explorer.pause()
    page = explorer.page
    page.wait_for_timeout(2000)  # the last picture comes a moment after the pause
    step = explorer.now()["step"]
    page.locator(".tiles > canvas").focus()
    rows = page.evaluate(f"() => Array.from({STAGE}.scene.tiles.rows)")
    for key, place in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowDown", 9), ("End", 63)):
        page.keyboard.press(key)
        page.get_by_text(f"walker {rows[place]}", exact=True).wait_for(state="visible")
    assert "nearest training image: RMS difference" in page.locator(".tiles .spoken").inner_text()
    page.keyboard.press("Escape")
    page.locator(".tiles .tooltip").wait_for(state="hidden")
    assert explorer.now()["step"] == step
