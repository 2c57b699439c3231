"""The link of a sweep: `preset`, `methods`, the axes `x` and `y`, `seeds`, `updates`, `number`.

An axis is written as path:value,value,…; `number` names the quantity that is drawn. Reading never
raises: each part that does not fit costs one sentence and keeps what the page would begin with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ebm_engine.spec.knobs import Knob
from ebm_engine.spec.repair import shown
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.sweep.numbers import QUANTITIES
from ebm_engine.sweep.sweep_spec import (
    Axis,
    SweepSpec,
    check_numbers,
    number_knobs,
    parse_sweep,
    usual_values,
)
from pages.common.sweep import tab_sweep
from pages.common.sweep.tab_sweep import FAVOURITES, FIRST
from pages.common.tab import address
from pages.common.tab.offers import EXPLORER, offer

PARTS = ("methods", "x", "y", "seeds", "updates")
OURS = frozenset({"v", "preset", "number", *PARTS})
LONGEST = 400  # characters of one part
MAX_COUNT = 20  # values of one knob on the page; the command line takes more
FEW = 3  # values of a knob that the link does not name


def enter() -> None:
    """Show the sweep of the link if that is another one than the tab's."""
    mine = tab_sweep.desk()
    given = {name: text for name, text in st.query_params.to_dict().items() if name in OURS}
    if not given or given == mine.query:
        return
    mine.query, problems = given, []
    sweep = read(given, problems)
    mine.number = _number(given.get("number", ""), problems)
    mine.problems, mine.links = tuple(problems), mine.links + 1
    if sweep != mine.sweep:
        tab_sweep.take(sweep)


def write() -> None:
    """Make the address bar hold the tab's sweep; parameters that are not ours stay."""
    mine = tab_sweep.desk()
    mine.query = to_query(mine.sweep, mine.number)
    present = st.query_params.to_dict()
    wanted = {k: v for k, v in present.items() if k in address.FOREIGN | {"present"}} | mine.query
    if present != wanted:
        st.query_params.from_dict(wanted)


def to_query(sweep: SweepSpec, number: str) -> dict[str, str]:
    """The query parameters of a sweep around a preset."""
    return {
        "v": str(address.VERSION),
        "preset": sweep.preset,
        "methods": ",".join(sweep.methods),
        "x": _axis_text(sweep.x),
        "y": _axis_text(sweep.y),
        "seeds": str(sweep.seeds),
        "updates": str(sweep.updates),
        "number": number,
    }


def read(params: Mapping[str, str], problems: list[str]) -> SweepSpec:
    """The sweep of query parameters; each part that does not fit adds a sentence to `problems`."""
    content = _start(params.get("preset", ""), problems)
    given = {name: params[name] for name in PARTS if params.get(name)}
    for name in [name for name, text in given.items() if len(text) > LONGEST]:
        length = len(given.pop(name))
        problems.append(
            f"{name} has {length} characters, the limit is {LONGEST}; its default is used."
        )
    return _fitted(content, given, problems)


def _start(name: str, problems: list[str]) -> dict[str, Any]:
    """What a sweep around a preset begins with."""
    known = offer(EXPLORER).presets
    if name and name not in known:
        problems.append(
            f"preset = {shown(name)} is unknown, it must be one of {', '.join(known)}; "
            f"{FIRST['preset']} is used."
        )
    if name not in known or name == FIRST["preset"]:
        return dict(FIRST)
    base = known[name].spec
    usable = number_knobs(base, FIRST["methods"])
    x, y = [path for path in (*FAVOURITES, *usable) if path in usable][:2]
    axes = {"x": _usual(usable[x]), "y": _usual(usable[y])}
    return FIRST | {"preset": name, "base": base} | axes


def _usual(knob: Knob) -> Axis:
    return Axis(path=knob.path, values=usual_values(knob, FEW))


def _fitted(content: dict[str, Any], given: Mapping[str, str], problems: list[str]) -> SweepSpec:
    """All parts together if they fit; else one after the other, without those that do not."""
    parts: dict[str, Any] = {}
    for name, text in given.items():
        try:
            parts[name] = _read(name, text)
        except ValueError as error:
            problems.append(f"{name} = {shown(text)} {error}; its default is used.")
    try:
        return _checked(content | parts)
    except SpecError:
        for name, value in parts.items():
            try:
                _checked(content | {name: value})
                content = content | {name: value}
            except SpecError as error:
                about = "" if str(error).startswith(f"{name} ") else f"{name}: "
                problems.append(f"{about}{error}; its default is used.")
    return _checked(content)


def _checked(content: dict[str, Any]) -> SweepSpec:
    """The sweep, if the page's controls can show it. Raises SpecError."""
    sweep = parse_sweep(content)
    check_numbers(sweep, MAX_COUNT)
    return sweep


def _read(name: str, text: str) -> Any:
    """The value of one part. Raises ValueError with the end of a sentence."""
    if name == "methods":
        names = tuple(part for part in text.split(",") if part)
        if not names:
            raise ValueError("names no method")
        return names
    if name in ("seeds", "updates"):
        if not (text.isascii() and text.isdigit()):
            raise ValueError("is not a whole number above 0")
        return int(text)
    path, colon, values = text.partition(":")
    if not (path and colon and values):
        raise ValueError("does not read path:value,value,…")
    return {"path": path, "values": tuple(_value(part) for part in values.split(","))}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"has {shown(text)}, which is not a number")
    return value


def _number(name: str, problems: list[str]) -> str:
    first = next(iter(QUANTITIES))
    if name and name not in QUANTITIES:
        problems.append(
            f"number = {shown(name)} is unknown, it must be one of {', '.join(QUANTITIES)}; "
            f"{first} is used."
        )
    return name if name in QUANTITIES else first


def _axis_text(axis: Axis) -> str:
    return f"{axis.path}:{','.join(json.dumps(value) for value in axis.values)}"
