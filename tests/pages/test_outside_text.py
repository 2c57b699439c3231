"""Text from outside is shown as it is: no link, no markup. An error shows no path of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ebm_engine.server.commands import Pause
from ebm_engine.server.hub.hub import hub
from pages.common.tab.offers import IMAGES
from tests.data.own_images import arrays
from tests.server.hub_tools import view_at

LINK = "[a](http://evil.example)"
TAG = "<a href='http://evil.example'>a</a>"
PAGES = ["gaussian_mixtures.py", "mnist.py", "langevin.py", "compare.py", "sweeps.py", "lessons.py"]
FIELDS = [
    "v",
    "preset",
    "method",
    "target",
    "energy",
    "seed",
    "section",
    "view",
    "hide",
    "lock",
    "values",
    "by",
    "base",
    "sweep",
    "lesson",
    "step",
    "walkers.count",
    "target.path",
    LINK,
]
# A link of ours goes to no server named like this; escaped, brackets have a backslash.
ALIVE = re.compile(r"[^\\]\]\(http://evil|(<|\\u003c)a href='http://evil|[^\\]://evil")  # fmt: skip


def shown(test: AppTest) -> Iterator[str]:
    """What each element of a page is made of, but for what the person wrote into a field."""
    for element in test.main:
        kind, proto = element.type, getattr(element, "proto", None)
        if proto is not None and kind not in ("bidi_component", "text_input", "code"):
            yield str(proto)


def alive(test: AppTest) -> list[str]:
    """The elements that hold the link or the tag as markup."""
    return [text for text in shown(test) if ALIVE.search(text)]


@pytest.mark.parametrize("page", PAGES)
def test_no_value_of_a_bad_link_becomes_markup(app, page):
    """Each field with a link, an address and a tag; the page says what is wrong with some."""
    for value in (LINK, "http://evil.example", TAG):
        test = app()
        test.switch_page(page)
        test.query_params.update(dict.fromkeys(FIELDS, value))
        test.run()
        assert not test.exception
        assert alive(test) == []


@pytest.mark.parametrize("name", [LINK, TAG])
def test_no_name_of_a_class_becomes_markup(app, name):
    """Own images of two classes, on a page whose run rests; figures: tests/views."""
    test = app()
    test.switch_page("mnist.py")
    test.run()
    held = test.session_state["held"][IMAGES]
    test.selectbox(key=f"target.kind#{held.scope}").set_value("images").run()
    drawn = np.random.default_rng(0).integers(0, 256, (40, 6, 6), dtype=np.uint8)
    labels = np.where(np.arange(40) % 2, "odd", name)
    test.file_uploader[0].upload("own.npz", arrays(images=drawn, labels=labels), "application/zip")
    test.run()
    assert any("Classes" in text for text in shown(test))
    held = test.session_state["held"][IMAGES]
    view_at(hub(), held.token, 0)
    hub().command(held.token, Pause())
    test.run()
    assert alive(test) == []


def test_an_error_page_shows_no_message_and_no_path():
    """Of an unforeseen error the person sees the type; all of it is in the server's log."""

    def page() -> None:
        raise RuntimeError("/home/somebody/secret.json")

    (error,) = AppTest.from_function(page).run().exception
    assert "RuntimeError" in str(error.proto)
    assert not re.search(r"secret|\.py|/home|site-packages", str(error.proto))
