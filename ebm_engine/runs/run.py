"""Run: a trainer with its history, its rewind points and its snapshots."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple, Self

import numpy as np
import torch

from ebm_engine.core.divergence import Alarm, check_ess, check_size
from ebm_engine.core.referee import Verdict
from ebm_engine.core.training import Metrics, norm
from ebm_engine.core.types import Walkers
from ebm_engine.runs.advice import likely_knob
from ebm_engine.runs.build import build, build_extras, build_masks, build_method, build_rates
from ebm_engine.runs.checkpoint import pack, unpack
from ebm_engine.runs.image_plane import ImagePlane
from ebm_engine.runs.knobs import knobs, needs_reset
from ebm_engine.runs.ledger import history_row
from ebm_engine.runs.picture import data_masses, take_snapshot
from ebm_engine.runs.plane import Plane
from ebm_engine.runs.recorder import (
    EVENTS,
    FIRST_STRIDE,
    MARKS,
    SLOW_STRIDE,
    History,
    Trails,
    first_two,
)
from ebm_engine.runs.snapshot import Divergence, Snapshot
from ebm_engine.runs.spec import RunSpec, SpecError, flatten, parse_spec
from ebm_engine.runs.state import capture, restore
from ebm_engine.runs.tiles import Films

REWIND_EVERY = 25  # updates between rewind points
REWIND_POINTS = 8
CHECK_EVERY = 4  # updates between looks at energies and gradients; ESS is looked at in each


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
        self._rewind: deque[tuple[int, bytes]] = deque(maxlen=REWIND_POINTS)
        self._data_masses: np.ndarray | None = None
        self._recent = Recent(history_row(self, verdict), verdict)
        self._record()
        self._rewind.append((0, self.save()))

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
        self._judge(walkers, self.metrics)
        if self.history.due(self.step) or self.divergence:
            self._record()
        if self.step % REWIND_EVERY == 0 and not self.divergence:
            self._rewind.append((self.step, self.save()))

    def change(self, spec: RunSpec) -> None:
        """Apply live changes from the next update on and mark them on the curves.

        Raises SpecError when a changed field needs a reset.
        """
        if needs_reset(self.spec, spec):
            raise SpecError("this change needs a reset of the run")
        before, after = flatten(self.spec), flatten(spec)
        for knob in knobs(spec):
            if before[knob.path] != after[knob.path]:
                text = f"{knob.label}: {before[knob.path]} → {after[knob.path]}"
                self.marks.append((self.step, text))
        self._apply(spec)

    def _apply(self, spec: RunSpec) -> None:
        self.spec = spec
        trainer = self.parts.trainer
        trainer.method = build_method(spec, self.parts.base, self.parts.referee)
        trainer.masks = build_masks(spec, trainer.energy)
        trainer.extras = build_extras(spec)
        trainer.rates = build_rates(spec, trainer.energy)

    def rewind(self, updates: int) -> None:
        """Go back by `updates` (to update 0 at most): the same bits as then, the knobs as now."""
        present = self.spec
        goal = max(0, self.step - updates)
        usable = [point for point in self._rewind if point[0] <= goal]
        step, content = usable[-1] if usable else self._rewind[0]
        points = [point for point in self._rewind if point[0] <= step]
        earlier = Run.load(content)
        while earlier.step < goal:
            earlier.advance()
        points += [point for point in earlier._rewind if point[0] > step]
        self.__dict__.update(earlier.__dict__)
        self._rewind = deque(points, maxlen=REWIND_POINTS)
        if self.spec != present:
            self.change(present)

    def restart_recording(self, crossings: int) -> None:
        """Begin new trails at the present walkers; a checkpoint holds no trails."""
        self._begin_recording()
        self.trails.crossings = crossings
        self._look()
        self._rewind = deque([(self.step, self.save())], maxlen=REWIND_POINTS)

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

    def _judge(self, walkers: Walkers, metrics: Metrics) -> None:
        alarm = check_ess(walkers.ess_before, self._low_ess_for)
        self._low_ess_for = alarm.low_for
        witness = self.state.walkers.witness
        if alarm.quantity is None and witness is not None and not math.isfinite(witness.ess):
            alarm = Alarm("witness weights", witness.ess)
        if alarm.quantity is None and self.step % CHECK_EVERY == 0:
            alarm = check_size(metrics.largest_energy(), metrics.gradient_norm(), self.spec.dim)
        if alarm.quantity is None:
            return
        knob, why = likely_knob(alarm.quantity, self.spec, self._speeds(metrics), self.parts.width)
        message = f"{alarm.quantity} reached {alarm.value:.3g} at update {self.step}: {why}."
        self.divergence = Divergence(alarm.quantity, self.step, alarm.value, knob, message)

    def _speeds(self, metrics: Metrics) -> dict[str, float]:
        """Rate × norm of the gradient by knob of a rate: how far one update moves θ."""
        rule, masks = self.spec.optimizer, self.parts.trainer.masks
        masked = {name: g * masks[name] for name, g in metrics.gradient.items()}
        if self.spec.energy.kind != "mixture":
            return {"lr": rule.lr * norm(masked)}
        return {f"lr_{n}": getattr(rule, f"lr_{n}") * norm({n: g}) for n, g in masked.items()}

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
