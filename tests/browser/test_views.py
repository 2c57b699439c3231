"""What a teacher's link hides, locks and enlarges, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

EXPLORER = "/gaussian-mixtures?preset=two-modes"
IMAGES = "/mnist?preset=digits-017"
PROJECTOR = {"width": 1280, "height": 720}
LEGIBLE = 16  # pixels on the projector, experience of the last row
# The size on screen of every text on a canvas of the page, noted as it is written.
NOTE_CANVAS_TEXT = """(() => {
  window.written = {};
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const size = parseFloat(this.font.match(/([\\d.]+)px/)[1]);
    if (this.canvas.isConnected) window.written[text] = size * this.canvas.currentCSSZoom;
    return write.call(this, text, ...rest);
  };
})()"""
# The same for every element that holds words, also inside components.
DOM_TEXT = """() => {
  const found = {};
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      const words = [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE);
      const text = words.map((node) => node.textContent.trim()).join("");
      const { width, height } = element.getBoundingClientRect();
      if (!text || width < 2 || height < 2 || !element.checkVisibility()) continue;
      found[text] = parseFloat(getComputedStyle(element).fontSize) * element.currentCSSZoom;
    }
  };
  walk(document.body);
  return found;
}"""
PARTS = """() => [...[...ebmStages][0].host.querySelectorAll(
  ".transport, .plane-area, [data-strip=kl], [data-strip=ess], [data-strip=masses], .timeline")]
  .map((part) => part.getBoundingClientRect())
  .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""


def small(sizes: dict[str, float]) -> dict[str, float]:
    """The texts that the last row cannot read."""
    return {text: size for text, size in sizes.items() if size < LEGIBLE}


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("address", [EXPLORER, IMAGES], ids=["explorer", "images"])
def test_a_link_hides_parts_and_locks_values(open_page, address):
    """The method is not there, the step size is there and cannot be moved; the run obeys both."""
    link = f"{address}&hide=method,share,take-away&lock=sampler.step_size,preset"
    page = open_page(link + "&sampler.step_size=0.07")
    controls = page.locator(".st-key-controls")
    menus = controls.get_by_test_id("stSelectbox")
    expect(menus.filter(has_text="Preset")).to_be_visible()
    expect(menus.filter(has_text="Method")).to_have_count(0)
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile(r"Download$"))).to_have_count(0)
    expect(controls.get_by_role("slider", name=re.compile("Step size"))).to_be_disabled()
    expect(controls.get_by_role("slider", name=re.compile("Walkers N"))).to_be_enabled()
    assert query_of(page)["hide"] == ["method,share,take-away"]
    assert query_of(page)["sampler.step_size"] == ["0.07"]
    assert page.errors == []


