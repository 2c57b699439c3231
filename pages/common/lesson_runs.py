"""The runs of a lesson, side by side in lockstep: brought to the update of the present place.

The runs never stand anywhere else for long. Who presses play on the bar begins the action of a
step that is ready for it; what goes too far starts again and comes back to its place with the same
numbers.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from ebm_engine.runs.commands import Command, Pause, Reset, Step
from ebm_engine.runs.hub import HubFull, UnknownRun, hub
from ebm_engine.runs.image_targets import IMAGE_KINDS
from ebm_engine.runs.lesson import LessonRun, built
from ebm_engine.runs.snapshot import Snapshot
from pages.common import ensemble, lesson_annealing, lesson_flow, session
from pages.common.ensemble import Ensemble
from pages.common.lesson_flow import Walk
from pages.live.stage import Action, stage

SLOT = "lesson"
STILL = 0.3  # seconds without an update after which runs are taken to stand
STALL = 2.0  # the same, for an order to be given again
NEW_SEEDS = 10_000
FEWEST = 3  # columns: two stages alone would be higher than the screen
ON_STAGES = ("plane", "masses", "images")  # parts that each run's own stage has


@dataclass
class Pulse:
    """When the runs last moved, and the last order they were given."""

    steps: tuple[int, ...] = ()
    moved_at: float = 0.0
    order: tuple[str, int] = ("", -1)  # group and update
    refused: tuple[str, int] = ("", -1)  # lesson and place where play was pressed too early


@dataclass(frozen=True)
class State:
    """The runs of a lesson at one moment; ready: all stand where the present place wants them."""

    ready: bool
    step: int
    target: int
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """How much of the way to the target is done, from 0 to 1."""
        return min(self.step / self.target, 1.0) if self.target else 1.0


def hold(walk: Walk) -> Ensemble | None:
    """The runs of a lesson as this tab holds them, None for a lesson without; raises HubFull."""
    specs = list(walk.lesson.specs(walk.seed).values())
    if not specs:
        session.enter()
        return None
    return ensemble.hold(SLOT, preset_of(walk.lesson.runs[0]), specs, play=False)


def preset_of(run: LessonRun) -> str:
    """The preset that a run starts from on this machine."""
    return run.preset if run.spec() == built(run) else run.without_mnist.preset


def look(walk: Walk, runs: Ensemble | None) -> State:
    """The runs as they are now; a lesson without any is always ready."""
    if runs is None:
        return State(True, 0, 0)
    views = [session.view(held) for held in runs.members]
    pictures = [view.snapshot if view is not None else None for view in views]
    if None in pictures:
        return State(False, 0, walk.target)
    living = [picture.step for picture in pictures if picture.divergence is None]
    names = [run.name for run in walk.lesson.runs]
    ready = all(step == walk.target for step in living)
    step = min(living, default=walk.target)
    return State(ready, step, walk.target, dict(zip(names, pictures, strict=True)))


def steer(walk: Walk, runs: Ensemble) -> State:
    """Bring the runs nearer to where they belong and tell where they are."""
    views = [session.view(held) for held in runs.members]
    if None in views:
        st.rerun()
    state, pulse = look(walk, runs), session.kept("lesson-pulse", Pulse)
    steps = tuple(view.snapshot.step if view.snapshot else -1 for view in views)
    if steps != pulse.steps:
        pulse.steps, pulse.moved_at = steps, time.monotonic()
    if any(view.playing for view in views):
        _send(runs, Pause())
        pulse.refused = (walk.lesson.id, walk.place)
        begin(walk)
    elif not state.ready and state.snapshots:
        _order(runs, state, pulse, max(steps))
    return state


def _order(runs: Ensemble, state: State, pulse: Pulse, furthest: int) -> None:
    """Make the runs go to the target, from update 0 again when they are past it.

    Each order is given once, to runs that stand still; again when it had no effect for a while.
    """
    quiet, order = time.monotonic() - pulse.moved_at, (runs.group, state.target)
    if quiet < (STILL if order != pulse.order else STALL):
        return
    pulse.order, pulse.moved_at = order, time.monotonic()
    _send(runs, Pause())
    if furthest > state.target:
        _send(runs, Reset())
        furthest = 0
    if furthest < state.target:
        _send(runs, Step(state.target - furthest))


def refused(walk: Walk) -> bool:
    """Whether play was pressed on the bar at this place, where the runs have to wait."""
    pulse = session.kept("lesson-pulse", Pulse)
    return pulse.refused == (walk.lesson.id, walk.place)


def begin(walk: Walk) -> None:
    """Start the action of the present step, if its prediction has been made."""
    if walk.step is not None and walk.predicted:
        walk.begun.add(walk.place)


def act(walk: Walk, action: Action) -> None:
    """Carry out an action of the bar: a new seed begins the lesson anew."""
    if action.name == "new-seed":
        seed = (walk.seed + 1 + secrets.randbelow(NEW_SEEDS - 1)) % NEW_SEEDS
        lesson_flow.restart(walk, seed, min(walk.place, 1))


def draw_bar(walk: Walk, runs: Ensemble) -> None:
    """The transport bar and the timeline of all runs."""
    pointed = "transport" if walk.step is not None and walk.step.point == "transport" else ""
    stage(
        runs.members[0].token,
        key=f"lesson-{walk.lesson.id}-bar",
        layout="bar",
        group=runs.group,
        on_action=partial(act, walk),
        point=pointed,
    )


def draw_stages(walk: Walk, runs: Ensemble, headings: Sequence[str]) -> None:
    """A stage for each run below its heading of HTML, beside each other."""
    point = walk.step.point if walk.step is not None else None
    columns = max(FEWEST, len(runs.members))
    places = st.columns(columns, gap="medium")
    found = lesson_annealing.annealed(walk, runs)
    members = zip(places, walk.lesson.runs, runs.members, headings, strict=False)
    for place, run, held, heading in members:
        with place:
            st.html(heading)
            stage(
                held.token,
                key=f"lesson-{walk.lesson.id}-{run.name}",
                layout="tile" if held.spec.target.kind in IMAGE_KINDS else "cell",
                group=runs.group,
                measured=lesson_annealing.measured(found.get(run.name)),
                point=point if point in ON_STAGES else "",
            )


def _send(runs: Ensemble, command: Command) -> None:
    with suppress(UnknownRun, HubFull):  # the stages say so
        hub().command(runs.members[0].token, command)
