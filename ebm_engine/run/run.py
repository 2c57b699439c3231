"""Run: a trainer with its history, its points to go back to and its snapshots."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple, Self

import numpy as np
import torch

from ebm_engine.build.parts import build
from ebm_engine.build.trainer import build_extras, build_masks, build_method, build_rates
from ebm_engine.core.metrics import Metrics
from ebm_engine.core.referees.mixtures import Verdict
from ebm_engine.core.types import Walkers
from ebm_engine.run.checkpoint import capture, pack, restore, unpack
from ebm_engine.run.divergence import watch
from ebm_engine.run.films import Films
from ebm_engine.run.genealogy import Genealogy
from ebm_engine.run.history import EVENTS, FIRST_STRIDE, MARKS, SLOW_STRIDE, History
from ebm_engine.run.history_row import history_row
from ebm_engine.run.image_plane import ImagePlane
from ebm_engine.run.plane import Plane
from ebm_engine.run.snapshot import Divergence, Snapshot
from ebm_engine.run.take_snapshot import data_masses, take_snapshot
from ebm_engine.run.timeline import EVERY, ChangeLog, Point, Replay, Timeline
from ebm_engine.run.trails import Trails, first_two
from ebm_engine.spec.edit import differences, flatten, parse_spec, with_changes
from ebm_engine.spec.knobs import knobs, needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError


def prepare_process() -> None:
    """One thread and no denormals: small operations get slower with more of either.

    One throw-away update and picture load what torch imports on first use, so that a first run
    starts at once.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    run = Run(RunSpec())
    run.advance()
    run.snapshot(playing=False, updates_per_second=0.0)


class Recent(NamedTuple):
    """The exact numbers at some update: the row of HISTORY and the referee's verdict."""

    row: dict[str, float]
    verdict: Verdict


