"""The same run over several seeds: how much of what one run shows is chance.

Every seed has its own data, start and noise. At evenly spaced updates t₀ = 0 … t_T the study reads
what the history of a run holds: KL in nats (exact, and as the walkers estimate it), ESS/N, and the
mass of each mode (T, J): the model's where it is known, else that of the weighted walkers.
(Runs of Carbone et al. 2023, arXiv 2305.19414, are shown as one seed each.)
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator

import numpy as np
import torch

from ebm_engine.run.run import Run
from ebm_engine.run.take_snapshot import mode_masses
from ebm_engine.spec.edit import with_value
from ebm_engine.studies.result import Result, Steps
from ebm_engine.studies.specs.runs import SeedsSpec

READINGS = 100  # moments that are read, at most
REPORT_SECONDS = 0.25
CURVES = ("kl_exact", "kl_estimate", "ess")
LARGEST_SEED = 2**31


def over_seeds(spec: SeedsSpec) -> Steps:
    """The task: progress on the way, and after each seed everything that is known by then.

    steps (T,); kl_exact, kl_estimate, ess: (k, T); masses: (k, T, J); seeds (k,); diverged: (k,)
    update at which a seed stopped, −1 for none. NaN after a run has stopped.
    """
    steps = moments(spec.updates)
    done: list[Result] = []
    for seed in seeds_of(spec):
        run = Run(with_value(spec.spec, "seed", seed))
        done.append((yield from _one(run, steps, len(done), spec.seeds)))
        yield len(done) / spec.seeds, _together(steps, done)


def seeds_of(spec: SeedsSpec) -> list[int]:
    """The seeds after the run's own one."""
    return [(spec.spec.seed + 1 + i) % LARGEST_SEED for i in range(spec.seeds)]


def moments(updates: int) -> np.ndarray:
    """Updates from 0 to `updates` at which the runs are read, evenly spaced, (T,) int64."""
    return np.unique(np.linspace(0, updates, min(READINGS, updates + 1)).round().astype(np.int64))


def _one(
    run: Run, steps: np.ndarray, place: int, count: int
) -> Generator[tuple[float, None], None, Result]:
    """Train one seed and read it at the given updates."""
    rows: list[Result] = []
    reported = time.monotonic()
    for step in range(int(steps[-1]) + 1):
        if step == steps[len(rows)]:
            rows.append(_reading(run))
        if run.divergence or step == steps[-1]:
            break
        run.advance()
        if time.monotonic() - reported > REPORT_SECONDS:
            reported = time.monotonic()
            yield (place + step / max(1, int(steps[-1]))) / count, None
    found = {name: _padded([row[name] for row in rows], len(steps)) for name in rows[0]}
    stopped = run.divergence.step if run.divergence else -1
    return found | {"seeds": run.spec.seed, "diverged": stopped}


def _reading(run: Run) -> Result:
    """What is read of a run at one moment: numbers, and masses (J,)."""
    with torch.inference_mode():
        recent = run.recent(playing=False)
        masses = recent.verdict.masses.numpy()
        if not np.isfinite(masses).all():
            masses = mode_masses(run.state, recent.verdict).weighted
    return {name: recent.row[name] for name in CURVES} | {"masses": masses}


def _padded(values: list, count: int) -> np.ndarray:
    """Values of the first moments as an array (count, …), NaN at the others."""
    known = np.asarray(values, dtype=np.float64)
    rest = np.full((count - len(known), *known.shape[1:]), math.nan)
    return np.concatenate([known, rest])


def _together(steps: np.ndarray, done: list[Result]) -> Result:
    stacked = {name: np.stack([one[name] for one in done]) for name in (*CURVES, "masses")}
    numbers = {name: np.array([one[name] for one in done]) for name in ("seeds", "diverged")}
    return {"steps": steps, **stacked, **numbers}
