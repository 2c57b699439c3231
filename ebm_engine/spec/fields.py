"""Fields of a spec: the frozen block, and the knob that carries what a control needs to know."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Only = dict[str, tuple[Any, ...]]


class Block(BaseModel):
    """A frozen part of a spec; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
