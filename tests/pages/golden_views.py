"""Links beyond a single run that must read the same forever, and the command that adds one.

    python -m tests.pages.golden_views add compare "v=1&preset=ring&by=method&values=cd,pcd"

Each entry of golden_views.json names who reads the link (the scene of the explorer, the page of
comparisons, of lessons or of sweeps), the link, and what it stands for. A link that needs a
sentence is not golden.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pages.common.compare import link as compare_link
from pages.common.compare.comparison import members
from pages.common.lesson import flow
from pages.common.sweep import link as sweep_link
from pages.common.tab import display
from tests.pages import golden

FILE = Path(__file__).with_name("golden_views.json")
VIEWS = ("Live", "Figures", "Slow motion", "Runs")


class Golden(NamedTuple):
    """A link without its question mark, who reads it, and what it stands for as parsed JSON."""

    reader: str
    link: str
    content: dict[str, Any]


def read_scene(params: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """View, layers, and what is hidden, locked or large."""
    return vars(display.read(params, VIEWS, problems))


def read_comparison(params: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """What is compared, and the whole spec of each run."""
    found, sentences = compare_link.from_query(params)
    problems.extend(sentences)
    specs = {one.name: one.spec.model_dump(mode="json") for one in members(found)}
    return {"preset": found.preset, "by": found.by, "values": found.values, "specs": specs}


def read_lesson(params: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """The lesson's id, which outlives its number, and the place in it."""
    found = flow.read(params, flow.known(), problems)
    return {} if found is None else {"lesson": found[0].id, "place": found[1]}


def read_sweep(params: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """The whole sweep."""
    return sweep_link.from_query(params, problems)[0].model_dump(mode="json")


READERS: dict[str, Callable[[Mapping[str, str], list[str]], dict[str, Any]]] = {
    "scene": read_scene,
    "compare": read_comparison,
    "lesson": read_lesson,
    "sweep": read_sweep,
}


def golden_views() -> list[Golden]:
    """Every link of the file, in its order."""
    return [Golden(**entry) for entry in golden.entries(FILE)]


def read(reader: str, link: str) -> tuple[Golden, list[str]]:
    """What the app makes of a link today, and its sentences on it."""
    problems: list[str] = []
    content = READERS[reader](dict(parse_qsl(link, True)), problems)
    return Golden(reader, link, json.loads(json.dumps(content))), problems


def add(reader: str, link: str) -> None:
    """Append a link to the file; ValueError where it is there already or costs a sentence."""
    found, problems = read(reader, link)
    golden.append(FILE, found, ("reader", "link"), problems)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.pages.golden_views")
    parser.add_argument("command", choices=["add"])
    parser.add_argument("reader", choices=list(READERS))
    parser.add_argument("link", help="the link after its question mark")
    given = parser.parse_args()
    try:
        add(given.reader, given.link.lstrip("?"))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