def test_a_link_hides_panels_with_their_numbers(open_page):
    """What a class has still to predict: no KL, no masses, also not as a number or in words."""
    page = open_page(EXPLORER + "&hide=kl,masses,timeline")
    shown = page.locator(".strip:visible, .number:visible, .timeline:visible")
    name = "x => x.dataset.strip ?? x.className.split(' ').at(-1)"
    names = set(shown.evaluate_all(f"found => found.map({name})"))
    assert names == {"contrast", "ess", "weights", "step", "speed"}
    spoken = page.locator(".stage > .spoken")
    expect(spoken).to_have_text(re.compile(r"^Update \d+, effective sample size [^,]*\.$"))
    page.goto(
        page.url.replace("kl%2Cmasses%2Ctimeline", "ess").replace("kl,masses,timeline", "ess")
    )
    expect(page.locator("[data-strip=kl]")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-strip=ess], .number.ess").first).to_be_hidden()
    plain = open_page(EXPLORER + "&hide=masses&layers=data&transport=tick")  # without a socket
    expect(plain.locator("[data-strip=kl]")).to_be_visible()
    expect(plain.locator("[data-strip=masses]")).to_be_hidden()
    expect(plain.get_by_role("button", name="data", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(plain.get_by_role("button", name="walkers", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    assert page.errors == plain.errors == []


def test_a_link_can_hide_all_controls(open_page):
    """The picture then has the whole width."""
    page = open_page(EXPLORER + "&hide=controls")
    expect(page.locator(".st-key-controls")).to_have_count(0)
    assert page.locator(".stage").bounding_box()["width"] > 1350


@pytest.mark.parametrize("address", [EXPLORER, IMAGES], ids=["explorer", "images"])
def test_presenter_mode_fits_the_projector_without_chrome(open_page, address):
    """Transport, plane, KL, ESS, masses and timeline lie on the screen, the menu does not."""
    page = open_page(address + "&present=1", viewport=PROJECTOR)
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    expect(page.locator(".st-key-controls")).to_have_count(0)
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
    page.wait_for_timeout(300)
    parts = page.evaluate(PARTS)
    assert len(parts) == 6
    assert all(right > left and bottom > top for left, right, top, bottom in parts)
    assert all(left >= 0 and top >= 0 for left, _, top, _ in parts)
    assert max(right for _, right, _, _ in parts) <= PROJECTOR["width"]
    assert max(bottom for *_, bottom in parts) <= PROJECTOR["height"]
    assert page.locator(".stMain").bounding_box()["height"] == PROJECTOR["height"]


@pytest.mark.parametrize("address", [EXPLORER, IMAGES], ids=["explorer", "images"])
def test_the_last_row_reads_every_text_of_presenter_mode(open_page, address):
    """On canvases and beside them every letter is at least 16 pixels high on the projector."""
    page = open_page(
        address + "&present=1",
        viewport=PROJECTOR,
        prepare=lambda page: page.add_init_script(NOTE_CANVAS_TEXT),
    )
    page.wait_for_timeout(500)
    written, shown = page.evaluate("written"), page.evaluate(DOM_TEXT)
    assert len(written) > 20
    assert len(shown) > 10
    assert small(written) == {}
    assert small(shown) == {}
    page.get_by_role("button", name="Controls").click()
    page.get_by_test_id("stPopoverBody").get_by_text("Preset", exact=True).wait_for()
    assert small(page.evaluate(DOM_TEXT)) == {}


def test_presenter_mode_can_be_left(open_page):
    """The menu and the controls come back, and the address no longer asks for the mode."""
    page = open_page(EXPLORER + "&seed=4&present=1", viewport=PROJECTOR)
    page.get_by_role("button", name="Leave presenter mode").click()
    expect(page.get_by_test_id("stHeader")).to_be_visible()
    expect(page.locator(".st-key-controls")).to_be_visible()
    expect(page.get_by_role("button", name="Leave presenter mode")).to_have_count(0)
    page.wait_for_url(lambda url: "present" not in url)
    assert query_of(page)["seed"] == ["4"]


def test_presenter_mode_lasts_from_page_to_page(open_page):
    """Home leads to the explorer: its controls wait behind their button as well."""
    page = open_page("/?present=1", viewport=PROJECTOR)
    page.get_by_role("button", name="Open the explorer").click()
    expect(page.get_by_role("button", name="Controls")).to_be_visible(timeout=30_000)
    expect(page.locator(".st-key-controls")).to_have_count(0)
    expect(page.get_by_test_id("stHeader")).to_be_hidden()


@pytest.mark.parametrize("address", [EXPLORER, IMAGES], ids=["explorer", "images"])
def test_the_link_on_offer_is_the_address_of_the_view(open_page, address):
    """View, layers and seed are in both; opening the link shows the same view."""
    page = open_page(f"{address}&seed=9&layers=data,walkers&hide=story")
    page.get_by_role("radio", name="Figures").click()
    page.wait_for_url(re.compile("view=Figures"))
    page.get_by_role("button", name="Share").click()
    offered = page.get_by_test_id("stPopoverBody").locator("code").first.inner_text()
    assert urlsplit(offered)[:3] == urlsplit(page.url)[:3]
    assert parse_qs(urlsplit(offered).query) == query_of(page)
    assert query_of(page)["layers"] == ["data,walkers"]
    path = urlsplit(offered)._replace(scheme="", netloc="").geturl()
    other = open_page(path, painted=False)
    expect(other.get_by_role("radio", name="Figures")).to_be_checked(timeout=30_000)
