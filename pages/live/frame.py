"""Frame: one moment of a run as bytes for the stage in the browser.

Layout: magic `EBMF`, uint16 version, uint16 zero, uint32 header length, zero padding to 16 bytes,
the JSON header, then the buffers, each aligned to 8 bytes. `header["arrays"]` describes them:
name, dtype, shape, offset from the end of the header. A uint16 array holds quantised numbers:
value = low + q · (high − low) / 65534, and q = 65535 means NaN. Positions, trails and data use the
box of the plane as their range, so what lies outside is shown at the border.

Three parts change at different paces. Walkers and trails are in every frame, the field and the
curves only in a slow one; training data and the true density, as −log of its share of the highest
value in kT, only in a static one, whose header also has what pages/live/style.py says. With images
the slow part also has the tiles (m, h, w) of some walkers with what is known of each, and the films
(chains, time, h, w), as uint8 grey values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ebm_engine.run.snapshot import HISTORY, ModeMasses, Snapshot
from ebm_engine.server.hub.hub import RunView
from ebm_engine.spec.knobs import knobs
from ebm_engine.views.style.encodings import CLIP
from ebm_engine.writing.json_number import json_number
from pages.live import style
from pages.live.packing import Array, assemble, half, on_box, quantised

LOWEST_LOG_W = -60.0
MAX_SHOWN = 5000
LATEST = ("kl_exact", "kl_exact_se", "kl_estimate", "ess", "resamplings")
CURVES = HISTORY[: HISTORY.index("resamplings") + 1]  # what the stage draws


def pack(
    view: RunView,
    *,
    with_static: bool,
    with_slow: bool = True,
    measured: Mapping[str, Any] | None = None,
    look: Mapping[str, Any] | None = None,
    recorded: bool = False,
) -> bytes:
    """The frame of `view`; without a snapshot it holds the run's status only.

    `with_static` adds the training data, the true density and the style, `with_slow` the field and
    the curves; `measured` is what AIS found of the model (empty: nothing yet) and `look` the layers
    and hidden panels of the page, for a stage that gets them in no other way. `recorded` says that
    the picture is one from the tape, not the newest.
    """
    header: dict[str, Any] = {
        "version": view.version,
        "playing": view.playing,
        "queue": view.queue_position,
        "cap": view.speed,
        "notice": view.notice,
        "recorded": recorded,
    }
    if with_slow:
        header["tape"] = list(view.tape)
    if measured is not None:
        header["measured"] = dict(measured) or None
    header |= look or {}
    arrays: dict[str, Array] = {}
    if view.snapshot is not None:
        header |= _numbers(view.snapshot)
        arrays |= _moving(view.snapshot, header["every"])
        if with_slow:
            header |= _slow_numbers(view.snapshot)
            arrays |= _slow(view.snapshot) | _images(view.snapshot)
        if with_static:
            header |= {"colors": style.colors()} | style.scales()
            arrays |= _static(view.snapshot)
    return assemble(header, arrays)


def _numbers(s: Snapshot) -> dict[str, Any]:
    latest = {name: _last(s.history.get(name)) for name in LATEST}
    return latest | {
        "step": s.step,
        "speed": json_number(s.updates_per_second),
        "device": s.device,
        "method": s.spec.method.kind,
        "methodLine": style.line_of(s.spec.method.kind),
        "methodLabel": s.spec.method.label.format(**s.spec.method.model_dump()),
        "methodHelp": s.spec.method.help,
        "weighted": s.spec.method.weighted,
        "readsWalkers": s.spec.method.reads_walkers,
        "images": bool(s.class_names),
        "classNames": list(s.class_names),
        "whitened": s.spec.target.of_images and s.spec.energy.space == "latent",
        "quadrature": not s.class_names
        and (s.spec.energy.is_network or s.spec.target.kind != "mixture"),
        "known": s.known_density,
        "outside": json_number(s.outside),
        "correction": s.spec.method.correction,
        "threshold": s.spec.method.ess_threshold if s.spec.method.weighted else None,
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
        "positions": on_box(s.positions[::every], s.box),
        "log_w": quantised(s.log_w[::every], LOWEST_LOG_W),
        "energies": half(s.energies[::every]),
        "trails": on_box(s.trails, s.box),
    }


def _slow_numbers(s: Snapshot) -> dict[str, Any]:
    return {
        "targetMeans": _on_plane(s.target_means),
        "targetStds": [float(std) for std in s.target_stds],
        "marks": [[int(step), text] for step, text in s.marks],
        "masses": _masses(s.mode_mass),
        "ceiling": json_number(s.ess_ceiling),
        "crossings": int(s.crossings),
        "curves": list(CURVES),
    }


def _slow(s: Snapshot) -> dict[str, Array]:
    lowest = np.nanmin(s.field) if np.isfinite(s.field).any() else 0.0
    blank = np.full_like(s.history["step"], np.nan, dtype=np.float32)
    curves = np.stack([s.history.get(name, blank) for name in CURVES]).astype(np.float32)
    return {
        "field": quantised(s.field - lowest, 0.0, CLIP, high=CLIP),
        "curves": (curves, 0.0, 0.0),
        "resampled_at": (np.asarray(s.resampled_at, dtype=np.uint32), 0.0, 0.0),
    }


def _images(s: Snapshot) -> dict[str, Array]:
    if not s.class_names:
        return {}
    raw = {
        "tiles": s.tiles,
        "films": s.films,
        "tile_rows": s.tile_rows.astype(np.uint32),
        "tile_log_w": np.maximum(s.tile_log_w, LOWEST_LOG_W).astype(np.float32),
        "tile_energies": s.tile_energies.astype(np.float32),
        "tile_labels": s.tile_labels.astype(np.uint8),
        "tile_nearest": s.tile_nearest,
        "tile_distance": s.tile_distance.astype(np.float32),
    }
    return {name: (values, 0.0, 0.0) for name, values in raw.items()}


def _static(s: Snapshot) -> dict[str, Array]:
    data = {"data": on_box(s.data, s.box)}
    highest = float(s.target_density.max(initial=0.0))
    if not (s.known_density and highest > 0):
        return data
    with np.errstate(divide="ignore"):
        energy = -np.log(s.target_density / highest)
    return data | {"truth": quantised(energy, 0.0, CLIP, high=CLIP)}


def _divergence(s: Snapshot) -> dict[str, Any] | None:
    if s.divergence is None:
        return None
    labels = {knob.path: knob.label for knob in knobs(s.spec)}
    return vars(s.divergence) | {
        "value": json_number(s.divergence.value),
        "knob": labels.get(s.divergence.knob, s.divergence.knob),
    }


def _masses(masses: ModeMasses) -> dict[str, list[float | None]]:
    return {name: [json_number(v) for v in values] for name, values in vars(masses).items()}


def _on_plane(points: np.ndarray) -> list[list[float | None]]:
    return [[json_number(p[0]), json_number(p[1]) if len(p) > 1 else 0.0] for p in points]


def _last(values: np.ndarray | None) -> float | None:
    return None if values is None or len(values) == 0 else json_number(values[-1])
