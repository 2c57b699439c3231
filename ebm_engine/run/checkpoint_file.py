"""The file of a checkpoint as the server sees it: safetensors with JSON facts in its header.

Here a file that came from outside is checked before a run is made of it, without torch. What only
the training code can tell, whether every tensor fits, is found by the worker that opens the run.
"""

from __future__ import annotations

import json
from typing import Any

import safetensors.numpy
from safetensors import SafetensorError

from ebm_engine.spec.edit import parse_spec, replayed_spec
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError

VERSION = 2
MAX_BYTES = 64 * 2**20
MAX_HEADER = 8 * 2**20  # bytes of facts
MAX_STEP = 10_000_000  # updates


class CheckpointError(ValueError):
    """A checkpoint that cannot be read; the message is one sentence."""


def facts_of(content: bytes) -> dict[str, Any]:
    """The facts of a checkpoint; raises CheckpointError on another version or another file."""
    try:
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        version, facts = metadata["version"], json.loads(metadata["run"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"this is not a checkpoint of EBM Lab: {error}") from None
    if version != str(VERSION):
        raise CheckpointError(f"checkpoint version {version} is unknown, this is {VERSION}")
    if not isinstance(facts, dict):
        raise CheckpointError("this is not a checkpoint of EBM Lab: it holds no facts")
    return facts


def admit(content: bytes) -> RunSpec:
    """The spec that the run of this file goes on with.

    Raises CheckpointError on a file that is too large, cut, foreign or of another version, and
    SpecError where its spec is not valid.
    """
    if len(content) > MAX_BYTES:
        raise CheckpointError(
            f"the file has {len(content) / 2**20:.1f} MiB, allowed are {MAX_BYTES // 2**20} MiB"
        )
    header = int.from_bytes(content[:8], "little")
    if len(content) >= 8 and header > MAX_HEADER:
        raise CheckpointError(
            f"this is not a checkpoint of EBM Lab: it has a header of {header} bytes, "
            f"allowed are {MAX_HEADER}"
        )
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
            raise CheckpointError("the checkpoint holds a change that needs a reset of the run")
        return goal
    except (SpecError, CheckpointError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint has no spec that can be read: {error}") from None
