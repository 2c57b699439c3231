"""The file of a checkpoint as the server sees it: safetensors with JSON facts in its header.

Here a file that came from outside is checked before a run is made of it, without torch. What only
the training code can tell, whether every tensor fits, is found by the worker that opens the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import safetensors.numpy
from safetensors import SafetensorError

from ebm_engine.run.timeline import CHANGES
from ebm_engine.spec.edit import parse_spec, replayed_spec, with_changes
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.writing.tensor_file import check_size, check_sum, texts_of

VERSION = 2
TEXTS = ("version", "run")  # in the header
MAX_STEP = 10_000_000  # updates
NEEDS_RESET = "the checkpoint holds a change that needs a reset of the run"


class CheckpointError(ValueError):
    """A checkpoint that cannot be read; the message is one sentence."""


def facts_of(content: bytes) -> dict[str, Any]:
    """The facts of a checkpoint; raises CheckpointError on a damaged or another file or version."""
    try:
        texts = texts_of(content)
        version, facts = texts["version"], json.loads(texts["run"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"this is not a checkpoint of EBM Lab: {error}") from None
    if version != str(VERSION):
        raise CheckpointError(f"checkpoint version {version} is unknown, this is {VERSION}")
    if not isinstance(facts, dict):
        raise CheckpointError("this is not a checkpoint of EBM Lab: it holds no facts")
    try:
        check_sum(content, texts, TEXTS)
    except ValueError as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from None
    return facts


def admit(content: bytes) -> RunSpec:
    """The spec that the run of this file goes on with.

    Raises CheckpointError on a file that is too large, cut, foreign or of another version, and
    SpecError where its spec is not valid.
    """
    try:
        check_size(content)
    except ValueError as error:
        raise CheckpointError(str(error)) from None
    facts = facts_of(content)
    try:
        safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from None
    step = facts.get("step")
    if type(step) is not int or not 0 <= step <= MAX_STEP:
        raise CheckpointError(f"the checkpoint is of update {step!r}, allowed are 0 to {MAX_STEP}")
    return _spec(facts)


def _spec(facts: dict[str, Any]) -> RunSpec:
    try:
        spec, goal = parse_spec(facts["spec"]), replayed_spec(facts)
        if needs_reset(spec, goal):
            raise CheckpointError(NEEDS_RESET)
        _check_past(spec, facts)
        return goal
    except (SpecError, CheckpointError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint has no spec that can be read: {error}") from None


def _check_past(spec: RunSpec, facts: dict[str, Any]) -> None:
    """Raise unless the run can have come to its spec: a branch and a rewind go back to its past.

    Only settings change while a run goes on; its target, for one, is that of its start.
    """
    changes = [*facts.get("changes", ())]
    if len(changes) > CHANGES:
        raise CheckpointError(f"the checkpoint holds {len(changes)} changes, allowed are {CHANGES}")
    origin = facts.get("origin")
    now = spec if origin is None else parse_spec(origin)
    if origin is not None and needs_reset(now, spec):
        raise CheckpointError("the checkpoint holds a start that is not that of its run")
    replay: Iterable[Any] = facts.get("replay", (0, ()))[1]
    for step, values in (*changes, *replay):
        if type(step) is not int or not isinstance(values, dict):
            raise CheckpointError(f"the checkpoint holds a change at update {step!r}")
        if needs_reset(now, changed := with_changes(now, [(step, values)])):
            raise CheckpointError(NEEDS_RESET)
        now = changed
