"""RunState: everything that a run holds at one update.

What reads a run (the history's row, the snapshot, the check for divergence, the checkpoint) takes
a RunState and never the `Run` that owns it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from ebm_engine.build.parts import Parts, build
from ebm_engine.core.metrics import Metrics
from ebm_engine.core.referees.mixtures import MixtureReferee
from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.training import TrainState
from ebm_engine.core.types import Batch, Populations, Walkers
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.films import Films
from ebm_engine.run.genealogy import Genealogy
from ebm_engine.run.history import EVENTS, FIRST_STRIDE, MARKS, SLOW_STRIDE, History
from ebm_engine.run.image_plane import ImagePlane
from ebm_engine.run.plane import Plane
from ebm_engine.run.point_plane import PointPlane, density_target, mixture_target
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
    plane: Plane
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

    @property
    def last_metrics(self) -> Metrics:
        """The metrics of the last update. Raises ValueError before the first."""
        if self.metrics is None:
            raise ValueError("this run has not made an update yet")
        return self.metrics

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
        trainer, regions = self.parts.trainer, self.parts.regions
        if regions is None:
            shares = trainer.energy.evaluate(trainer.data, gradient=False).modes.double()
            return as_numpy(shares.mean(0), np.float64)
        if self._data_masses is None:
            self._data_masses = as_numpy(regions.shares(trainer.data).mean(0), np.float64)
        return self._data_masses


def mode_shares(parts: Parts, walkers: Walkers) -> Tensor:
    """The share (n, J) float64 that each mode has in each walker."""
    if parts.regions is not None:
        return parts.regions.shares(walkers.x)
    return walkers.at.modes.double()


def first_state(spec: RunSpec) -> tuple[RunState, Verdict]:
    """The state before the first update, and the referee's verdict on it; raises SpecError when the
    spec cannot be built.
    """
    parts = build(spec)
    training = parts.trainer.start(parts.rngs)
    verdict = parts.judge()
    state = RunState(
        spec,
        parts,
        _plane(spec, parts),
        training,
        History(len(verdict.masses), FIRST_STRIDE if parts.regions is None else SLOW_STRIDE),
        Genealogy(spec.walkers.count),
        *_recorders(parts),
        origin=spec.model_dump(mode="json"),
    )
    state.track()
    return state, verdict


def _plane(spec: RunSpec, parts: Parts) -> Plane:
    if parts.images is not None:
        return ImagePlane(parts.images, slow=spec.energy.needs_images)
    like = parts.trainer.data[:0]
    if parts.density is not None:
        return PointPlane(density_target(parts.density), like)
    assert isinstance(parts.referee, MixtureReferee), "without a density, both are mixtures"
    return PointPlane(mixture_target(parts.referee, parts.base), like)


def _recorders(parts: Parts) -> tuple[Trails, Films | None]:
    if parts.images is None:
        return Trails(parts.regions, first_two), None
    return Trails(parts.regions, parts.images.space.on_plane), Films()
