"""Scene: what of a page is shown, beside the run: view, layers, and what a teacher hides or locks.

It travels in the link: `view`, `layers`, `hide` and `lock` (lists of names with commas between),
and `present=1` for large type and no chrome. Reading never raises: each bad value costs one
sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import streamlit as st

from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.repair import shown
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import address, session

MAX_NAMES = 100
PARTS = {  # what can be hidden besides single knobs, as a teacher reads it
    "controls": "All controls",
    "preset": "Preset",
    "target": "Target",
    "energy": "Energy",
    "method": "Method",
    "more": "More (all folded controls)",
    "view": "Switch of the view",
    "story": "Story of the preset",
    "take-away": "Take away",
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
SINGLE = ("sampler", "walkers")  # blocks of one kind
LAYERS = ("energy", "isolines", "data", "walkers", "chains", "means", "truth", "weighted", "none")


@dataclass(frozen=True)
class Scene:
    """What a page shows; view "" is the page's first one, layers "" those at the start."""

    view: str = ""
    layers: str = ""
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
class Kept:
    """The scene of one page of a tab, and the link that it was last written to or read from."""

    scene: Scene
    query: dict[str, str]
    problems: tuple[str, ...] = ()
    edition: int = 0  # grows with every link: widgets then start from the scene again


def enter(slot: str, views: Sequence[str]) -> tuple[Scene, tuple[str, ...]]:
    """The scene of a page and sentences on its link; as the link says when that is another one."""
    kept = session.kept("scenes", dict)
    given = _ours(st.query_params.to_dict())
    if slot not in kept or (given and given != kept[slot].query):
        problems: list[str] = []
        scene = read(given, views, problems)
        scene = replace(scene, present=scene.present or presenting())
        edition = kept[slot].edition + 1 if slot in kept else 0
        kept[slot] = Kept(scene, given, tuple(problems), edition)
    return kept[slot].scene, kept[slot].problems


def of(slot: str) -> Scene:
    """The scene of a page as it is, the plain one before its first."""
    kept = session.kept("scenes", dict).get(slot)
    return kept.scene if kept is not None else Scene()


def edition(slot: str) -> int:
    """How many links a page has been given."""
    return session.kept("scenes", dict)[slot].edition


def presenting() -> bool:
    """Whether this tab is in presenter mode: its link says so, or a page was told to."""
    if st.query_params.get("present") == "1":
        present(on=True)
    return session.kept("presenter", dict).get("on", False)


def present(*, on: bool) -> None:
    """Begin or end presenter mode on all pages of this tab."""
    session.kept("presenter", dict)["on"] = on
    for kept in session.kept("scenes", dict).values():
        kept.scene = replace(kept.scene, present=on)
    if not on and "present" in st.query_params:
        del st.query_params["present"]


def change(slot: str, **values: Any) -> Scene:
    """Give a page another scene; the next `write` puts it into the link."""
    kept = session.kept("scenes", dict)
    kept[slot].scene = replace(kept[slot].scene, **values)
    return kept[slot].scene


def to_query(scene: Scene) -> dict[str, str]:
    """The query parameters of a scene: only what differs from the plain one."""
    lists = {"hide": ",".join(scene.hide), "lock": ",".join(scene.lock)}
    texts = {"view": scene.view, "layers": scene.layers, **lists}
    found = {name: text for name, text in texts.items() if text}
    return found | ({"present": "1"} if scene.present else {})


def query(slot: str) -> dict[str, str]:
    """The parameters of a page's present scene, noted as written."""
    kept = session.kept("scenes", dict).get(slot)
    if kept is None:
        return {}
    kept.query = to_query(kept.scene)
    return kept.query


def read(params: Mapping[str, str], views: Sequence[str], problems: list[str]) -> Scene:
    """The scene of query parameters; each name that is unknown costs one sentence."""
    view = params.get("view", "")
    if view and view not in views:
        problems.append(
            f"view = {shown(view)} is unknown, it must be one of {', '.join(views)}; "
            f"{views[0]} is used."
        )
        view = ""
    layers = _names(params, "layers", LAYERS.__contains__, problems)
    present = params.get("present", "")
    if present not in ("", "0", "1"):
        problems.append(f"present = {shown(present)} is not allowed, it must be 0 or 1; 0 is used.")
    hide = _names(params, "hide", _can_be_hidden, problems)
    lock = _names(params, "lock", lambda name: name in CHOICES or name in _paths(), problems)
    return Scene(view, ",".join(layers), hide, lock, present == "1")


def _names(
    params: Mapping[str, str], key: str, known: Callable[[str], bool], problems: list[str]
) -> tuple[str, ...]:
    """The known names of a list in a link, each once."""
    given = list(dict.fromkeys(name for name in params.get(key, "").split(",") if name))
    if len(given) > MAX_NAMES:
        problems.append(f"{key} has {len(given)} names, the limit is {MAX_NAMES}; none is used.")
        return ()
    bad = [name for name in given if not known(name)]
    if bad:
        problems.append(f"{key} names {shown(', '.join(bad))}, which this page does not have.")
    return tuple(name for name in given if name not in bad)


def _can_be_hidden(name: str) -> bool:
    return name in PARTS or name in PANELS or name in _paths()


def _ours(params: Mapping[str, str]) -> dict[str, str]:
    return {name: str(params[name]) for name in sorted(address.SCENE) if params.get(name)}


@cache
def _paths() -> frozenset[str]:
    """Every knob that some spec has."""
    blocks = [("", RunSpec)]
    blocks += [(f"{head}.", block) for head, kinds in KINDS.items() for block in kinds.values()]
    blocks += [(f"{name}.", RunSpec.model_fields[name].annotation) for name in SINGLE]
    return frozenset(
        prefix + name
        for prefix, block in blocks
        for name, field in block.model_fields.items()
        if (field.json_schema_extra or {}).get("label")
    )
