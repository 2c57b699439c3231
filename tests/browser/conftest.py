"""The app on a free port of this computer, and pages of it in a browser without GPU."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser import picture
from tests.browser.server import serve

FIRST_PICTURE = "[...(window.ebmStages ?? [])].some((s) => s.scene.ready && s.stats.paints > 0)"
# On a deep link Streamlit itself looks for its server below the page's path first.
PROBES = ("/_stcore/health", "/_stcore/host-config")
SCREEN = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The address of the running app."""
    with serve() as (address, _):
        yield address


# Not for the whole session: while it is open its event loop would stop other tests from having one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests; without one they skip, but in CI they fail."""
    if picture.chromium_path() is None:
        missing = "no Chromium or Chrome on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with picture.browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def warm(browser: Browser) -> Iterator[BrowserContext]:
    """A window that has the app's scripts in its cache, as on every visit but the first."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def open_page(url: str, browser: Browser, warm: BrowserContext) -> Iterator[Callable[..., Page]]:
    """A function (path, prepare=…, **context options) → page with a first picture.

    The first page of a test opens in the warm window, each further one, and one with other options
    than those of SCREEN, in a browser of its own. The page notes errors of its console in `errors`
    and requests to other hosts in `foreign`.
    """
    opened: list[Page] = []

    def open_page(
        path: str = "/gaussian-mixtures",
        prepare: Callable[[Page], None] = lambda page: None,
        painted: bool = True,
        **options: object,
    ) -> Page:
        if opened or options.keys() - SCREEN.keys():
            page = browser.new_context(**(SCREEN | options)).new_page()
        else:
            look = SCREEN | options
            page = warm.new_page()
            page.set_viewport_size(look["viewport"])
            page.emulate_media(color_scheme=look["color_scheme"])
        opened.append(page)
        page.errors, page.foreign = [], []
        page.on("console", lambda message: _note_error(page, message))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda request: _note_foreign(page, request.url, url))
        page.on("websocket", lambda opened: _note_foreign(page, opened.url, url))
        prepare(page)
        page.goto(url + path)
        if painted:
            page.wait_for_function(FIRST_PICTURE, timeout=60_000)
        return page

    yield open_page
    for page in opened:
        if page.context == warm:
            page.evaluate(FORGET)
            page.close()
        else:
            page.context.close()
    warm.clear_cookies()


def _note_error(page: Page, message: ConsoleMessage) -> None:
    probe = (message.location or {}).get("url", "").endswith(PROBES)
    if message.type == "error" and not probe:
        page.errors.append(message.text)


def _note_foreign(page: Page, address: str, home: str) -> None:
    own = (home, home.replace("http", "ws", 1), "data:", "blob:")
    if not address.startswith(own):
        page.foreign.append(address)
