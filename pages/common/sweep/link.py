"""The link of a sweep: `preset`, `methods`, the axes `x` and `y`, `seeds`, `updates`, `number`.

An axis is written as path:value,value,…; `number` names the quantity that is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ebm_engine.spec.knobs import Knob
from ebm_engine.spec.repair import shown
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
from pages.common.tab import link, run_link
from pages.common.tab.link import Field, choice, whole_number
from pages.common.tab.offers import EXPLORER, offer

MAX_COUNT = 20  # values of one knob on the page; the command line takes more
FEW = 3  # values of a knob that the link does not name


def enter() -> None:
    """Show the sweep of the link if that is another one than the tab's."""
    tab = tab_sweep.current()
    params = link.given(field.name for field in FIELDS)
    if tab.link.is_new(params):
        sweep, number = from_query(params, tab.link.problems)
        tab.number = number
        if sweep != tab.sweep:
            tab_sweep.take(sweep)


def write() -> None:
    """Make the address bar hold the tab's sweep."""
    tab = tab_sweep.current()
    tab.link.write(to_query(tab.sweep, tab.number))


def to_query(sweep: SweepSpec, number: str) -> dict[str, str]:
    """The query parameters of a sweep around a preset."""
    return link.query(FIELDS, vars(sweep) | {"v": run_link.VERSION, "number": number})


def from_query(params: Mapping[str, str], problems: list[str]) -> tuple[SweepSpec, str]:
    """The sweep of query parameters and its number; what does not fit adds to `problems`."""
    values = link.read(FIELDS, params, problems)
    start = _start(values.get("preset", FIRST["preset"]))
    parts = {field.name: values[field.name] for field in PARTS if field.name in values}
    sweep = link.fitted(parts, lambda some: _checked(start | some), problems)
    return sweep, values.get("number", next(iter(QUANTITIES)))


def _start(name: str) -> dict[str, Any]:
    """What a sweep around a preset begins with."""
    if name == FIRST["preset"]:
        return FIRST
    base = offer(EXPLORER).presets[name].spec
    usable = number_knobs(base, FIRST["methods"])
    x, y = [path for path in (*FAVOURITES, *usable) if path in usable][:2]
    return FIRST | {"preset": name, "base": base, "x": _usual(usable[x]), "y": _usual(usable[y])}


def _usual(knob: Knob) -> Axis:
    return Axis(path=knob.path, values=usual_values(knob, FEW))


def _checked(content: dict[str, Any]) -> SweepSpec:
    """The sweep, if the page's controls can show it. Raises SpecError."""
    sweep = parse_sweep(content)
    check_numbers(sweep, MAX_COUNT)
    return sweep


def _axis(text: str) -> dict[str, Any]:
    path, colon, values = text.partition(":")
    if not (path and colon and values):
        raise ValueError("does not read path:value,value,…")
    return {"path": path, "values": tuple(_number(part) for part in values.split(","))}


def _number(text: str) -> Any:
    value = link.value_of(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"has {shown(text)}, which is not a number")
    return value


def _axis_text(axis: Axis) -> str:
    return f"{axis.path}:{','.join(link.text_of(value) for value in axis.values)}"


PARTS = (
    Field("methods", parts=True),
    Field("x", _axis, _axis_text),
    Field("y", _axis, _axis_text),
    Field("seeds", whole_number),
    Field("updates", whole_number),
)
FIELDS = (
    Field("v"),
    choice("preset", offer(EXPLORER).presets, FIRST["preset"]),
    *PARTS,
    choice("number", QUANTITIES),
)
