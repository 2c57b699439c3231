"""Headless training: a spec in, a plain dictionary (run.json) out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ebm_engine.build.parts import resolve_device
from ebm_engine.run.run import Run, prepare_process
from ebm_engine.run.snapshot import ModeMasses, Snapshot
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.writing.json_number import json_number

MAX_UPDATES = 10_000_000
COUNTS = ("step", "ancestors", "resamplings")


def train(
    spec: RunSpec, updates: int, progress: Callable[[Run], None] | None = None
) -> dict[str, Any]:
    """Train for `updates` parameter updates and return what run.json holds.

    `progress` is called after each update. Ctrl-C (KeyboardInterrupt) ends early: the result holds
    what was done and "interrupted": true. A divergence ends early too and is reported as data.
    Raises SpecError when `updates` is out of range or the device is missing.
    """
    check(spec, updates)
    prepare_process()
    run, interrupted = Run(spec), False
    begin = time.perf_counter()
    try:
        while run.step < updates and not run.divergence:
            run.advance()
            if progress:
                progress(run)
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - begin
    rate = run.step / seconds if run.step else 0.0
    return {
        **report(run.snapshot(playing=False, updates_per_second=rate)),
        "interrupted": interrupted,
    }


def check(spec: RunSpec, updates: int) -> None:
    """Raise SpecError when `updates` is out of range or the spec's device is missing."""
    if not 0 <= updates <= MAX_UPDATES:
        raise SpecError(f"updates = {updates}: must be between 0 and {MAX_UPDATES}")
    resolve_device(spec.device)


def report(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as plain JSON values: spec, history, final numbers, divergence and timing."""
    masses = snapshot.mode_mass
    diverged = snapshot.divergence
    return {
        "spec": snapshot.spec.model_dump(mode="json"),
        "history": {
            name: [int(v) for v in column] if name in COUNTS else _plain(column)
            for name, column in snapshot.history.items()
        }
        | {"mass_model": snapshot.mass_history.tolist()},
        "final": {
            "mode_mass": {
                name: _plain(getattr(masses, name)) for name in ("data", "model", "raw", "weighted")
            },
            "means": snapshot.means.tolist(),
            "mode_centres": snapshot.mode_centres.tolist(),
            "total_variation": json_number(snapshot.history["total_variation"][-1]),
            "log_z_exact": json_number(snapshot.log_z_exact),
            "log_z_estimate": snapshot.log_z_estimate,
            "log_z_witness": snapshot.log_z_witness,
        }
        | (_of_images(masses) if snapshot.class_names else {}),
        "diverged": None
        if diverged is None
        else {
            "quantity": diverged.quantity,
            "step": diverged.step,
            "likely_knob": diverged.knob,
            "message": diverged.message,
        },
        "timing": {"updates_per_second": snapshot.updates_per_second},
        "device": snapshot.device,
    }


def _of_images(masses: ModeMasses) -> dict[str, Any]:
    """What images add to the final numbers; only annealing can fill what is None here."""
    return {
        "class_mass": {
            "data": _plain(masses.truth),
            "model_ais": None,
            "model_ais_se": None,
            "raw": _plain(masses.raw),
            "weighted": _plain(masses.weighted),
        },
        "cross_entropy_heldout": None,
        "log_z_ais": None,
    }


def _plain(values: np.ndarray) -> list[float | None]:
    """JSON numbers, None for what is not finite."""
    return [json_number(v) for v in values]
