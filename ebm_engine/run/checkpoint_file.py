"""The file of a checkpoint as the server sees it: safetensors with JSON facts in its header.

Here a file that came from outside is checked before a run is made of it, without torch. What only
the training code can tell, whether every tensor fits, is found by the worker that opens the run.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import safetensors.numpy
from pydantic import ConfigDict, Field, ValidationError, model_validator
from safetensors import SafetensorError

from ebm_engine.run.timeline import CHANGES
from ebm_engine.spec.edit import explain, parse_spec, replayed_spec, with_changes
from ebm_engine.spec.fields import Block
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.writing.tensor_file import check_size, check_sum, texts_of

VERSION = 2
TEXTS = ("version", "run")  # in the header
MAX_STEP = 10_000_000  # updates
NEEDS_RESET = "the checkpoint holds a change that needs a reset of the run"


Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)] | None
Scale = Annotated[float, Field(gt=0, le=1e30)] | None
Scalars = tuple[Number, Number, Scale, Number]  # log_norm, ess, step_scale, acceptance
Changes = Annotated[list[tuple[Count, dict[str, Any]]], Field(max_length=CHANGES)]


class Stopped(Block):
    """Why a run stopped by itself, see `Divergence`; its value may be no number."""

    model_config = ConfigDict(allow_inf_nan=True)
    quantity: str
    step: Count
    value: float
    knob: str
    message: str


class Facts(Block):
    """The facts of a checkpoint but its specs; those with a default are newer than version 2."""

    model_config = ConfigDict(extra="ignore")
    step: Annotated[int, Field(strict=True, ge=0, le=MAX_STEP)]
    stride: Annotated[int, Field(strict=True, ge=1, le=MAX_STEP)]
    genealogy_stride: Annotated[int, Field(strict=True, ge=1, le=MAX_STEP)] = 1
    columns: list[str] | None = None
    resamplings: Count
    resampled_at: list[Count]
    marks: list[tuple[Count, str]]
    crossings: Count
    low_ess_for: Count
    divergence: Stopped | None
    rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    buffer: Annotated[list[Count], Field(min_length=3, max_length=3)] | None
    train: Scalars
    witness: Scalars | None = None
    changes: Changes = Field(default_factory=list)
    change_count: Count | None = None
    replay: tuple[Count, Changes] = (0, [])

    @model_validator(mode="after")
    def _has_scales(self) -> Facts:
        walkers = [self.train, self.witness or self.train]
        if self.divergence is None and any(scale is None for _, _, scale, _ in walkers):
            raise ValueError("its walkers have no step size")
        return self


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
    try:
        Facts.model_validate(facts)
    except ValidationError as error:
        raise CheckpointError(f"the checkpoint is damaged: {explain(error)}") from None
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
    origin = facts.get("origin")
    now = spec if origin is None else parse_spec(origin)
    if origin is not None and needs_reset(now, spec):
        raise CheckpointError("the checkpoint holds a start that is not that of its run")
    _, replay = facts.get("replay", (0, ()))
    for step, values in (*facts.get("changes", ()), *replay):
        if needs_reset(now, changed := with_changes(now, [(step, values)])):
            raise CheckpointError(NEEDS_RESET)
        now = changed
