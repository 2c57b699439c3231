"""Checkpoints: everything a run needs to go on bit by bit, as safetensors with JSON metadata."""

from __future__ import annotations

import json
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

VERSION = 2


class CheckpointError(ValueError):
    """A checkpoint that cannot be read; the message is one sentence."""


def pack(tensors: dict[str, Tensor], facts: dict[str, Any]) -> bytes:
    """One safetensors file: tensors, and JSON facts in its header."""
    owned = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    metadata = {"version": str(VERSION), "run": json.dumps(facts)}
    return safetensors.torch.save(owned, metadata=metadata)


def unpack(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts of a checkpoint; raises CheckpointError on anything else."""
    try:
        tensors = safetensors.torch.load(content)
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        version, facts = metadata["version"], json.loads(metadata["run"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"this is not a checkpoint of EBM Lab: {error}") from None
    if version != str(VERSION):
        raise CheckpointError(f"checkpoint version {version} is unknown, this is {VERSION}")
    return tensors, facts
