"""The past of a run: live changes, and a checkpoint that leads to any update it has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm_engine.run.timeline import Point, Replay, differences, with_changes
from ebm_engine.runs.checkpoint import pack, unpack
from ebm_engine.spec.knobs import knobs, needs_reset
from ebm_engine.spec.run_spec import RunSpec, SpecError, flatten, parse_spec

if TYPE_CHECKING:
    from ebm_engine.run.run import Run


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
