"""Every page in both themes: axe-core finds nothing serious."""

import ast
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.explorer import Explorer

PAGES = Path(__file__).parents[2] / "pages"
GRAVE = ("serious", "critical")
THEME = "getComputedStyle(document.querySelector('.stApp') ?? document.body).colorScheme"
QUIET = """() => document.querySelector('.stApp[data-test-script-state="notRunning"]')
  && !document.querySelector('[data-testid="stSkeleton"]')
  && [...(globalThis.ebmStages ?? [])].every((s) => s.scene.ready && s.stats.paints > 0)"""
# Streamlit fades what is being computed anew for a moment: those colours are no part of the design.
NO_FADING = "[data-stale='true'] { opacity: 1 !important; transition: none !important; }"


def addresses() -> list[str]:
    """The path of every page in the menu, as pages/main.py names them."""
    found = []
    for node in ast.walk(ast.parse((PAGES / "main.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page":
            given = {word.arg: word.value for word in node.keywords}
            home = "default" in given
            found.append("/" if home else f"/{ast.literal_eval(given['url_path'])}")
    return found


def settle(page, milliseconds=1500):
    """Wait until the page is complete; a stage comes a moment after its page."""
    page.locator("[data-testid='stElementContainer']").first.wait_for(timeout=60_000)
    page.wait_for_timeout(milliseconds)
    page.wait_for_function(QUIET, timeout=60_000)
    page.add_style_tag(content=NO_FADING)


def grave_faults(page):
    """One line per element: the rule, where, and what is wrong."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}) at {node['target']}: {node['failureSummary']}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("address", [*addresses(), "/lessons?lesson=5&step=2"])
def test_axe_finds_nothing_serious_on_any_page(open_page, address):
    """Names, roles and contrasts of the page as it opens, in both themes of a machine."""
    page = open_page(address, painted=False)
    settle(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"{THEME} === '{theme}'", timeout=60_000)
        settle(page, 300)
        assert grave_faults(page) == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious_in_what_opens_on_the_explorer(open_page, theme):
    """Figures, folded controls and the editor, in a theme chosen in the menu of the page."""
    page = open_page("/gaussian-mixtures", color_scheme="light" if theme == "Dark" else "dark")
    Explorer(page).pause()  # else figures are greyed now and then while they are drawn anew
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_test_id(f"stMainMenuItem-theme-{theme}").click()
    page.keyboard.press("Escape")
    page.get_by_text("More", exact=True).first.click()
    page.get_by_text("Figures", exact=True).click()
    page.locator(".js-plotly-plot").first.wait_for(timeout=30_000)
    settle(page)
    assert page.evaluate(THEME) == theme.lower()
    assert grave_faults(page) == []
    page.get_by_role("radio", name="Live").click()
    page.get_by_role("button", name="Draw").first.click()
    page.locator(".editor canvas").wait_for(timeout=30_000)
    settle(page)
    assert grave_faults(page) == []


def test_the_search_for_faults_finds_one(open_page):
    """A picture without words and pale letters: a search that finds nothing proves nothing."""
    page = open_page("/langevin", painted=False)
    settle(page)
    page.evaluate(
        """() => {
          const bad = document.createElement('p');
          bad.style = 'background: #fff; color: #ccc; position: fixed; top: 40%; z-index: 1000001';
          bad.textContent = 'pale';
          const picture = document.createElement('img');
          picture.src = 'data:,';
          document.body.append(bad, picture);
        }"""
    )
    rules = {fault.partition(" ")[0] for fault in grave_faults(page)}
    assert {"color-contrast", "image-alt"} <= rules
