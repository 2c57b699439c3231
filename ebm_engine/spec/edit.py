"""Specs from plain values and back: parse, flatten, change one value, replay changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.run_spec import RunSpec, SpecError


def parse_spec(content: Any) -> RunSpec:
    """A RunSpec from parsed JSON; raises SpecError with one sentence on anything wrong."""
    if not isinstance(content, dict):
        raise SpecError(f"a spec must be a JSON object, not {type(content).__name__}")
    try:
        return RunSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """The first problem of a pydantic error as one sentence: field = value: what is allowed."""
    problem = error.errors()[0]
    where = [str(part) for part in problem["loc"]]
    if len(where) > 1 and where[1] in KINDS.get(where[0], ()):
        del where[1]  # pydantic names the kind of a block in the path
    path = ".".join(where)
    if problem["type"] == "value_error":
        return str(problem.get("ctx", {})["error"])
    if problem["type"] == "extra_forbidden":
        return f"{path} is not a field of the spec"
    if problem["type"].startswith("union_tag"):
        given = problem["input"].get("kind") if isinstance(problem["input"], dict) else None
        allowed = ", ".join(repr(kind) for kind in KINDS[where[0]])
        return f"{path}.kind = {given!r} is unknown, allowed are {allowed}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    shown = repr(problem["input"])
    return f"{path} = {shown if len(shown) <= 60 else shown[:57] + '…'}: {message}"


def flatten(spec: RunSpec) -> dict[str, Any]:
    """The spec as {dotted path: JSON value}; lists stay values."""
    return flatten_content(spec.model_dump(mode="json"))


def flatten_content(content: dict[str, Any]) -> dict[str, Any]:
    """The content of a spec as {dotted path: JSON value}; lists stay values."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": leaf for key, leaf in value.items()}
        else:
            flat[name] = value
    return flat


def with_value(spec: RunSpec, path: str, value: Any) -> RunSpec:
    """The spec with one field changed.

    Setting the kind of a block to another kind starts from that kind's defaults; what two kinds
    of target, energy or optimizer have in common is kept. Raises SpecError with one sentence on an
    unknown path or a value outside its limits.
    """
    content = spec.model_dump(mode="json")
    head, _, leaf = path.partition(".")
    if head not in content or (leaf and not isinstance(content[head], dict)):
        raise SpecError(f"{path} is not a field of the spec")
    if not leaf:
        content[head] = value
    elif leaf == "kind" and content[head].get("kind", value) != value:
        content[head] = {"kind": value, **_in_common(head, content[head], value)}
    elif leaf not in content[head]:
        raise SpecError(
            f"{path} is not a field of the spec with {head}.kind = "
            f"{content[head].get('kind', head)!r}"
        )
    else:
        content[head][leaf] = value
    return parse_spec(content)


def _in_common(head: str, block: dict[str, Any], kind: Any) -> dict[str, Any]:
    """The fields of a block that another kind has as well and that mean the same there."""
    goal = KINDS[head].get(kind) if isinstance(kind, str) else None
    if goal is None or head == "method":
        return {}
    shapes = {"means", "masses", "stds", "modes", "arms", "std", "noise", "classes", "counts"}
    return {n: v for n, v in block.items() if n in goal.model_fields and n not in shapes | {"kind"}}


Change = tuple[int, dict[str, Any]]  # update, {dotted path: new value}


def differences(before: RunSpec, after: RunSpec) -> dict[str, Any]:
    """The fields, by dotted path, whose values differ, with their new values."""
    old = flatten(before)
    return {path: value for path, value in flatten(after).items() if old.get(path) != value}


def with_changes(spec: RunSpec, changes: Iterable[Change]) -> RunSpec:
    """The spec after these changes; raises SpecError where they do not belong to it."""
    content = spec.model_dump(mode="json")
    for _, values in changes:
        for path, value in values.items():
            head, _, leaf = path.partition(".")
            if leaf:
                content[head] = content.get(head, {}) | {leaf: value}
            else:
                content[head] = value
    return parse_spec(content)


def replayed_spec(facts: dict[str, Any]) -> RunSpec:
    """The spec that the run of a checkpoint has once it has repeated what it has to.

    Raises SpecError, or KeyError, TypeError or ValueError on facts that are none.
    """
    _, changes = facts.get("replay", (0, ()))
    return with_changes(parse_spec(facts["spec"]), changes)