class Run:
    """One training run; the same spec gives the same bits on the same kind of hardware.

    parts and state hold the maths; metrics are those of the last update, None before the first.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.parts = build(spec)
        self.plane = Plane(self.parts) if self.parts.images is None else ImagePlane(self.parts)
        self.state = self.parts.trainer.start(self.parts.rngs)
        self._slow_referee = self.parts.regions is not None
        verdict = self.parts.judge()
        self.history = History(
            len(verdict.masses), SLOW_STRIDE if self._slow_referee else FIRST_STRIDE
        )
        self._begin_recording()
        self.resampled_at: deque[int] = deque(maxlen=EVENTS)
        self.resamplings = 0
        self.marks: deque[tuple[int, str]] = deque(maxlen=MARKS)
        self.divergence: Divergence | None = None
        self._low_ess_for = 0
        self.metrics: Metrics | None = None
        self.origin: dict[str, Any] | None = spec.model_dump(mode="json")
        self.changes = ChangeLog()
        self.replay = Replay()
        self.timeline = Timeline()
        self.genealogy = Genealogy(spec.walkers.count)
        self._data_masses: np.ndarray | None = None
        self._recent = Recent(history_row(self, verdict), verdict)
        self._record()
        self._record_families()
        self._keep_point()

    @property
    def step(self) -> int:
        """Number of parameter updates done."""
        return self.state.step

    def advance(self) -> None:
        """One parameter update; nothing happens to a run that has diverged."""
        if self.divergence:
            return
        with torch.inference_mode():
            self.state, self.metrics = self.parts.trainer.step(self.state)
        walkers = self.state.walkers.train
        self._track(walkers)
        if walkers.resampled:
            self.resampled_at.append(self.step)
            self.resamplings += 1
        every = getattr(self.spec.method, "refresh_every", 0)
        if every and self.step % every == 0:
            self.marks.append((self.step, "walkers refreshed"))
        self.divergence, self._low_ess_for = watch(self, self._low_ess_for)
        if self.history.due(self.step) or self.divergence:
            self._record()
        self._record_families()
        if self.step % EVERY == 0 and not self.divergence:
            self._keep_point()
        self._repeat_changes()

    @property
    def wanted(self) -> RunSpec:
        """The spec once everything that the run has to repeat is done."""
        return with_changes(self.spec, self.replay.changes) if self.replay.changes else self.spec

    def change(self, spec: RunSpec) -> None:
        """Apply live changes from the next update on and mark them on the curves.

        Where the run still repeats its past, they are for the update that this ends at. Raises
        SpecError when a changed field needs a reset.
        """
        wanted = self.wanted
        require_live(wanted, spec)
        if self.step < self.replay.goal:
            postpone(self, wanted, spec)
        else:
            self._apply(spec)

    def _repeat_changes(self) -> None:
        """The live changes that belong to this update, where the run repeats its past."""
        while self.replay.changes and self.replay.changes[0][0] <= self.step:
            change, *others = self.replay.changes
            self.replay = self.replay._replace(changes=tuple(others))
            self._apply(with_changes(self.spec, [change]))

    def _apply(self, spec: RunSpec) -> None:
        note(self, spec)
        self.spec = spec
        trainer = self.parts.trainer
        trainer.method = build_method(spec, self.parts.base, self.parts.referee)
        trainer.masks = build_masks(spec, trainer.energy)
        trainer.extras = build_extras(spec)
        trainer.rates = build_rates(spec, trainer.energy)

    def at(self, step: int) -> Self:
        """A run that stands where this one stood at update `step`: the same bits.

        Raises ValueError when that is not recorded.
        """
        earlier = self.load(fork(self, step))
        while earlier.step < step and not earlier.divergence:
            earlier.advance()
        return earlier

    def rewind(self, updates: int) -> None:
        """Go back by `updates`, as far as the recent points reach: bits as then, knobs as now."""
        present, timeline = self.wanted, self.timeline
        goal = max(self.step - updates, timeline.reach())
        self.__dict__.update(self.at(goal).__dict__)
        timeline.cut(goal)
        self.timeline, self.replay = timeline, Replay()
        if self.spec != present:
            self.change(present)

    def restart_recording(self, crossings: int) -> None:
        """Begin new trails at the present walkers; a checkpoint holds no trails."""
        self._begin_recording()
        self.trails.crossings = crossings
        self._look()
        self.timeline = Timeline()
        self._keep_point()
        self._repeat_changes()

    def _keep_point(self) -> None:
        self.timeline.add(Point(self.step, self.changes.count, self.save()))

    def _record_families(self) -> None:
        if self.spec.method.weighted and self.genealogy.due(self.step):
            self.genealogy.add(self.step, self.state.walkers.train.ancestors)

    def _begin_recording(self) -> None:
        parts = self.parts
        on_plane = first_two if parts.images is None else parts.images.space.on_plane
        self.trails = Trails(parts.regions, on_plane)
        self.films = None if parts.images is None else Films()
        self._track(self.state.walkers.train)

    def _track(self, walkers: Walkers) -> None:
        self.trails.track(walkers)
        if self.films is not None:
            self.films.track(walkers)

    def recent(self, *, playing: bool) -> Recent:
        """The exact numbers of this update, or, while a slow referee judges a run that plays, those
        of the last recorded one.
        """
        if self._recent.row["step"] != self.step and not (playing and self._slow_referee):
            self._look()
        return self._recent

    def _look(self) -> None:
        verdict = self.parts.judge()
        self._recent = Recent(history_row(self, verdict), verdict)

    def _record(self) -> None:
        if self._recent.row["step"] != self.step:
            self._look()
        self.history.add(self._recent.row, self._recent.verdict.masses.numpy())

    def data_masses(self) -> np.ndarray:
        """Mean share (J,) of each mode over the training points; regions never change."""
        if self._data_masses is None or self.parts.regions is None:
            self._data_masses = data_masses(self.parts)
        return self._data_masses

    def snapshot(self, *, playing: bool, updates_per_second: float, notice: str = "") -> Snapshot:
        """The present moment for the views; looking changes nothing."""
        return take_snapshot(
            self, playing=playing, updates_per_second=updates_per_second, notice=notice
        )

    def save(self) -> bytes:
        """A checkpoint: safetensors with JSON metadata."""
        return pack(*capture(self))

    @classmethod
    def load(cls, content: bytes) -> Self:
        """The run of a checkpoint; raises CheckpointError or SpecError on anything wrong."""
        tensors, facts = unpack(content)
        run = cls(parse_spec(facts["spec"]))
        restore(run, tensors, facts)
        return run


def require_live(before: RunSpec, after: RunSpec) -> None:
    """Raise SpecError unless a run can go over from the one spec to the other."""
    if needs_reset(before, after):
        raise SpecError("this change needs a reset of the run")


def postpone(run: Run, wanted: RunSpec, spec: RunSpec) -> None:
    """Make the change from `wanted` to `spec` once the run has repeated its past."""
    change = (run.replay.goal, differences(wanted, spec))
    run.replay = run.replay._replace(changes=(*run.replay.changes, change))


def note(run: Run, spec: RunSpec) -> None:
    """Write the change to `spec` into the log, and its visible part as marks on the curves."""
    before, values = flatten(run.spec), differences(run.spec, spec)
    if not values:
        return
    run.changes.add(run.step, values)
    for knob in knobs(spec):
        if knob.path in values:
            text = f"{knob.label}: {before[knob.path]} → {values[knob.path]}"
            run.marks.append((run.step, text))


def fork(run: Run, step: int, spec: RunSpec | None = None) -> bytes:
    """A checkpoint of a run that gets to update `step` as this one did, then goes on with `spec`.

    It stands at the last point before and repeats the updates from there. Raises ValueError when
    the run has not been there or cannot tell how it came there, and SpecError when `spec` needs a
    reset.
    """
    point = run.timeline.before(step, run.changes.forgotten)
    if step > run.step or (point is None and (run.origin is None or run.changes.forgotten)):
        raise ValueError(f"update {step} of this run is not recorded")
    if point is None:
        start = type(run)(parse_spec(run.origin))
        point = Point(0, 0, start.save())
    tensors, facts = unpack(point.content)
    changes = run.changes.after(point.changes, step)
    before = with_changes(parse_spec(facts["spec"]), changes)
    if spec is not None and spec != before:
        require_live(before, spec)
        changes += ((step, differences(before, spec)),)
    return pack(tensors, facts | {"replay": Replay(step, changes)})
