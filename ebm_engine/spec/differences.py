"""How a spec differs from the one of its preset, in words: "method CD-10 · step size 0.2".

A block of another kind is named, and after it only what differs from that kind's defaults. The
seed is left out, and so is what has no effect with the spec's other choices.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from ebm_engine.spec.blocks import KindBlock, MethodBlock
from ebm_engine.spec.edit import flatten
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.run_spec import RunSpec

SAME = "as the preset"
SYMBOL = re.compile(r",? (?:[A-Za-z]|[^\x00-\x7f]\S?)$")  # the h of "Step size h"
PLACED = ("target", "energy")  # heads whose labels need their block to be understood
LONGEST = 6  # numbers of a list that are told one by one
FILE_DIGITS = 4  # of the name of an own file, enough to tell two of them apart


def difference(start: RunSpec, spec: RunSpec) -> str:
    """What `spec` has that `start` has not, in words with points between, or SAME."""
    before, parts = flatten(start), []
    for head in KINDS:
        block, old = getattr(spec, head), getattr(start, head)
        if block.kind != old.kind:
            fresh = type(block)().model_dump(mode="json")
            before |= {f"{head}.{leaf}": value for leaf, value in fresh.items()}
        if _title(block) != _title(old):
            parts.append(f"{head} {_title(block)}")
    known = {knob.path: knob for knob in knobs(spec)}
    for path, value in flatten(spec).items():
        if path == "seed" or before[path] == value or _is_told(spec, path):
            continue
        if path in known:
            parts.append(_of_knob(known[path], value))
        elif not _is_knob(spec, path):
            parts.append(_of_field(path, value))
    return " · ".join(parts) or SAME


def _title(block: KindBlock) -> str:
    """The name of a block; that of a method has the values it is named after, such as CD-10."""
    if isinstance(block, MethodBlock):
        return block.label.format(**block.model_dump())
    return block.title


def _is_told(spec: RunSpec, path: str) -> bool:
    """Whether the method's name has this value already."""
    head, _, leaf = path.partition(".")
    return head == "method" and f"{{{leaf}}}" in spec.method.label


def _is_knob(spec: RunSpec, path: str) -> bool:
    """Whether a field has a control somewhere: then it has no effect here when it is not shown."""
    head, _, leaf = path.partition(".")
    block = getattr(spec, head) if leaf else spec
    return bool((type(block).model_fields[leaf or head].json_schema_extra or {}).get("label"))


def _of_knob(knob: Knob, value: Any) -> str:
    label = SYMBOL.sub("", knob.label)
    if label[1:2].islower():  # KL weight keeps its capitals
        label = label[0].lower() + label[1:]
    head = knob.path.partition(".")[0]
    unit = "" if not knob.unit or knob.unit in label else f" {knob.unit}"
    return f"{f'{head} ' if head in PLACED else ''}{label} {_text(value)}{unit}"


def _of_field(path: str, value: Any) -> str:
    """A field without a control: a short list by its numbers, a file by the start of its name."""
    head, _, leaf = path.partition(".")
    if leaf == "path":
        return f"file {PurePath(value).stem[:FILE_DIGITS]}"
    numbers = isinstance(value, list) and not any(isinstance(one, list) for one in value)
    if numbers and len(value) <= LONGEST:
        return f"{head} {leaf} {_text(value)}"
    return f"other {head} {leaf}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, float):
        return f"{value:.6g}".replace("-", "−")
    return str(value).replace("_", "-")
