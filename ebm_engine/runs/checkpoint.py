"""Checkpoints: everything a run needs to go on bit by bit, as safetensors with JSON metadata."""

from __future__ import annotations

import json
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from ebm_engine.run.checkpoint_file import VERSION, CheckpointError, facts_of

__all__ = ["CheckpointError", "pack", "unpack"]


def pack(tensors: dict[str, Tensor], facts: dict[str, Any]) -> bytes:
    """One safetensors file: tensors, and JSON facts in its header."""
    owned = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    metadata = {"version": str(VERSION), "run": json.dumps(facts)}
    return safetensors.torch.save(owned, metadata=metadata)


def unpack(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts of a checkpoint; raises CheckpointError on anything else."""
    facts = facts_of(content)
    try:
        return safetensors.torch.load(content), facts
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"this is not a checkpoint of EBM Lab: {error}") from None
