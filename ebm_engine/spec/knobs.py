"""Knobs: what the controls of a page need to know about the fields of a spec."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ebm_engine.spec.edit import flatten
from ebm_engine.spec.fields import Block, OneOf, Only
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.run_spec import RunSpec

# What kinds say of themselves and knobs depend on.
TRAITS = {
    "target": ("of_images", "own_file"),
    "energy": ("is_network",),
    "method": ("weighted", "reads_walkers", "reads_batch", "any_kernel"),
}

KnobKind = Literal["float", "int", "bool", "choice", "many"]


class Knob(Block):
    """What a control needs to know about one field of a spec."""

    path: str
    label: str
    help: str
    unit: str = ""
    outside: str = ""
    live: bool = False
    basic: bool = False
    log: bool = False
    kind: KnobKind
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    usual: tuple[float, float] | None = None
    only: Only = Field(default_factory=dict)
    default: Any = None


def knobs(spec: RunSpec) -> list[Knob]:
    """The controls of a spec, in the order of its fields: scalars, choices and multiple choices.

    A field that has no effect with the spec's other choices has no control.
    """
    flat = flatten(spec)
    for head, names in TRAITS.items():
        flat |= {f"{head}.{name}": getattr(getattr(spec, head), name) for name in names}
    return [
        knob
        for knob in _all_knobs(spec)
        if all(flat.get(path) in allowed for path, allowed in knob.only.items())
    ]


def block_knobs(block: Block) -> list[Knob]:
    """The controls of a block that stands alone, without those that have no effect."""
    fields = type(block).model_fields.items()
    found = [_describe(n, f) for n, f in fields if (f.json_schema_extra or {}).get("label")]
    return [k for k in found if all(getattr(block, n) in fit for n, fit in k.only.items())]


def _all_knobs(spec: RunSpec) -> list[Knob]:
    found = []
    for name, field in RunSpec.model_fields.items():
        value = getattr(spec, name)
        if not isinstance(value, BaseModel):
            found.append(_describe(name, field))
            continue
        for leaf, inner in type(value).model_fields.items():
            if leaf != "kind" and (inner.json_schema_extra or {}).get("label"):
                found.append(_describe(f"{name}.{leaf}", inner))
    return found


def _describe(path: str, field: Any) -> Knob:
    extra = field.json_schema_extra
    limits: dict[str, Any] = {"low": None, "high": None, "open_low": False}
    for rule in field.metadata:
        if hasattr(rule, "ge"):
            limits["low"] = rule.ge
        if hasattr(rule, "gt"):
            limits |= {"low": rule.gt, "open_low": True}
        if hasattr(rule, "le"):
            limits["high"] = rule.le
    plain: dict[type, KnobKind] = {float: "float", int: "int", bool: "bool"}
    kind: KnobKind = plain.get(field.annotation, "choice")
    choices: tuple[str, ...] = ()
    listed = [rule.names for rule in field.metadata if isinstance(rule, OneOf)]
    if listed:
        choices = listed[0]
    elif kind == "choice":
        inner = field.annotation
        if getattr(inner, "__origin__", None) is tuple:
            kind, inner = "many", inner.__args__[0]
        choices = inner.__args__
    shared = {k: extra[k] for k in extra if k in Knob.model_fields}
    return Knob(
        path=path,
        help=field.description,
        kind=kind,
        choices=choices,
        default=field.default,
        **shared,
        **limits,
    )


def needs_reset(old: RunSpec, new: RunSpec) -> bool:
    """Whether the change from `old` to `new` touches a field that cannot change while running."""
    if any(type(getattr(old, head)) is not type(getattr(new, head)) for head in KINDS):
        return True
    before, after = flatten(old), flatten(new)
    live = {k.path for k in _all_knobs(new) if k.live}
    return any(before[p] != after[p] for p in before if p not in live)
