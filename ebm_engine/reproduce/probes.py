"""Numbers that are recorded while a run trains, beside its history, or once when it has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ebm_engine.reproduce.study import Job
from ebm_engine.run.run import Run
from ebm_engine.studies.ais import summarised
from ebm_engine.writing.json_number import json_number

ROWS = 600  # recorded at most, on either axis


def _log_odds(run: Run) -> float:
    """z = log(p₁/p₂) of a mixture of two modes."""
    z = run.parts.model.parameters["log_masses"]
    return float(z[1] - z[0])


def _largest_energy(run: Run) -> float:
    """Largest |U| of the walkers, in nats."""
    return float(run.state.walkers.train.at.energy.abs().max())


def _contrast(run: Run) -> float:
    """E_data[U] − E_walkers[U] in nats, walkers of equal weight."""
    return float(run.state.batch.at.energy.mean() - run.state.walkers.train.at.energy.mean())


PROBES: dict[str, Callable[[Run], float]] = {
    "log_odds": _log_odds,
    "largest_energy": _largest_energy,
    "contrast": _contrast,
}
# What joins “final” in a run's file.
ENDS: dict[str, Callable[[Run], dict[str, Any]]] = {"ais": summarised}


class ProbeRecorder:
    """Records the probes of a job at its steps, and computes what it wants at the end."""

    def __init__(self, job: Job) -> None:
        self._probes = {name: PROBES[name] for name in job.watch if name not in ENDS}
        self._ends = [ENDS[name] for name in job.watch if name in ENDS]
        self._steps = frozenset(steps(job.updates, log_time=job.log_time) if self._probes else ())
        self._rows: list[list[float]] = []
        self._run: Run | None = None

    def __call__(self, run: Run) -> None:
        """Look at the run after an update."""
        self._run = run
        if run.step in self._steps or (run.divergence and self._probes):
            self._rows.append([run.step, *(probe(run) for probe in self._probes.values())])

    def ends(self) -> dict[str, Any]:
        """What is computed of the run as it is now; {} of a run that never began."""
        if self._run is None:
            return {}
        return {name: value for end in self._ends for name, value in end(self._run).items()}

    def columns(self) -> dict[str, list[float | None]]:
        """ "step" and the probes as lists of equal length, None for what is not finite."""
        names = ("step", *self._probes)
        return {name: [json_number(row[i]) for row in self._rows] for i, name in enumerate(names)}


def steps(updates: int, *, log_time: bool) -> list[int]:
    """At most about ROWS of the updates 1 … `updates`, the last among them, evenly or in log."""
    if log_time:
        spaced = np.geomspace(1, updates, ROWS)
    else:
        spaced = np.linspace(1, updates, min(ROWS, updates))
    return sorted({round(float(step)) for step in spaced})
