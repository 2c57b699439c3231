"""Presets: named specs that come with the app, as JSON files in assets/presets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ebm_engine.runs.spec import RunSpec, SpecError, parse_spec

FOLDER = Path(__file__).parents[2] / "assets" / "presets"
ORDER = ("two-modes", "masses-only", "phantom-mode", "ring", "gmm50")


@dataclass(frozen=True)
class Preset:
    """A spec with its title, a one-sentence story and the updates it takes to tell it."""

    name: str
    title: str
    story: str
    updates: int
    spec: RunSpec


@cache
def _load(name: str) -> Preset:
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    spec = parse_spec(content["spec"])
    return Preset(name, content["title"], content["story"], content["updates"], spec)


def presets() -> dict[str, Preset]:
    """All presets by name; the first is the default."""
    return {name: _load(name) for name in ORDER}


def preset(name: str) -> Preset:
    """One preset. Raises SpecError with the names there are."""
    if name not in ORDER:
        raise SpecError(f"preset {name!r} is unknown, there are {', '.join(ORDER)}")
    return _load(name)
