"""Contents of specs: kinds and values that need not fit together, and the best spec of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from ebm_engine.spec.edit import explain, flatten_content
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.run_spec import RunSpec


def with_kinds(start: RunSpec, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The content of a spec with blocks of other kinds, not yet checked to fit together.

    A block starts from its defaults; an optimizer keeps what both rules have.
    """
    content = start.model_dump(mode="json")
    for head, kind in kinds.items():
        if kind != content[head]["kind"]:
            block = KINDS[head][kind]().model_dump(mode="json")
            kept = content[head] if head == "optimizer" else {}
            content[head] = block | {n: v for n, v in kept.items() if n in block and n != "kind"}
    return content


def best_spec(
    start: RunSpec, kinds: dict[str, str], values: dict[str, Any], problems: list[str]
) -> RunSpec:
    """The spec `start` with all kinds and values that are legal, alone and together.

    kinds: {block: kind}; values: {dotted path: value}. Each value that is left out adds a sentence
    to `problems`; as few as possible are.
    """
    content = with_kinds(start, kinds)
    found = {path: _field_problem(content, path, value) for path, value in values.items()}
    problems.extend(problem for problem in found.values() if problem)
    kept = {path: value for path, value in values.items() if not found[path]}
    spec, error = _build(content, kept)
    if spec is not None:
        return spec
    names = [*kept, *kinds]
    for dropped in [*combinations(names, 1), *combinations(names, 2), tuple(names)]:
        content = with_kinds(start, {h: k for h, k in kinds.items() if h not in dropped})
        known = flatten_content(content)
        rest = {p: v for p, v in kept.items() if p not in dropped and p in known}
        spec, _ = _build(content, rest)
        if spec is not None:
            problems.append(f"{error}; the default of {' and '.join(dropped)} is used.")
            return spec
    return start  # not reached: without any of them it is the start


def _field_problem(content: dict[str, Any], path: str, value: Any) -> str:
    """One sentence if the value alone breaks its field's own limits, else an empty one."""
    _, error = _build(content, {path: value}, field_only=True)
    if not error:
        return ""
    default = shown(flatten_content(content)[path])
    knob = _knob(content, path)
    if knob is None:
        return f"{error}; the default {default} is used."
    return f"{path} = {shown(value)} is not allowed, it must be {allowed(knob)}; {default} is used."


def _knob(content: dict[str, Any], path: str) -> Knob | None:
    """What is known about a field, None for one without a control."""
    spec, _ = _build(content, {})
    return {k.path: k for k in knobs(spec)}.get(path) if spec is not None else None


def _build(
    content: dict[str, Any], values: dict[str, Any], *, field_only: bool = False
) -> tuple[RunSpec | None, str]:
    """The spec and no error, or None and the first error as a sentence.

    With `field_only`, errors that come from the interplay of fields do not count.
    """
    changed = {n: dict(v) if isinstance(v, dict) else v for n, v in content.items()}
    for path, value in values.items():
        head, _, leaf = path.partition(".")
        if leaf:
            changed[head][leaf] = value
        else:
            changed[head] = value
    try:
        return RunSpec.model_validate(changed), ""
    except ValidationError as error:
        joint = error.errors()[0]["type"] == "value_error"
        return None, "" if field_only and joint else explain(error)


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
