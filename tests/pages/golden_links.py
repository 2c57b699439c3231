"""Links that must read the same forever, and the command that adds one.

    python -m tests.pages.golden_links add "v=1&preset=ring&method=cd" --page explorer

Each entry of golden_links.json names the page, the link, the preset and the whole spec it stands
for. A link that needs a sentence is not golden.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pages.common.tab.offers import EXPLORER, IMAGES, offer
from pages.common.tab.run_link import from_query
from tests.pages import golden

FILE = Path(__file__).with_name("golden_links.json")


class Golden(NamedTuple):
    """A link without its question mark, and what it stands for; spec: the parsed JSON of it."""

    page: str
    link: str
    preset: str
    spec: dict[str, Any]


def golden_links() -> list[Golden]:
    """Every link of the file, in its order."""
    return [Golden(**entry) for entry in golden.entries(FILE)]


def read(page: str, link: str) -> tuple[Golden, list[str]]:
    """What a page of the app makes of a link today, and its sentences on it."""
    name, spec, problems = from_query(dict(parse_qsl(link, True)), offer(page))
    return Golden(page, link, name, spec.model_dump(mode="json")), problems


def add(page: str, link: str) -> None:
    """Append a link to the file; ValueError where it is there already or costs a sentence."""
    found, problems = read(page, link)
    golden.append(FILE, found, ("page", "link"), problems)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.pages.golden_links")
    parser.add_argument("command", choices=["add"])
    parser.add_argument("link", help="the link after its question mark")
    parser.add_argument("--page", choices=[EXPLORER, IMAGES], default=EXPLORER)
    given = parser.parse_args()
    try:
        add(given.page, given.link.lstrip("?"))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
