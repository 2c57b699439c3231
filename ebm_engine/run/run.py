"""Run: a trainer with its history, its points to go back to and its snapshots."""

from __future__ import annotations

from typing import Self

import torch

from ebm_engine.build.parts import Parts, on_usable_device
from ebm_engine.build.trainer import build_extras, build_masks, build_method, build_rates
from ebm_engine.run.checkpoint import capture, pack, restore, unpack
from ebm_engine.run.divergence import diverged
from ebm_engine.run.history_row import history_row
from ebm_engine.run.snapshot import Divergence, Snapshot
from ebm_engine.run.state import Recent, first_state
from ebm_engine.run.take_snapshot import take_snapshot
from ebm_engine.run.timeline import EVERY, Point, Replay, Timeline
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


class Run:
    """One training run; the same spec gives the same bits on the same kind of hardware."""

    def __init__(self, spec: RunSpec) -> None:
        self.state, verdict = first_state(spec)
        self.timeline = Timeline()
        self._recent = Recent(history_row(self.state, verdict), verdict)
        self._record()
        self._record_families()
        self._keep_point()

    @property
    def spec(self) -> RunSpec:
        """What is trained at this update."""
        return self.state.spec

    @property
    def parts(self) -> Parts:
        """The parts that the spec was built into."""
        return self.state.parts

    @property
    def step(self) -> int:
        """Number of parameter updates done."""
        return self.state.step

    @property
    def divergence(self) -> Divergence | None:
        """Why the run has stopped by itself, None while it is well."""
        return self.state.divergence

    def advance(self) -> None:
        """One parameter update; nothing happens to a run that has diverged."""
        state = self.state
        if state.divergence:
            return
        with torch.inference_mode():
            state.training, metrics = state.parts.trainer.step(state.training)
        state.metrics = metrics
        state.track()
        if state.walkers.train.resampled:
            state.resampled_at.append(state.step)
            state.resamplings += 1
        every = state.spec.method.refresh_every
        if every and state.step % every == 0:
            state.marks.append((state.step, "walkers refreshed"))
        state.divergence, state.low_ess_for = diverged(state, metrics)
        if state.history.due(state.step) or state.divergence:
            self._record()
        self._record_families()
        if state.step % EVERY == 0 and not state.divergence:
            self._keep_point()
        self._repeat_changes()

    @property
    def wanted(self) -> RunSpec:
        """The spec once everything that the run has to repeat is done."""
        changes = self.state.replay.changes
        return with_changes(self.spec, changes) if changes else self.spec

    def change(self, spec: RunSpec) -> None:
        """Apply live changes from the next update on and mark them on the curves.

        Where the run still repeats its past, they are for the update that this ends at. Raises
        SpecError when a changed field needs a reset.
        """
        wanted, replay = self.wanted, self.state.replay
        require_live(wanted, spec)
        if self.step < replay.goal:
            change = (replay.goal, differences(wanted, spec))
            self.state.replay = replay._replace(changes=(*replay.changes, change))
        else:
            self._apply(spec)

    def _repeat_changes(self) -> None:
        """The live changes that belong to this update, where the run repeats its past."""
        while (replay := self.state.replay).changes and replay.changes[0][0] <= self.step:
            change, *others = replay.changes
            self.state.replay = replay._replace(changes=tuple(others))
            self._apply(with_changes(self.spec, [change]))

    def _apply(self, spec: RunSpec) -> None:
        self._note(spec)
        self.state.spec = spec
        trainer = self.parts.trainer
        trainer.method = build_method(spec, self.parts.base, self.parts.referee)
        trainer.masks = build_masks(spec, trainer.energy)
        trainer.extras = build_extras(spec)
        trainer.rates = build_rates(spec, trainer.energy)

    def _note(self, spec: RunSpec) -> None:
        """Write the change to `spec` into the log, and its visible part as marks on the curves."""
        before, values = flatten(self.spec), differences(self.spec, spec)
        if not values:
            return
        self.state.changes.add(self.step, values)
        for knob in knobs(spec):
            if knob.path in values:
                text = f"{knob.label}: {before[knob.path]} → {values[knob.path]}"
                self.state.marks.append((self.step, text))

    def at(self, step: int) -> Self:
        """A run that stands where this one stood at update `step`: the same bits.

        Raises ValueError when that is not recorded.
        """
        earlier = self.load(self.fork(step))
        while earlier.step < step and not earlier.divergence:
            earlier.advance()
        return earlier

    def rewind(self, updates: int) -> None:
        """Go back by `updates`, as far as the recent points reach: bits as then, knobs as now."""
        present, goal = self.wanted, max(self.step - updates, self.timeline.reach())
        earlier = self.at(goal)
        self.state, self._recent = earlier.state, earlier._recent
        self.timeline.cut(goal)
        self.state.replay = Replay()
        if self.spec != present:
            self.change(present)

    def fork(self, step: int, spec: RunSpec | None = None) -> bytes:
        """A checkpoint of a run that gets to update `step` as this one did, then goes on with
        `spec`.

        It stands at the last point before and repeats the updates from there. Raises ValueError
        when this run has not been there or cannot tell how it came there, and SpecError when `spec`
        needs a reset.
        """
        log, origin = self.state.changes, self.state.origin
        point = self.timeline.before(step, log.forgotten)
        if step > self.step or (point is None and (origin is None or log.forgotten)):
            raise ValueError(f"update {step} of this run is not recorded")
        if point is None:
            point = Point(0, 0, type(self)(parse_spec(origin)).save())
        tensors, facts = unpack(point.content)
        changes = log.after(point.changes, step)
        before = with_changes(parse_spec(facts["spec"]), changes)
        if spec is not None and spec != before:
            require_live(before, spec)
            changes += ((step, differences(before, spec)),)
        return pack(tensors, facts | {"replay": Replay(step, changes)})

    def restart_recording(self, crossings: int) -> None:
        """Begin new trails at the present walkers; a checkpoint holds no trails."""
        self.state.restart_trails(crossings)
        self._recent = self._look()
        self.timeline = Timeline()
        self._keep_point()
        self._repeat_changes()

    def _keep_point(self) -> None:
        self.timeline.add(Point(self.step, self.state.changes.count, self.save()))

    def _record_families(self) -> None:
        genealogy = self.state.genealogy
        if self.spec.method.weighted and genealogy.due(self.step):
            genealogy.add(self.step, self.state.walkers.train.ancestors)

    def recent(self, *, playing: bool) -> Recent:
        """The exact numbers of this update, or, while a slow referee judges a run that plays, those
        of the last recorded one.
        """
        slow = self.parts.regions is not None
        if self._recent.row["step"] != self.step and not (playing and slow):
            self._recent = self._look()
        return self._recent

    def _look(self) -> Recent:
        verdict = self.parts.judge()
        return Recent(history_row(self.state, verdict), verdict)

    def _record(self) -> None:
        recent = self.recent(playing=False)
        self.state.history.add(recent.row, recent.verdict.masses.numpy())

    def snapshot(self, *, playing: bool, updates_per_second: float, notice: str = "") -> Snapshot:
        """The present moment for the views; looking changes nothing."""
        return take_snapshot(
            self.state,
            self.recent(playing=playing),
            playing=playing,
            updates_per_second=updates_per_second,
            notice=notice,
        )

    def save(self) -> bytes:
        """A checkpoint: safetensors with JSON metadata."""
        return pack(*capture(self.state))

    @classmethod
    def load(cls, content: bytes, device: str | None = None) -> Self:
        """The run of a checkpoint, on its own device, on `device`, or on the CPU for want of a GPU.

        On another kind of device than it was saved on it goes on with new random numbers and says
        so in a mark. Raises CheckpointError or SpecError on anything wrong.
        """
        tensors, facts = unpack(content)
        run = cls(on_usable_device(parse_spec(facts["spec"]), device))
        restore(run.state, tensors, facts)
        run.restart_recording(facts["crossings"])
        return run


def require_live(before: RunSpec, after: RunSpec) -> None:
    """Raise SpecError unless a run can go over from the one spec to the other."""
    if needs_reset(before, after):
        raise SpecError("this change needs a reset of the run")
