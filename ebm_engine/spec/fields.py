"""Fields of a spec: the frozen block, and the knob that carries what a control needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import CoreSchema, core_schema

Only = dict[str, tuple[Any, ...]]


class Block(BaseModel):
    """A frozen part of a spec; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OneOf:
    """Annotation of a text field: the names that it may have, where a table elsewhere lists them.

    A field whose names are fixed is a Literal.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Any other text is an error, as for a Literal."""
        return core_schema.literal_schema(list(self.names))


def knob(
    default: Any,
    text: str,
    *,
    label: str,
    unit: str = "",
    live: bool = False,
    basic: bool = False,
    usual: tuple[float, float] | None = None,
    log: bool = False,
    outside: str = "",
    only: Only | None = None,
    **limits: Any,
) -> Any:
    """A field with what its control shows.

    `usual` is the range of the widget (the limits may be wider), `outside` says what breaks beyond
    it, `live` whether a change applies at the next update (else the run starts again), and `only`
    names the values of other fields that give this one an effect: {path: values}. What a target, an
    energy or a method says of itself counts as a field, such as method.weighted; see `TRAITS`.
    """
    extra = {"label": label, "unit": unit, "live": live, "basic": basic, "log": log}
    extra |= {"usual": usual, "outside": outside, "only": only or {}}
    return Field(default, description=text, json_schema_extra=extra, **limits)
