"""Presets: named specs that come with the app, as JSON files in assets/presets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import RunSpec, SpecError

PACKAGE = Path(__file__).parents[1]
# An installed package carries the presets and lessons, a clone has them beside it.
ASSETS = next(p for p in (PACKAGE / "assets", PACKAGE.parent / "assets") if p.is_dir())
FOLDER = ASSETS / "presets"
ORDER = (
    "two-modes",
    "masses-only",
    "phantom-mode",
    "ring",
    "gmm50",
    "net-two-modes",
    "net-ring",
    "net-grid",
    "net-moons",
    "net-checkerboard",
    "net-spirals",
    "net-pinwheel",
    "net-swiss-roll",
    "improved-cd",
    "red-step",
    "red-improved-cd",
    "red-thin",
    "red-rate",
    "red-cd",
)
IMAGE_ORDER = ("digits-017", "mnist-017", "mnist-236", "digits-cnn", "mnist-cnn-pixels")


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
    """The presets of points in space by name; the first is the default."""
    return {name: _load(name) for name in ORDER}


def image_presets() -> dict[str, Preset]:
    """The presets of images by name; the first needs no download."""
    return {name: _load(name) for name in IMAGE_ORDER}


def preset(name: str) -> Preset:
    """One preset, of either kind. Raises SpecError with the names there are."""
    known = (*ORDER, *IMAGE_ORDER)
    if name not in known:
        raise SpecError(f"preset {name!r} is unknown, there are {', '.join(known)}")
    return _load(name)
