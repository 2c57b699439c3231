"""Model files: the parameters of a trained energy with the spec they belong to, as safetensors.

The header holds the format, its version, the update and the spec as JSON. Of a run that averages
its parameters the file holds the average, which is the model that is shown. Here files are written
and checked; `model_start` makes a run of one. Importing this module never loads torch.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from pydantic import Field
from safetensors import SafetensorError

from ebm_engine.run.checkpoint_file import CheckpointError, facts_of
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.fields import Block
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.writing import tensor_file
from ebm_engine.writing.tensor_file import CHECKSUM, EMPTY, MOST_BYTES, check_sum, sealed, texts_of

FORMAT, VERSION = "ebm-lab-model", "1"
TEXTS = ("format", "version", "update", "spec")  # in the header
SUFFIX = ".safetensors"
PREFIXES = ("parameter.", "average.")  # of a checkpoint's tensors; the last one there counts


class ModelFileError(ValueError):
    """A file that holds no model of this lab, or not a whole one; the message is one sentence."""


class ModelFile(NamedTuple):
    """spec and update of a model, and its parameters by name."""

    spec: RunSpec
    step: int
    parameters: dict[str, np.ndarray]


class ModelSpec(Block):
    """The task that makes a run start with the parameters of a model file."""

    content: bytes = Field(b"", max_length=MOST_BYTES, repr=False)


def tensors_of(checkpoint: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The tensors and facts of a checkpoint; raises CheckpointError on anything else."""
    facts = facts_of(checkpoint)
    try:
        return safetensors.numpy.load(checkpoint), facts
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from None


def model_of(checkpoint: bytes) -> bytes:
    """The model file of a run, from its checkpoint; raises CheckpointError on anything else."""
    tensors, facts = tensors_of(checkpoint)
    parameters: dict[str, np.ndarray] = {}
    for prefix in PREFIXES:
        found = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        parameters |= found
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "update": str(facts["step"]),
        "spec": json.dumps(facts["spec"]),
        CHECKSUM: EMPTY,
    }
    return sealed(safetensors.numpy.save(parameters, metadata=metadata))


def header_of(content: bytes) -> dict[str, str]:
    """The texts in a safetensors header but the checksum; raises ModelFileError, see `texts_of`."""
    try:
        texts = texts_of(content)
    except ValueError as error:
        raise ModelFileError(str(error)) from None
    return {name: text for name, text in texts.items() if name != CHECKSUM}


def read_model(content: bytes) -> ModelFile:
    """The model of a file, checked but for the shapes, which only its energy knows.

    Raises ModelFileError with one sentence on a file that is too large, cut, damaged, of another
    format or version, or whose parameters are not all finite, and SpecError where its spec is not
    valid.
    """
    check_size(content)
    header = header_of(content)
    if header.get("format") != FORMAT:
        raise ModelFileError("the file is not a model of EBM Lab: its header has another format")
    if header.get("version") != VERSION:
        raise ModelFileError(
            f"the model file has version {header.get('version')!r}, this is {VERSION!r}"
        )
    try:
        check_sum(content, texts_of(content), TEXTS)
        step, spec = int(header["update"]), json.loads(header["spec"])
        parameters = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(f"the model file is damaged: {error}") from None
    for name, values in parameters.items():
        if values.dtype.kind != "f" or not np.isfinite(values).all():
            raise ModelFileError(f"the parameter {name!r} of the file is not all finite numbers")
    return ModelFile(_anywhere(parse_spec(spec)), step, parameters)


def _anywhere(spec: RunSpec) -> RunSpec:
    """Parameters belong to no device: a model that was trained on a GPU opens without one."""
    return with_value(spec, "device", "auto") if spec.device == "cuda" else spec


def check_size(content: bytes) -> None:
    """Raise ModelFileError when a file is larger than 64 MiB."""
    try:
        tensor_file.check_size(content)
    except ValueError as error:
        raise ModelFileError(str(error)) from None
