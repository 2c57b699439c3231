"""The share link: a RunSpec as query parameters and back.

A link holds `v` (version of this format), `preset`, `method` and `optimizer` where they differ from
the preset, and one `block.field=value` for every field that differs from the preset with that
method and optimizer. Lists are compact JSON. Reading never raises: each bad value costs one
sentence and falls back to its default, everything else is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from ebm_engine.runs.knobs import Knob, knobs
from ebm_engine.runs.presets import Preset, presets
from ebm_engine.runs.spec import (
    METHODS,
    OPTIMIZERS,
    RunSpec,
    explain,
    flatten,
    with_value,
)

VERSION = 1
MAX_KEYS = 40
MAX_VALUE = 8000  # characters of one value
MAX_NAMED = 5  # unknown names listed in one sentence
FOREIGN = frozenset({"embed", "embed_options", "transport"})  # not ours: read by others, kept
KINDS = {"method": METHODS, "optimizer": OPTIMIZERS}


def to_query(preset_name: str, spec: RunSpec) -> dict[str, str]:
    """The query parameters that describe `spec` as a deviation from a preset."""
    start = presets()[preset_name].spec
    query = {"v": str(VERSION), "preset": preset_name}
    for block in KINDS:
        kind = getattr(spec, block).kind
        if kind != getattr(start, block).kind:
            query[block] = kind
            start = with_value(start, f"{block}.kind", kind)
    before, after = flatten(start), flatten(spec)
    return query | {p: _text(after[p]) for p in after if after[p] != before[p]}


def from_query(params: Mapping[str, str]) -> tuple[str, RunSpec, list[str]]:
    """Preset name, spec and one sentence per problem from query parameters; never raises."""
    problems: list[str] = []
    given = _bounded(params, problems)
    _check_version(given.pop("v", str(VERSION)), problems)
    chosen = _choose_preset(given.pop("preset", ""), problems)
    start = chosen.spec
    for block, kinds in KINDS.items():
        start = _choose_kind(start, block, kinds, given.pop(block, ""), problems)
    known = set(flatten(start))
    values = {path: _value(text) for path, text in given.items() if path in known}
    _name_unknown([path for path in given if path not in known], start, problems)
    return chosen.name, _apply(start, values, problems), problems


def ours(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters without those that Streamlit and the stage read."""
    return {str(k): str(v) for k, v in params.items() if str(k).lower() not in FOREIGN}


def allowed(knob: Knob) -> str:
    """What a knob accepts, in words that follow 'it must be'."""
    if knob.choices:
        return "one of " + ", ".join(knob.choices)
    if knob.kind == "bool":
        return "true or false"
    number = "a whole number" if knob.kind == "int" else "a number"
    low = "above" if knob.open_low else "from"
    if knob.low is None or knob.high is None:
        return number
    joint = "and at most" if knob.open_low else "to"
    return f"{number} {low} {knob.low:.10g} {joint} {knob.high:.10g}"


def shown(value: Any, limit: int = 40) -> str:
    """A value as it is quoted in a sentence: one line, cut to `limit` characters."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = "".join(c if c.isprintable() else " " for c in text).strip() or '""'
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _bounded(params: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Our parameters, without those that are absurdly many or long."""
    given = ours(params)
    if len(given) > MAX_KEYS:
        problems.append(
            f"The link has {len(given)} parameters, the limit is {MAX_KEYS}; the rest was left out."
        )
        given = dict(list(given.items())[:MAX_KEYS])
    for name in [k for k, v in given.items() if len(k) + len(v) > MAX_VALUE]:
        length = len(name) + len(given.pop(name))
        problems.append(
            f"{shown(name)} is {length} characters long, the limit is {MAX_VALUE}; "
            "its default is used."
        )
    return given


def _check_version(text: str, problems: list[str]) -> None:
    value = _value(text)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        problems.append(f"v = {shown(text)} is not a version of this link, {VERSION} is assumed.")
    elif value > VERSION:
        problems.append(
            f"This link is of version {shown(text)} and this app reads up to {VERSION}; "
            "what it does not know was left out."
        )


def _choose_preset(name: str, problems: list[str]) -> Preset:
    known = presets()
    default = next(iter(known))
    if name and name not in known:
        problems.append(
            f"preset = {shown(name)} is unknown, it must be one of {', '.join(known)}; "
            f"{default} is used."
        )
    return known.get(name, known[default])


def _choose_kind(
    start: RunSpec, block: str, kinds: Mapping[str, Any], name: str, problems: list[str]
) -> RunSpec:
    if name in kinds:
        return with_value(start, f"{block}.kind", name)
    if name:
        default = getattr(start, block).kind
        problems.append(
            f"{block} = {shown(name)} is unknown, it must be one of {', '.join(kinds)}; "
            f"{default} is used."
        )
    return start


def _name_unknown(names: list[str], start: RunSpec, problems: list[str]) -> None:
    if not names:
        return
    listed = ", ".join(shown(n) for n in names[:MAX_NAMED])
    if len(names) > MAX_NAMED:
        listed += f" and {len(names) - MAX_NAMED} more"
    verb = "is" if len(names) == 1 else "are"
    problems.append(
        f"{listed} {verb} unknown with method {start.method.kind} and optimizer "
        f"{start.optimizer.kind}, and left out."
    )


def _apply(start: RunSpec, values: dict[str, Any], problems: list[str]) -> RunSpec:
    """The spec with all values that are legal, alone and together."""
    kept = dict(values)
    for path, value in values.items():
        problem = _field_problem(start, path, value)
        if problem:
            problems.append(problem)
            del kept[path]
    spec, error = _build(start, kept)
    if spec is not None:
        return spec
    fewest_first = [*combinations(kept, 1), *combinations(kept, 2), tuple(kept)]
    for dropped in fewest_first:
        spec, _ = _build(start, {p: v for p, v in kept.items() if p not in dropped})
        if spec is not None:
            break
    problems.append(f"{error}; the default of {' and '.join(dropped)} is used.")
    return spec


def _field_problem(start: RunSpec, path: str, value: Any) -> str:
    """One sentence if the value alone breaks its field's own limits, else an empty one."""
    _, error = _build(start, {path: value}, field_only=True)
    if not error:
        return ""
    default = shown(flatten(start)[path])
    knob = {k.path: k for k in knobs(start)}.get(path)
    if knob is None:
        return f"{error}; the default {default} is used."
    return f"{path} = {shown(value)} is not allowed, it must be {allowed(knob)}; {default} is used."


def _build(
    start: RunSpec, values: dict[str, Any], *, field_only: bool = False
) -> tuple[RunSpec | None, str]:
    """The spec and no error, or None and the first error as a sentence.

    With `field_only`, errors that come from the interplay of fields do not count.
    """
    content = start.model_dump(mode="json")
    for path, value in values.items():
        head, _, leaf = path.partition(".")
        if leaf:
            content[head][leaf] = value
        else:
            content[head] = value
    try:
        return RunSpec.model_validate(content), ""
    except ValidationError as error:
        joint = error.errors()[0]["type"] == "value_error"
        return None, "" if field_only and joint else explain(error)
