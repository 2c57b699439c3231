"""What a teacher does in a real browser: slow motion, seeds, runs, files, links and sweeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Download, Page, expect

from tests.browser.explorer import Explorer
from tests.browser.keys import press, tab_to

SMALL = "/gaussian-mixtures?preset=two-modes&walkers.count=200&target.samples=200"
SWEEP = "/sweeps?x=sampler.step_size:0.1,0.5&y=optimizer.lr_log_masses:0.1,0.4&updates=10"
CARDS = 6
MOST_BYTES = 5_000_000  # of a film


def parameter(page: Page, name: str) -> str:
    """A parameter of the address, "" without it."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def downloaded(page: Page, label: str) -> tuple[Download, bytes]:
    """The file of a button of "Take away", which is open."""
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=label, exact=True).click()
    return waiting.value, Path(waiting.value.path()).read_bytes()


def choose(page: Page, name: str, option: str) -> None:
    """Choose one option of a list of many, which the browser holds a few of at a time."""
    page.get_by_role("combobox", name=name).click()
    page.keyboard.type(option, delay=20)
    page.get_by_role("option", name=option).click()
    page.keyboard.press("Escape")


def test_slow_motion_goes_through_six_cards_by_keyboard_and_makes_the_update(open_page):
    """Six titles, the first again by Previous, and the run one update further in the end."""
    page = open_page(SMALL)
    stood = Explorer(page).pause()
    page.get_by_role("radio", name="Slow motion").click()
    place = page.get_by_text(re.compile(f"^\\d of {CARDS}$"))
    titles = []
    for number in range(1, CARDS + 1):
        expect(place).to_have_text(f"{number} of {CARDS}", timeout=60_000)
        titles.append(page.locator(".st-key-picture h4").inner_text())
        if number == 1:
            press(page, "Next")
        elif number < CARDS:
            page.get_by_role("button", name="Next").press("Enter")
    assert len(set(titles)) == CARDS
    press(page, "Previous")
    expect(place).to_have_text(f"{CARDS - 1} of {CARDS}")
    press(page, "Do this update")
    Explorer(page).until(f"now.step === {stood + 1}")
    expect(place).to_have_text(f"1 of {CARDS}")
    assert page.errors == []


def test_over_seeds_draws_bands_around_three_figures(open_page):
    """Two seeds of 100 updates, chosen and started beside the figures of the run."""
    page = open_page(SMALL + "&view=Figures")
    Explorer(page).until("now.step > 300")
    Explorer(page).pause()
    page.get_by_text("Over seeds", exact=True).click()
    for name in ("Seeds", "Updates"):
        page.get_by_role("slider", name=name).press("Home")
    page.get_by_role("button", name="Run the seeds").click()
    bands = page.locator("[class*=st-key-seeds-] .js-plotly-plot")
    expect(bands).to_have_count(3, timeout=60_000)
    assert page.errors == []


