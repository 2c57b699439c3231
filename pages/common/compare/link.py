"""The link of a comparison, and the comparison that a tab has at present.

The parameters are those of the base run, with `by` (method, or the path of a knob) and `values`
(with commas between).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ebm_engine.spec.run_spec import RunSpec
from pages.common.compare.comparison import METHOD, Comparison, comparable, fitted, offer_with
from pages.common.tab import link, run_link, session
from pages.common.tab.link import Field, PageLink

NOT_OURS = run_link.NOT_A_RUN - {"by", "values"}


@dataclass
class Comparing:
    """The comparison of a tab, and its link."""

    now: Comparison = field(default_factory=lambda: from_query({})[0])
    link: PageLink = field(default_factory=PageLink)


def enter() -> Comparing:
    """The comparison of this tab: as the link says if that is new, else as it was."""
    comparing = current()
    params = link.given(without=NOT_OURS)
    if comparing.link.is_new(params):
        comparing.now, comparing.link.problems = from_query(params)
    return comparing


def current() -> Comparing:
    """The comparison of this tab."""
    return session.kept("comparison", Comparing)


def change(comparison: Comparison, *, afresh: bool = False, problems: Sequence[str] = ()) -> None:
    """Give the tab another comparison; `afresh` where the widgets do not show it yet."""
    comparing = current()
    comparing.now, comparing.link.problems = comparison, list(problems)
    comparing.link.edition += int(afresh)


def write() -> None:
    """Make the address bar hold the comparison."""
    comparing = current()
    comparing.link.write(to_query(comparing.now))


def to_query(comparison: Comparison) -> dict[str, str]:
    """The query parameters of a comparison."""
    fields = (Field("by"), values_field(comparison.base, comparison.by))
    base = run_link.to_query(comparison.preset, comparison.base)
    return base | link.query(fields, vars(comparison))


def from_query(params: Mapping[str, str]) -> tuple[Comparison, list[str]]:
    """The comparison of query parameters and one sentence per problem; never raises."""
    preset, base, problems = run_link.from_query(params, offer_with(params.get("preset", "")))
    by = params.get("by") or METHOD
    values = link.read([values_field(base, by)], params, problems).get("values", ())
    return fitted(preset, base, by, values, problems), problems


def values_field(base: RunSpec, by: str) -> Field:
    """The parameter with the values that are compared: numbers, switches, or names."""
    knob = comparable(base).get(by)
    named = knob is None or knob.kind == "choice"
    return Field(
        "values", str if named else _number, otherwise="the usual ones are used", parts=True
    )


def _number(text: str) -> Any:
    value = link.value_of(text)
    if isinstance(value, str):
        raise ValueError("is not a number")
    return value
