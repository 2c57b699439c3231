"""The link of a comparison, and the comparison that a tab has at present.

The parameters are those of the base run, with `by` (method, or the path of a knob) and `values`
(with commas between).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from ebm_engine.spec.repair import shown
from pages.common.compare.comparison import (
    METHOD,
    Comparison,
    comparable,
    fitted,
    offer_with,
    text_of,
)
from pages.common.tab import address, session

LONGEST = 400  # characters of all values together
OTHERS = address.FOREIGN | {"present"}  # parameters that stay as they are


@dataclass
class Desk:
    """The comparison of a tab, sentences on its link, and the link last written.

    `edition` grows when the comparison changes from anywhere but the widgets, which start again.
    """

    now: Comparison | None = None
    query: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    edition: int = 0


def enter() -> Desk:
    """The comparison of this tab: as the link says if that is new, else as it was."""
    desk = session.kept("comparison", Desk)
    given = _ours(st.query_params.to_dict())
    if desk.now is None or (given and given != desk.query):
        desk.now, problems = from_query(given)
        desk.problems, desk.edition = tuple(problems), desk.edition + 1
    return desk


def change(comparison: Comparison, *, afresh: bool = False, problems: tuple[str, ...] = ()) -> None:
    """Give the tab another comparison; `afresh` where the widgets do not show it yet."""
    desk = session.kept("comparison", Desk)
    desk.now, desk.problems = comparison, problems
    desk.edition += int(afresh)


def write_link() -> None:
    """Make the address bar hold the comparison; parameters that are not ours stay."""
    desk = session.kept("comparison", Desk)
    desk.query = to_query(desk.now)
    present = st.query_params.to_dict()
    others = {name: text for name, text in present.items() if name in OTHERS}
    if present != others | desk.query:
        st.query_params.from_dict(others | desk.query)


def to_query(comparison: Comparison) -> dict[str, str]:
    """The query parameters of a comparison."""
    values = ",".join(text_of(value) for value in comparison.values)
    about = {"by": comparison.by, "values": values}
    return address.to_query(comparison.preset, comparison.base) | about


def from_query(params: Mapping[str, str]) -> tuple[Comparison, list[str]]:
    """The comparison of query parameters and one sentence per problem; never raises."""
    preset, base, problems = address.from_query(params, offer_with(params.get("preset", "")))
    by = params.get("by", "") or METHOD
    text = params.get("values", "")
    if len(text) > LONGEST:
        problems.append(f"values has {len(text)} characters, the limit is {LONGEST}; none is used.")
        text = ""
    return fitted(preset, base, by, read_values(base, by, text, problems), problems), problems


def read_values(base: Any, by: str, text: str, problems: list[str]) -> list[Any]:
    """The values of a text with commas between; those of numbers as numbers."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    knob = comparable(base).get(by)
    if knob is None or knob.kind == "choice":
        return parts
    values = []
    for part in parts:
        try:
            values.append(json.loads(part))
        except (ValueError, RecursionError):
            problems.append(f"values has {shown(part)}, which is not a number; it is left out.")
    return values


def _ours(params: Mapping[str, str]) -> dict[str, str]:
    about = {name: params[name] for name in ("by", "values") if params.get(name)}
    return address.ours(params) | about
