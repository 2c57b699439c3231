"""RunState: everything that a run holds at one update.

What reads a run (the history's row, the snapshot, the watch for divergence, the checkpoint) takes a
RunState and never the `Run` that owns it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from ebm_engine.build.parts import Parts, build
from ebm_engine.core.metrics import Metrics
from ebm_engine.core.referees.mixtures import Verdict
from ebm_engine.core.training import TrainState
from ebm_engine.core.types import Batch, Evaluation, Populations
from ebm_engine.run.films import Films
from ebm_engine.run.genealogy import Genealogy
from ebm_engine.run.history import EVENTS, FIRST_STRIDE, MARKS, SLOW_STRIDE, History
from ebm_engine.run.image_plane import ImagePlane
from ebm_engine.run.plane import Plane, as_numpy
from ebm_engine.run.snapshot import Divergence
from ebm_engine.run.timeline import ChangeLog, Replay
from ebm_engine.run.trails import Trails, first_two
from ebm_engine.spec.run_spec import RunSpec


class Recent(NamedTuple):
    """The exact numbers at some update: the row of HISTORY and the referee's verdict."""

    row: dict[str, float]
    verdict: Verdict


@dataclass
class RunState:
    """A run at one update.

    parts and training hold the maths; metrics are those of the last update, None before the first.
    origin: the first spec as JSON, None where it does not define the run's start; changes: its live
    changes since; replay: what it has still to repeat of its past. low_ess_for: updates in a row
    with an ESS too low.
    """

    spec: RunSpec
    parts: Parts
    plane: Plane | ImagePlane
    training: TrainState
    history: History
    genealogy: Genealogy
    trails: Trails
    films: Films | None
    origin: dict[str, Any] | None
    metrics: Metrics | None = None
    divergence: Divergence | None = None
    low_ess_for: int = 0
    resamplings: int = 0
    resampled_at: deque[int] = field(default_factory=lambda: deque(maxlen=EVENTS))
    marks: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=MARKS))
    changes: ChangeLog = field(default_factory=ChangeLog)
    replay: Replay = field(default_factory=Replay)
    _data_masses: np.ndarray | None = None

    @property
    def step(self) -> int:
        """Number of parameter updates done."""
        return self.training.step

    @property
    def walkers(self) -> Populations:
        """The walkers that train, and the others."""
        return self.training.walkers

    @property
    def batch(self) -> Batch:
        """The data points of the last update."""
        return self.training.batch

    def track(self) -> None:
        """Take the walkers of this update into trails and films."""
        self.trails.track(self.walkers.train)
        if self.films is not None:
            self.films.track(self.walkers.train)

    def restart_trails(self, crossings: int) -> None:
        """Begin new trails at the present walkers; a checkpoint holds none."""
        self.trails, self.films = _recorders(self.parts)
        self.trails.crossings = crossings
        self.track()

    def data_masses(self) -> np.ndarray:
        """Mean share (J,) of each mode over the training points; regions never change."""
        if self._data_masses is None or self.parts.regions is None:
            trainer = self.parts.trainer
            x, at = trainer.data, None
            if self.parts.regions is None:
                at = trainer.energy.evaluate(x, gradient=False)
            self._data_masses = as_numpy(mode_shares(self.parts, x, at).mean(0), np.float64)
        return self._data_masses


def mode_shares(parts: Parts, x: Tensor, at: Evaluation | None) -> Tensor:
    """The share (n, J) that each mode has in each point x (n, d), evaluated `at` a mixture."""
    if parts.regions is not None:
        return parts.regions.shares(x)
    return at.responsibilities.double()


def first_state(spec: RunSpec) -> tuple[RunState, Verdict]:
    """The state before the first update, and the referee's verdict on it; raises SpecError when the
    spec cannot be built.
    """
    parts = build(spec)
    plane = Plane(parts) if parts.images is None else ImagePlane(parts)
    training = parts.trainer.start(parts.rngs)
    verdict = parts.judge()
    state = RunState(
        spec,
        parts,
        plane,
        training,
        History(len(verdict.masses), FIRST_STRIDE if parts.regions is None else SLOW_STRIDE),
        Genealogy(spec.walkers.count),
        *_recorders(parts),
        origin=spec.model_dump(mode="json"),
    )
    state.track()
    return state, verdict


def _recorders(parts: Parts) -> tuple[Trails, Films | None]:
    if parts.images is None:
        return Trails(parts.regions, first_two), None
    return Trails(parts.regions, parts.images.space.on_plane), Films()
