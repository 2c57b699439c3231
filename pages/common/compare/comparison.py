"""Comparisons: two to four runs that differ in their method or in one knob, as a value.

Everything else is shared: the spec that they start from, with its seed. What is read never raises:
each value that does not fit costs one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.presets import Preset
from ebm_engine.spec.recommended import suited
from ebm_engine.spec.repair import shown
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.sweep import sweep_spec
from pages.common.tab.link import text_of
from pages.common.tab.offers import EXPLORER, IMAGES, Offer, offer

METHOD = "method"  # what is compared; else the path of a knob
FEWEST, MOST = 2, 4
USUAL_METHODS = {EXPLORER: ("cd", "cd-10", "pcd", "weighted-ula"), IMAGES: ("pcd", "weighted-ula")}
STEPS = re.compile(r"cd-([1-9]\d{0,3})")  # CD with that many steps
SAME = ("seed", "device")  # never compared: the runs share seed and noise, on one machine
SPREAD = 3  # values of a number to begin with


@dataclass(frozen=True)
class Comparison:
    """`base` in as many variants as there are values of `by`, METHOD or the path of a knob.

    values: methods are named by their kind, CD with k steps also by cd-k; a kind that is that of
    `base` keeps its settings.
    """

    preset: str
    base: RunSpec
    by: str
    values: tuple[Any, ...]


class Member(NamedTuple):
    """One of the runs: the value it stands for, what it is called, and its spec."""

    value: Any
    name: str
    spec: RunSpec


def all_presets() -> dict[str, Preset]:
    """The presets of both pages with a run of their own, the first is where a bare visit starts."""
    return {**offer(EXPLORER).presets, **offer(IMAGES).presets}


def slot_of(spec: RunSpec) -> str:
    """The page that shows such a run alone."""
    return IMAGES if spec.target.of_images else EXPLORER


def offer_with(preset: str) -> Offer:
    """All presets, and the kinds that go with one of them."""
    known = all_presets()
    chosen = known.get(preset, next(iter(known.values())))
    return Offer(known, offer(slot_of(chosen.spec)).kinds)


def comparable(base: RunSpec) -> dict[str, Knob]:
    """The knobs whose values can be compared, by path."""
    return {
        knob.path: knob
        for knob in knobs(base)
        if knob.path not in SAME and (knob.usual or knob.kind in ("bool", "choice"))
    }


def members(comparison: Comparison) -> list[Member]:
    """The runs of a comparison, in the order of its values."""
    return [member(comparison.base, comparison.by, value) for value in comparison.values]


def member(base: RunSpec, by: str, value: Any) -> Member:
    """The run of one value. Raises SpecError where it does not fit."""
    if by == METHOD:
        spec = _with_method(base, value)
        return Member(value, spec.method.label.format(**spec.method.model_dump()), spec)
    spec = with_value(base, by, value)
    value = flatten(spec)[by]
    knob = comparable(base)[by]
    unit = f" {knob.unit}" if knob.unit else ""
    text = f"{value:.6g}" if knob.kind == "float" else text_of(value)
    return Member(value, f"{knob.label} = {text}{unit}", spec)


def fitted(
    preset: str, base: RunSpec, by: str, values: Sequence[Any], problems: list[str]
) -> Comparison:
    """The comparison with all values that fit, the usual ones where fewer than two do.

    Each value that is left out adds a sentence to `problems`.
    """
    if by != METHOD and by not in comparable(base):
        problems.append(f"by = {shown(by)} cannot be compared here; the methods are compared.")
        by, values = METHOD, ()
    found = fitting(base, by, values, problems)
    if len(found) > MOST:
        problems.append(f"values has {len(found)} runs, the limit is {MOST}; the rest is left out.")
        found = found[:MOST]
    if len(found) < FEWEST:
        if values:
            problems.append(
                f"A comparison needs {FEWEST} values that fit; the usual ones are used."
            )
        found = fitting(base, by, usual_values(base, by), [])
    if len(found) < FEWEST:
        problems.append(f"{by} does not have {FEWEST} values that fit; the methods are compared.")
        return fitted(preset, base, METHOD, (), problems)
    return Comparison(preset, base, by, tuple(one.value for one in found))


def usual_values(base: RunSpec, by: str) -> tuple[Any, ...]:
    """Values to begin with: the usual methods, the first choices, or numbers over the range."""
    if by == METHOD:
        return USUAL_METHODS[slot_of(base)]
    knob = comparable(base)[by]
    if knob.kind == "bool":
        return (False, True)
    if knob.choices:
        return knob.choices[:MOST]
    return sweep_spec.usual_values(knob, SPREAD, digits=1)


def methods(base: RunSpec, *more: Any) -> dict[str, str]:
    """The names of the methods that fit, by value: the usual ones, those of the page, `more`."""
    kinds = offer(slot_of(base)).kinds["method"]
    values = dict.fromkeys([*USUAL_METHODS[EXPLORER], *kinds, *more])
    return {one.value: one.name for one in fitting(base, METHOD, list(values), [])}


def fitting(base: RunSpec, by: str, values: Sequence[Any], problems: list[str]) -> list[Member]:
    """The runs of the values that fit, each once."""
    found: list[Member] = []
    for value in values:
        try:
            one = member(base, by, value)
        except SpecError as error:
            problems.append(f"{error}; it is left out.")
            continue
        if any(one.spec == other.spec for other in found):
            problems.append(f"values has {shown(one.name)} twice; it counts once.")
            continue
        found.append(one)
    return found


def _with_method(base: RunSpec, value: str) -> RunSpec:
    """The base with the method that `value` names. Raises SpecError."""
    known = offer(slot_of(base)).kinds["method"]
    steps = STEPS.fullmatch(value)
    kind = "cd" if steps else value
    if kind not in known:
        raise SpecError(
            f"values = {shown(value)} is not a method, it must be one of {', '.join(known)}, cd-10"
        )
    spec = base if kind == base.method.kind else suited(base, "method", kind)
    return with_value(spec, "method.k", int(steps[1])) if steps else spec
