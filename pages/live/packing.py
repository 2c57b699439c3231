"""Packing: arrays as the numbers of a frame, and a frame's bytes; see pages/live/frame.py."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

MAGIC = b"EBMF"
BUNDLE = b"EBMG"
VERSION = 1
LEVELS = 65534
NAN = 65535

Array = tuple[np.ndarray, float, float]  # values, low, high


def on_box(points: np.ndarray, box: tuple[float, float, float, float]) -> Array:
    """Points (…, 2) as uint16 over the box, those outside clamped to its border."""
    low = np.array([box[0], box[2]], dtype=np.float32)
    span = np.array([box[1] - box[0], box[3] - box[2]], dtype=np.float32)
    return _levels((points - low) * (LEVELS / span)), 0.0, 1.0


def quantised(
    values: np.ndarray, floor: float, ceiling: float = math.inf, high: float | None = None
) -> Array:
    """Values as uint16 over their finite range, cut at `floor` and `ceiling`."""
    finite = values[np.isfinite(values)]
    top = high if high is not None else min(ceiling, float(finite.max(initial=floor)))
    low = floor if high is not None else max(floor, float(finite.min(initial=top)))
    top = max(top, low + 1e-6)
    return _levels((values - np.float32(low)) * np.float32(LEVELS / (top - low))), low, top


def _levels(scaled: np.ndarray) -> np.ndarray:
    missing = np.isnan(scaled)
    clipped = np.clip(scaled + 0.5, 0, LEVELS)
    if missing.any():
        clipped[missing] = NAN
    return clipped.astype(np.uint16)


def half(values: np.ndarray) -> Array:
    """Values in half precision, cut to its range."""
    return np.clip(values, -65504, 65504).astype(np.float16), 0.0, 0.0


def bundle(frames: Sequence[bytes | None]) -> bytes:
    """The frames of several runs as one message.

    BUNDLE, their number, their lengths (0 = no frame), zero padding to 8 bytes, then the frames,
    whose lengths are multiples of 8.
    """
    lengths = [len(frame or b"") for frame in frames]
    start = struct.pack(f"<4sI{len(frames)}I", BUNDLE, len(frames), *lengths)
    return b"".join([start + bytes(-len(start) % 8), *(frame for frame in frames if frame)])


def assemble(header: dict[str, Any], arrays: dict[str, Array]) -> bytes:
    """Magic, header and buffers; descriptors hold offsets from the end of the header."""
    descriptors, buffers, offset = [], [], 0
    for name, (values, low, high) in arrays.items():
        content = np.ascontiguousarray(values).tobytes()
        descriptor = {"name": name, "dtype": values.dtype.name, "shape": list(values.shape)}
        descriptors.append(descriptor | {"offset": offset, "low": low, "high": high})
        content += bytes(-len(content) % 8)
        buffers.append(content)
        offset += len(content)
    text = json.dumps(header | {"arrays": descriptors}, allow_nan=False, separators=(",", ":"))
    encoded = text.encode()
    encoded += b" " * (-len(encoded) % 8)
    start = struct.pack("<4sHHII", MAGIC, VERSION, 0, len(encoded), 0)
    return b"".join([start, encoded, *buffers])
