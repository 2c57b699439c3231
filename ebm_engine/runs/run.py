"""Run: a trainer with its history, its rewind points and its snapshots."""

from __future__ import annotations

import math
from collections import deque
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.divergence import Alarm, check_ess, check_size
from ebm_engine.core.population import log_z_estimate
from ebm_engine.core.referee import gradient_bias
from ebm_engine.core.training import Metrics
from ebm_engine.core.types import Walkers
from ebm_engine.runs.advice import likely_knob
from ebm_engine.runs.build import build, build_masks, build_method
from ebm_engine.runs.checkpoint import pack, unpack
from ebm_engine.runs.knobs import knobs, needs_reset
from ebm_engine.runs.picture import Plane, take_snapshot
from ebm_engine.runs.recorder import EVENTS, MARKS, History, Trails
from ebm_engine.runs.snapshot import Divergence, Snapshot
from ebm_engine.runs.spec import RunSpec, SpecError, flatten, parse_spec
from ebm_engine.runs.state import capture, restore

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


class Run:
    """One training run; the same spec gives the same bits on the same kind of hardware."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.parts = build(spec)
        self.plane = Plane(self.parts)
        self.state = self.parts.trainer.start(self.parts.rngs)
        self.history = History(len(spec.energy.means))
        self.trails = Trails()
        self.resampled_at: deque[int] = deque(maxlen=EVENTS)
        self.resamplings = 0
        self.marks: deque[tuple[int, str]] = deque(maxlen=MARKS)
        self.divergence: Divergence | None = None
        self._low_ess_for = 0
        self._metrics: Metrics | None = None
        self._rewind: deque[tuple[int, bytes]] = deque(maxlen=REWIND_POINTS)
        self.trails.track(self.state.walkers.train)
        self.history.add(self.row(), self.model_masses())
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
            self.state, self._metrics = self.parts.trainer.step(self.state)
        walkers = self.state.walkers.train
        self.trails.track(walkers)
        if walkers.resampled:
            self.resampled_at.append(self.step)
            self.resamplings += 1
        every = getattr(self.spec.method, "refresh_every", 0)
        if every and self.step % every == 0:
            self.marks.append((self.step, "walkers refreshed"))
        self._judge(walkers, self._metrics)
        if self.history.due(self.step) or self.divergence:
            self.history.add(self.row(), self.model_masses())
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
        trainer.method = build_method(spec, self.parts.base)
        trainer.masks = build_masks(spec, trainer.energy)
        rates = (spec.optimizer.lr_means, spec.optimizer.lr_log_masses)
        for group, rate in zip(trainer.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate

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
        self.trails = Trails()
        self.trails.track(self.state.walkers.train)
        self.trails.crossings = crossings
        self._rewind = deque([(self.step, self.save())], maxlen=REWIND_POINTS)

    def row(self) -> dict[str, float]:
        """The numbers of HISTORY at the present update; NaN where a method has none."""
        energy, referee = self.parts.trainer.energy, self.parts.referee
        verdict = referee.judge(energy.means, energy.z)
        data_energy = float(self.state.data_at.energy.double().mean())
        walkers = self.state.walkers
        row = {
            "step": self.step,
            "kl_exact": verdict.kl,
            "kl_exact_se": verdict.kl_se,
            "kl_data": verdict.kl_data,
            "ess": walkers.train.ess,
            "ancestors": len(torch.unique(walkers.train.ancestors)),
            "contrast": math.nan,
            "resamplings": self.resamplings,
            "gradient_cosine": math.nan,
            "gradient_ratio": math.nan,
        }
        populations = {"kl_estimate": walkers.train, "kl_witness": walkers.witness}
        for name, population in populations.items():
            value, se = log_z_estimate(population) if population else (math.nan, math.nan)
            row[name] = value + data_energy + referee.data_log_density
            row[f"{name}_se"] = se
        if self._metrics is not None:
            row["contrast"] = self._metrics.contrast()
            exact = referee.gradient(self._metrics.at["means"], self._metrics.at["log_masses"])
            row["gradient_cosine"], row["gradient_ratio"] = self._bias(exact)
        return row

    def model_masses(self) -> np.ndarray:
        """Exact masses (J,) of the model's modes at the present update."""
        return torch.softmax(-self.parts.trainer.energy.z.double(), 0).cpu().numpy()

    def _bias(self, exact: dict[str, Tensor]) -> tuple[float, float]:
        masks = self.parts.trainer.masks
        estimate = {n: g * masks[n] for n, g in self._metrics.gradient.items()}
        return gradient_bias(estimate, {n: g * masks[n].cpu() for n, g in exact.items()})

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
        knob, why = likely_knob(alarm.quantity, self.spec, self._speeds(metrics))
        message = f"{alarm.quantity} reached {alarm.value:.3g} at update {self.step}: {why}."
        self.divergence = Divergence(alarm.quantity, self.step, alarm.value, knob, message)

    def _speeds(self, metrics: Metrics) -> dict[str, float]:
        """Rate × norm of the gradient by group of parameters; how far one update moves them."""
        trainer = self.parts.trainer
        rates = {name: getattr(self.spec.optimizer, f"lr_{name}") for name in metrics.gradient}
        norms = {n: float((g * trainer.masks[n]).norm()) for n, g in metrics.gradient.items()}
        return {name: rates[name] * norms[name] for name in norms}

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