def test_runs_are_kept_laid_over_each_other_and_reloaded(open_page):
    """Another seed makes a second row; the first one, chosen by keyboard, starts again."""
    page = open_page(SMALL + "&seed=3")
    explorer = Explorer(page)
    explorer.until("now.step > 50")
    page.get_by_role("radio", name="Runs").click()
    expect(page.locator(".st-key-past-runs-curves .js-plotly-plot")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Start again with a new seed").click()
    page.wait_for_function("!new URL(location).searchParams.get('seed')?.match(/^3$/)")
    explorer.until("now.step > 50")
    expect(page.locator("[aria-label^='The 2 runs']")).to_have_count(1, timeout=30_000)
    tab_to(page, page.get_by_role("combobox", name="Choose runs"))
    page.keyboard.type("1:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".react-aria-ComboBox [data-tag]")).to_have_count(1)
    page.keyboard.press("Escape")
    press(page, "Reload")
    page.wait_for_function("new URL(location).searchParams.get('seed') === '3'")
    assert page.errors == []


def test_what_is_taken_away_is_whole_and_a_run_file_comes_back(open_page):
    """Two clicks a file: pictures within their limits, curves to the update, and the run itself."""
    page = open_page(SMALL)
    explorer = Explorer(page)
    explorer.until("now.step > 120")
    stood = explorer.pause()
    page.wait_for_timeout(500)  # the checkpoint of a pause is written
    page.get_by_role("button", name="Download").click()
    starts = {"PNG": b"\x89PNG", "SVG": b"<svg", "PDF": b"%PDF-", "GIF": b"GIF89a", "WebP": b"RIFF"}
    for label, start in starts.items():
        download, content = downloaded(page, label)
        assert content.startswith(start), label
        assert len(content) < MOST_BYTES
        assert download.suggested_filename == f"ebm-lab-two-modes-{stood}.{label.lower()}"
    curves = json.loads(downloaded(page, "curves.json")[1])
    assert str(stood) in json.dumps(curves)
    file, content = downloaded(page, "run file")
    assert file.suggested_filename == f"ebm-lab-two-modes-{stood}-run.safetensors"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Start again with the same seed").click()
    explorer.until("now.step === 0")
    page.get_by_role("button", name="Download").click()
    upload = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    upload.set_input_files({"name": "cut.safetensors", "mimeType": "", "buffer": content[:500]})
    warning = page.get_by_test_id("stPopoverBody").get_by_test_id("stAlert")
    expect(warning).to_contain_text("The run goes on.", timeout=30_000)
    upload.set_input_files({"name": "run.safetensors", "mimeType": "", "buffer": content})
    explorer.until(f"now.step === {stood}")
    assert page.errors == []


def test_a_teacher_makes_a_link_that_hides_locks_and_presents(open_page):
    """Chosen by mouse, shown here, and the same in the browser of whoever gets the link."""
    page = open_page(SMALL)
    page.get_by_role("button", name="Share").click()
    box = page.get_by_test_id("stPopoverBody")
    box.get_by_text("For teachers: hide, lock, present").click()
    choose(page, "Hide", "Masses panel")
    choose(page, "Lock", "Preset")
    box.get_by_text("Presenter mode").click()
    made = box.get_by_test_id("stCode").nth(1)
    expect(made).to_contain_text("present=1", timeout=30_000)
    link = urlsplit(made.inner_text().strip())
    assert parse_qs(link.query)["hide"] == ["masses"]
    assert parse_qs(link.query)["lock"] == ["preset"]
    box.get_by_role("button", name="Show it here").click()
    for seen in (page, open_page(f"{link.path}?{link.query}")):
        expect(seen.get_by_role("button", name="Leave presenter mode")).to_be_visible(
            timeout=30_000
        )
        expect(seen.locator("[data-strip=masses]")).to_be_hidden()
        expect(seen.locator("[data-strip=kl]")).to_be_visible()
        seen.get_by_role("button", name="Controls").click()
        preset = seen.get_by_test_id("stPopoverBody").get_by_role("combobox").first
        expect(preset).to_be_disabled()
        assert seen.errors == []


def test_a_click_on_a_cell_of_a_sweep_opens_its_run(open_page):
    """The lower right cell of the second diagram: PCD at the larger step and the smaller rate."""
    page = open_page(SWEEP, painted=False)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    page.locator(".js-plotly-plot").first.wait_for()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    box = page.locator(".js-plotly-plot .nsewdrag").nth(1).bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"])
    expect(page.get_by_role("combobox", name="Method")).to_have_value("PCD", timeout=30_000)
    numbers = page.locator(".js-plotly-plot .textpoint")
    expect(numbers).to_have_count(8)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(numbers).to_have_count(0)  # no room: a finger on the cell tells its number
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(numbers).to_have_count(8)
    page.get_by_role("link", name="Open this run").click()
    page.wait_for_url(re.compile("/gaussian-mixtures"))
    Explorer(page).until("now.step > 0 && now.method === 'pcd'")
    assert parameter(page, "method") == "pcd"
    assert parameter(page, "sampler.step_size") == "0.5"
    assert parameter(page, "optimizer.lr_log_masses") == ""  # 0.1 is the preset's own
    assert page.errors == []
