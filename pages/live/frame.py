"""Frame: one moment of a run as bytes for the stage in the browser.

Layout: magic `EBMF`, uint16 version, uint16 zero, uint32 header length, zero padding to 16 bytes,
the JSON header, then the buffers, each aligned to 8 bytes. `header["arrays"]` describes them:
name, dtype, shape, offset from the end of the header. A uint16 array holds quantised numbers:
value = low + q · (high − low) / 65534, and q = 65535 means NaN. Positions, trails and data use the
box of the plane as their range, so what lies outside is shown at the border.

Three parts change at different paces. Walkers and trails are in every frame, the field and the
curves only in a slow one, the training data only in a static one.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from ebm_engine.runs.hub import RunView
from ebm_engine.runs.knobs import knobs
from ebm_engine.runs.snapshot import HISTORY, ModeMasses, Snapshot

MAGIC = b"EBMF"
VERSION = 1
LEVELS = 65534
NAN = 65535
FIELD_CLIP = 12.0  # kT above the minimum
LOWEST_LOG_W = -60.0
MAX_SHOWN = 5000
LATEST = ("kl_exact", "kl_exact_se", "ess", "resamplings")
CURVES = tuple(name for name in HISTORY if not name.startswith("gradient_"))

Array = tuple[np.ndarray, float, float]  # values, low, high


def pack(view: RunView, *, with_static: bool, with_slow: bool = True) -> bytes:
    """The frame of `view`; without a snapshot it holds the run's status only.

    `with_static` adds the training data, `with_slow` the field and the curves.
    """
    header: dict[str, Any] = {
        "version": view.version,
        "playing": view.playing,
        "queue": view.queue_position,
        "cap": view.speed,
        "notice": view.notice,
    }
    arrays: dict[str, Array] = {}
    if view.snapshot is not None:
        header |= _numbers(view.snapshot)
        arrays |= _moving(view.snapshot, header["every"])
        if with_slow:
            header |= _slow_numbers(view.snapshot)
            arrays |= _slow(view.snapshot)
        if with_static:
            arrays["data"] = _on_box(view.snapshot.data, view.snapshot.box)
    return _assemble(header, arrays)


def _numbers(s: Snapshot) -> dict[str, Any]:
    latest = {name: _last(s.history.get(name)) for name in LATEST}
    return latest | {
        "step": s.step,
        "speed": _number(s.updates_per_second),
        "device": s.device,
        "method": s.spec.method.kind,
        "correction": getattr(s.spec.method, "correction", True),
        "threshold": getattr(s.spec.method, "ess_threshold", None),
        "temperature": s.spec.sampler.temperature,
        "box": [float(edge) for edge in s.box],
        "walkers": len(s.positions),
        "dim": s.spec.dim,
        "every": max(1, math.ceil(len(s.positions) / MAX_SHOWN)),
        "means": _on_plane(s.means),
        "snapshotNotice": s.notice,
        "divergence": _divergence(s),
    }


def _moving(s: Snapshot, every: int) -> dict[str, Array]:
    return {
        "positions": _on_box(s.positions[::every], s.box),
        "log_w": _quantised(s.log_w[::every], LOWEST_LOG_W),
        "energies": _half(s.energies[::every]),
        "trails": _on_box(s.trails, s.box),
    }


def _slow_numbers(s: Snapshot) -> dict[str, Any]:
    return {
        "targetMeans": _on_plane(s.target_means),
        "marks": [[int(step), text] for step, text in s.marks],
        "masses": _masses(s.mode_mass),
        "ceiling": _number(s.ess_ceiling),
        "crossings": int(s.crossings),
        "curves": list(CURVES),
    }


def _slow(s: Snapshot) -> dict[str, Array]:
    lowest = np.nanmin(s.field) if np.isfinite(s.field).any() else 0.0
    blank = np.full_like(s.history["step"], np.nan, dtype=np.float32)
    curves = np.stack([s.history.get(name, blank) for name in CURVES]).astype(np.float32)
    return {
        "field": _quantised(s.field - lowest, 0.0, FIELD_CLIP, high=FIELD_CLIP),
        "curves": (curves, 0.0, 0.0),
        "resampled_at": (np.asarray(s.resampled_at, dtype=np.uint32), 0.0, 0.0),
    }


def _divergence(s: Snapshot) -> dict[str, Any] | None:
    if s.divergence is None:
        return None
    labels = {knob.path: knob.label for knob in knobs(s.spec)}
    return vars(s.divergence) | {
        "value": _number(s.divergence.value),
        "knob": labels.get(s.divergence.knob, s.divergence.knob),
    }


def _masses(masses: ModeMasses) -> dict[str, list[float | None]]:
    return {name: [_number(v) for v in values] for name, values in vars(masses).items()}


def _on_plane(points: np.ndarray) -> list[list[float | None]]:
    return [[_number(p[0]), _number(p[1]) if len(p) > 1 else 0.0] for p in points]


def _on_box(points: np.ndarray, box: tuple[float, float, float, float]) -> Array:
    """Points (…, 2) as uint16 over the box, those outside clamped to its border."""
    low = np.array([box[0], box[2]], dtype=np.float32)
    span = np.array([box[1] - box[0], box[3] - box[2]], dtype=np.float32)
    return _levels((points - low) * (LEVELS / span)), 0.0, 1.0


def _quantised(
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


def _half(values: np.ndarray) -> Array:
    return np.clip(values, -65504, 65504).astype(np.float16), 0.0, 0.0


def _assemble(header: dict[str, Any], arrays: dict[str, Array]) -> bytes:
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


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _last(values: np.ndarray | None) -> float | None:
    return None if values is None or len(values) == 0 else _number(values[-1])
