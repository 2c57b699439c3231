"""What a page shows of its run: view, layers, and what a teacher hides or locks.

It travels in the link: `view`, `layers`, `hide` and `lock` (lists of names with commas between),
and `present=1` for large type and no menu.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import streamlit as st

from ebm_engine.spec.fields import Block
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.spec.sampler import Sampler, Walkers
from pages.common.tab import link, session
from pages.common.tab.link import Field, PageLink, choice

LONGEST = 4000  # characters of a list of names
PARTS = {  # what can be hidden besides single knobs, as a teacher reads it
    "controls": "All controls",
    "preset": "Preset",
    "target": "Target",
    "energy": "Energy",
    "method": "Method",
    "more": "More (all folded controls)",
    "view": "View switch",
    "story": "Description of the preset",
    "take-away": "Download",
    "share": "Share",
}
PANELS = {  # parts of the stage, which can be hidden as well
    "kl": "KL panel and number",
    "contrast": "Contrast panel",
    "ess": "ESS panel and number",
    "weights": "Log-weights panel",
    "masses": "Masses panel",
    "timeline": "Timeline",
}
CHOICES = ("preset", "target", "energy", "method", "optimizer")  # what can be locked besides knobs
SINGLE = {"sampler": Sampler, "walkers": Walkers}  # blocks of one kind
LAYERS = ("energy", "isolines", "data", "walkers", "chains", "means", "truth", "weighted", "none")
LISTS = ("layers", "hide", "lock")
LINK = ("view", *LISTS, "present")


@dataclass(frozen=True)
class DisplayOptions:
    """What a page shows; view "" is the page's first one, layers "" those at the start."""

    view: str = ""
    layers: str = ""  # names with commas between
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    present: bool = False

    def shows(self, name: str) -> bool:
        """Whether a part or a knob is shown."""
        return name not in self.hide

    @property
    def hidden_panels(self) -> tuple[str, ...]:
        """The parts of the stage that are hidden."""
        return tuple(name for name in PANELS if name in self.hide)

    def frees(self, name: str) -> bool:
        """Whether a value can be changed by hand."""
        return name not in self.lock


@dataclass
class _Page:
    """What one page of a tab shows, and its link."""

    options: DisplayOptions = DisplayOptions()
    link: PageLink = field(default_factory=PageLink)


def enter(slot: str, views: Sequence[str]) -> tuple[DisplayOptions, list[str]]:
    """What a page shows and sentences on its link; as the link says when that is another one."""
    page = _pages().setdefault(slot, _Page())
    params = link.given(LINK)
    if page.link.is_new(params):
        page.options = read(params, views, page.link.problems)
    if presenting():
        change(slot, present=True)
    return page.options, page.link.problems


def of(slot: str) -> DisplayOptions:
    """What a page shows, everything before its first run."""
    return _pages().get(slot, _Page()).options


def edition(slot: str) -> int:
    """How many links a page has been given."""
    return _pages()[slot].link.edition


def presenting() -> bool:
    """Whether this tab is in presenter mode: its link says so, or a button of a page did."""
    if st.query_params.get("present") == "1":
        present(on=True)
    return session.kept("presenter", dict).get("on", False)


def present(*, on: bool) -> None:
    """Begin or end presenter mode on all pages of this tab."""
    session.kept("presenter", dict)["on"] = on
    for slot in _pages():
        change(slot, present=on)
    if not on and "present" in st.query_params:
        del st.query_params["present"]


def change(slot: str, **values: Any) -> None:
    """Let a page show something else; the next `query` puts it into the link."""
    page = _pages()[slot]
    page.options = replace(page.options, **values)


def query(slot: str) -> dict[str, str]:
    """The parameters of what a page shows now, which are then no new link."""
    page = _pages().setdefault(slot, _Page())
    page.link.query = to_query(page.options)
    return page.link.query


def _pages() -> dict[str, _Page]:
    return session.kept("display", dict)


def to_query(options: DisplayOptions) -> dict[str, str]:
    """The query parameters of display options: only what differs from the plain ones."""
    return link.query(_fields(("",)), vars(options) | {"layers": options.layers.split(",")})


def read(params: Mapping[str, str], views: Sequence[str], problems: list[str]) -> DisplayOptions:
    """The display options of query parameters."""
    values = link.read(_fields(views), params, problems)
    lists = {name: tuple(dict.fromkeys(names)) for name, names in values.items() if name in LISTS}
    values |= lists | {"layers": ",".join(lists.get("layers", ()))}
    return DisplayOptions(**values)


def _fields(views: Sequence[str]) -> tuple[Field, ...]:
    values = _knob_paths()
    return (
        choice("view", views),
        _names("layers", LAYERS),
        _names("hide", {*PARTS, *PANELS, *values}),
        _names("lock", {*CHOICES, *values}),
        Field("present", _flag, lambda on: "1" if on else "", otherwise="0 is used"),
    )


def _names(name: str, known: Iterable[str]) -> Field:
    def read_name(text: str) -> str:
        if text not in known:
            raise ValueError("this page does not have")
        return text

    return Field(name, read_name, parts=True, longest=LONGEST)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("is not allowed, it must be 0 or 1")
    return text == "1"


@cache
def _knob_paths() -> frozenset[str]:
    """The path of every knob that some spec has."""
    blocks: list[tuple[str, type[Block]]] = [("", RunSpec)]
    blocks += [(f"{head}.", block) for head, kinds in KINDS.items() for block in kinds.values()]
    blocks += [(f"{name}.", block) for name, block in SINGLE.items()]
    return frozenset(
        prefix + name
        for prefix, block in blocks
        for name, field in block.model_fields.items()
        if (field.json_schema_extra or {}).get("label")
    )
