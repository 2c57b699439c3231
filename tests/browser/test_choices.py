"""Choosing target, energy and method, drawing a density and uploading points, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.explorer import Explorer


@pytest.fixture
def visit(open_page):
    """A function path → Explorer in a browser context of its own, with a moving picture."""
    return lambda path="/gaussian-mixtures", **options: Explorer(open_page(path, **options))


def choose(page: Page, menu: str, option: str) -> None:
    """Pick an option of a menu of the controls."""
    page.get_by_test_id("stSelectbox").filter(has_text=menu).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()


def open_editor(page: Page) -> None:
    page.get_by_role("button", name="Draw").first.click()
    page.locator(".editor canvas").wait_for()


def click_plane(page: Page, x: float, y: float) -> None:
    """Click at a share of the editor's width and height."""
    canvas = page.locator(".editor canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": x * box["width"], "y": y * box["height"]})


def field(page: Page, name: str) -> str:
    return page.locator(".editor").get_by_label(name, exact=True).input_value()


def test_target_energy_and_method_are_chosen_and_the_run_plays_and_pauses(visit):
    explorer = visit()
    page = explorer.page
    choose(page, "Target", "Ring of modes")
    page.wait_for_url(re.compile("target=ring"))
    page.get_by_role("radio", name="Network").click()
    page.wait_for_url(re.compile("energy=mlp"))
    explorer.until("now.means.length === 0 && now.step > 40")
    choose(page, "Method", "PCD")
    now = explorer.until("now.method === 'pcd' && now.step > 20")
    assert now["means"] == []
    assert len(now["targetMeans"]) == len(now["masses"]["truth"]) == 8
    assert not now["weighted"]
    assert "quadrature" in page.locator(".caption").inner_text()
    step = explorer.pause()
    explorer.press("One update")
    explorer.until(f"now.step === {step + 1}")
    assert page.errors == []


def test_the_true_density_can_be_laid_over_the_plane(visit):
    """25 modes: the masses are drawn compactly, and the layer changes the picture."""
    explorer = visit("/gaussian-mixtures?target=grid&energy=mlp&optimizer=adam&optimizer.lr=0.001")
    explorer.pause()
    plane = explorer.page.locator(".plane-area canvas").first
    before = plane.screenshot()
    explorer.page.get_by_role("button", name="true density").click()
    explorer.page.wait_for_timeout(300)
    assert plane.screenshot() != before
    masses = explorer.page.locator("[data-strip=masses] canvas")
    masses.hover(position={"x": 5, "y": 60})
    explorer.page.wait_for_timeout(200)
    assert len(explorer.now()["masses"]["truth"]) == 25
    assert explorer.page.errors == []


def test_a_method_without_samples_says_what_its_walkers_are_for(visit):
    explorer = visit("/gaussian-mixtures?method=score-matching")
    caption = explorer.page.locator(".caption")
    expect(caption).to_contain_text("The walkers only show the model: score matching")


def test_modes_are_placed_moved_resized_weighed_and_taken_back(visit):
    page = visit().page
    open_editor(page)
    click_plane(page, 0.5, 0.25)
    assert float(field(page, "y")) == pytest.approx(4, abs=0.1)
    assert field(page, "Mass") == "0.333"
    canvas = page.locator(".editor canvas")
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 16, y, steps=4)
    page.mouse.up()
    assert float(field(page, "x")) == pytest.approx(1, abs=0.1)
    page.mouse.wheel(0, -100)
    assert float(field(page, "Width")) == pytest.approx(1.1)
    mass = page.locator(".editor").get_by_label("Mass", exact=True)
    mass.fill("0.6")
    mass.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    for _ in range(2):
        undo.click()
    assert float(field(page, "Width")) == pytest.approx(1)
    undo.click()
    assert float(field(page, "x")) == pytest.approx(0, abs=0.1)
    undo.click()
    expect(page.locator(".editor .summary")).to_have_text("2 modes")


def test_the_keyboard_draws_too_and_does_not_steer_the_run(visit):
    explorer = visit()
    page = explorer.page
    open_editor(page)
    page.locator(".editor canvas").focus()
    page.keyboard.press("n")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("+")
    assert float(field(page, "y")) == pytest.approx(1.5)
    assert float(field(page, "Width")) == pytest.approx(1.1)
    page.keyboard.press("Delete")
    expect(page.locator(".editor .summary")).to_have_text("2 modes")
    page.keyboard.press("Space")
    page.keyboard.press("r")
    page.wait_for_timeout(500)
    assert explorer.now()["playing"]
    page.get_by_role("button", name="Close").click()
    page.locator(".editor").wait_for(state="detached")
    choose(page, "Method", "PCD")
    explorer.until("now.method === 'pcd'")
    assert page.locator(".editor").count() == 0


def test_a_drawn_mode_is_used_and_travels_in_the_link(visit):
    explorer = visit()
    page = explorer.page
    open_editor(page)
    click_plane(page, 0.5, 0.2)
    page.get_by_role("button", name="Use this target").click()
    page.locator(".editor").wait_for(state="detached")
    now = explorer.until("now.means.length === 0 && now.targetMeans.length === 3 && now.step > 10")
    assert sum(now["masses"]["truth"]) == pytest.approx(1)
    page.wait_for_url(re.compile("target.means="))
    again = visit("/gaussian-mixtures?" + page.url.partition("?")[2])
    assert again.until("now.targetMeans.length === 3")["targetMeans"] == now["targetMeans"]
    assert page.errors == []


def test_brushed_points_are_used_and_their_density_is_unknown(visit):
    explorer = visit()
    page = explorer.page
    open_editor(page)
    page.get_by_role("button", name="Brush points").click()
    use = page.get_by_role("button", name="Use this target")
    expect(use).to_be_disabled()
    for place in range(1, 10):
        click_plane(page, place / 10, 0.4)
    use.click()
    now = explorer.until("now.known === false && now.step > 10")
    assert now["targetMeans"] == []
    caption = page.locator(".caption")
    expect(caption).to_contain_text("unknown")
    expect(caption.get_by_role("button", name="true density")).to_be_hidden()


def test_a_csv_is_uploaded_and_a_bad_one_costs_a_sentence(visit):
    explorer = visit()
    page = explorer.page
    choose(page, "Target", "Own points")
    chooser = page.locator("input[type=file]")
    bad = {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"1,2\n" * 4}
    chooser.set_input_files(bad)
    warning = page.get_by_role("alert").filter(has_text="4 rows")
    warning.wait_for()
    assert explorer.now()["known"]
    rows = "".join(f"{i % 7}.0,{(i * i) % 11}.0\n" for i in range(100)).encode()
    chooser.set_input_files({"name": "mine.csv", "mimeType": "text/csv", "buffer": rows})
    explorer.until("now.known === false && now.step > 5")
    page.wait_for_url(re.compile("target=points"))
    assert "target.path" not in page.url
    assert page.errors == []
