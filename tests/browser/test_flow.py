"""One person's way through the explorer, in a real browser against the real app."""

import re

import pytest

from tests.browser.explorer import Explorer

STEP_MARK = "(mark) => mark[1].includes('Step size h')"


@pytest.fixture
def visit(open_page):
    """A function path → Explorer in a browser context of its own, with a moving picture."""
    return lambda path="/gaussian-mixtures", **options: Explorer(open_page(path, **options))


def test_a_run_plays_pauses_steps_and_starts_again(visit):
    """The first picture plays; a step is exactly one update; a reset keeps the seed."""
    explorer = visit()
    assert explorer.now()["playing"]
    explorer.until("now.step > 30")
    step = explorer.pause()
    explorer.press("One update")
    assert explorer.until(f"now.step === {step + 1}")["step"] == step + 1
    explorer.press("A hundred updates")
    explorer.until(f"now.step === {step + 101}")
    explorer.press("Start again with the same seed")
    explorer.until("now.step === 0")
    assert "seed" not in explorer.page.url


def test_the_keyboard_plays_pauses_steps_and_resets(visit):
    explorer = visit()
    explorer.until("now.step > 10")
    explorer.page.keyboard.press("Space")
    explorer.until("!now.playing")
    explorer.page.wait_for_timeout(300)
    step = explorer.now()["step"]
    explorer.page.keyboard.press("ArrowRight")
    explorer.until(f"now.step === {step + 1}")
    explorer.page.keyboard.press("r")
    explorer.until("now.step === 0")
    explorer.page.keyboard.press("Space")
    explorer.until("now.playing && now.step > 5")


def test_a_live_knob_leaves_a_mark_and_a_reset_knob_starts_again(visit):
    """The step size changes in the running run; the number of walkers restarts it."""
    explorer = visit()
    explorer.until("now.step > 100")
    slider = explorer.page.get_by_role("slider", name=re.compile("Step size"))
    slider.focus()
    slider.press("ArrowRight")
    marked = explorer.until(f"now.marks.some({STEP_MARK})")
    step, _ = next(mark for mark in marked["marks"] if "Step size h" in mark[1])
    assert marked["step"] >= step > 100
    explorer.page.wait_for_url(re.compile("sampler.step_size="))
    slider = explorer.page.get_by_role("slider", name=re.compile("Walkers N"))
    slider.focus()
    slider.press("ArrowRight")
    explorer.until(f"now.walkers > 1000 && !now.marks.some({STEP_MARK})")


def test_a_share_link_gives_the_same_trajectory_in_another_browser(visit):
    """After 200 updates the walkers of both contexts stand on the same points, bit for bit."""
    explorer = visit("/gaussian-mixtures?method=pcd&seed=7")
    second = visit("/gaussian-mixtures?" + explorer.page.url.partition("?")[2])
    seen = []
    for person in (explorer, second):
        person.pause()
        person.press("Start again with the same seed")
        person.until("now.step === 0")
        for count in (100, 200):
            person.press("A hundred updates")
            person.until(f"now.step === {count}")
        person.page.wait_for_timeout(300)
        seen.append((person.now()["kl_exact"], person.positions()))
    assert len(seen[0][1]) == 2000
    assert seen[0] == seen[1]


def test_a_new_seed_is_in_the_link_and_changes_the_run(visit):
    explorer = visit()
    explorer.until("now.step > 10")
    explorer.press("Start again with a new seed")
    explorer.page.wait_for_url(re.compile("seed="))
    explorer.until("now.step >= 0")


def test_a_bad_link_costs_one_sentence_and_nothing_else(visit):
    """A negative step is named with its limit; the seed beside it is kept."""
    explorer = visit("/gaussian-mixtures?sampler.step_size=-3&seed=5")
    text = explorer.page.get_by_role("alert").inner_text()
    assert "-3" in text
    assert "0" in text
    assert explorer.page.get_by_role("spinbutton", name="Seed").input_value() == "5"
    assert "Traceback" not in explorer.page.content()


def test_a_run_that_diverges_stops_by_itself_and_can_be_rewound(visit):
    """h = 50 explodes at once; halving it from the card changes the step size in the link."""
    explorer = visit("/gaussian-mixtures?sampler.step_size=50")
    card = explorer.page.get_by_role("alert").filter(has_text="Stopped at update")
    card.wait_for()
    assert "step" in card.inner_text().lower()
    assert explorer.now()["divergence"]["step"] <= 8
    card.get_by_role("button", name="Halve the step size").click()
    explorer.page.wait_for_url(re.compile("step_size=25"))


def test_the_figures_follow_the_run_and_keep_their_place(visit):
    explorer = visit()
    explorer.page.get_by_text("Figures", exact=True).click()
    explorer.page.locator(".js-plotly-plot").first.wait_for(timeout=30_000)
    assert explorer.page.locator(".js-plotly-plot .main-svg").count() > 0
    explorer.page.get_by_text("Landscape", exact=True).click()
    explorer.page.get_by_text("total variation").first.wait_for(timeout=30_000)


def test_the_caption_says_what_the_plane_is_in_many_dimensions(visit):
    """In d = 50 the plane is a marginal, which nothing in the picture would tell."""
    caption = visit("/gaussian-mixtures?preset=gmm50").page.locator(".caption")
    assert "first two of 50 coordinates" in caption.inner_text()
    caption = visit("/gaussian-mixtures").page.locator(".caption")
    assert "coordinates" not in caption.inner_text()


def test_a_zoom_survives_the_refreshes_of_a_playing_run(visit):
    """The range a person drags stays while the figure is drawn again once a second."""
    explorer = visit()
    page = explorer.page
    page.get_by_text("Figures", exact=True).click()
    page.get_by_text("Gradient", exact=True).click()
    page.locator(".js-plotly-plot .nsewdrag").first.wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.4 * box["width"], y, steps=8)
    page.mouse.up()
    look = "document.querySelector('.js-plotly-plot').layout.xaxis.range.map(Number)"
    zoomed, step = page.evaluate(look), explorer.now()["step"]
    explorer.until(f"now.step > {step + 200}")
    page.wait_for_timeout(2500)
    drawn = "document.querySelector('.js-plotly-plot')._fullData[0].x.at(-1)"
    assert page.evaluate(drawn) > step
    assert page.evaluate(look) == zoomed


def test_without_a_socket_the_picture_comes_through_streamlit(visit):
    """`?transport=tick` forces the fallback; play, step and pause work there too."""
    explorer = visit("/gaussian-mixtures?transport=tick")
    explorer.until("now.step > 10")
    step = explorer.pause()
    explorer.press("One update")
    explorer.until(f"now.step === {step + 1}")


def test_nothing_leaves_the_machine_and_the_console_stays_clean(visit):
    """No request to another host, no error on the console, on every page."""
    home = visit("/")
    home.page.wait_for_timeout(1500)
    explorer = visit()
    explorer.until("now.step > 100")
    explorer.page.get_by_text("Figures", exact=True).click()
    explorer.page.locator(".js-plotly-plot").first.wait_for(timeout=30_000)
    for page in (home.page, explorer.page):
        assert page.foreign == []
        assert page.errors == []
