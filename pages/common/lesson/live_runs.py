"""The runs of a lesson, side by side in lockstep: brought to the update of the present place.

That update is their limit, so that the outcome is not seen before it is predicted; on the way back
they start again and reach it with the same numbers. The bar pauses and plays on the way. Play at
the limit begins the action of a step that is ready for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ebm_engine.lessons.lesson import LessonRun, built
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import Command, Limit, Play, Reset
from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from ebm_engine.views.many_runs.together import PARTS
from pages.common.figures import side_by_side
from pages.common.lesson import annealing, flow
from pages.common.lesson.flow import Progress
from pages.common.tab import lockstep, session
from pages.common.tab.another_seed import another_seed
from pages.common.tab.lockstep import LockstepRuns
from pages.live.stage import Action

SLOT = "lesson"
COLUMNS = 3  # where curves stand beside the stages
ROOM = 1.3  # times as wide as a stage: the last column, where it is free for curves
ON_STAGES = ("plane", "masses", "images")  # parts that each run's own stage has


@dataclass
class LastOrder:
    """The last order that the runs were given, and how often play had been pressed by then."""

    order: tuple[str, int] = ("", -1)  # group and update
    plays: int = 0
    refused: tuple[str, int] = ("", -1)  # lesson and place where play was pressed too early


@dataclass(frozen=True)
class RunsState:
    """The runs of a lesson at one moment.

    ready: all stand where the present place wants them; paused: they do not, and nobody makes them;
    queue: place among the runs that wait for a seat, 0 = not waiting.
    """

    ready: bool
    step: int
    target: int
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    paused: bool = False
    queue: int = 0

    @property
    def share(self) -> float:
        """How much of the way to the target is done, from 0 to 1."""
        return min(self.step / self.target, 1.0) if self.target else 1.0


def hold(progress: Progress) -> LockstepRuns | None:
    """The runs of a lesson as this tab holds them, None for a lesson without; raises HubFull."""
    specs = list(progress.lesson.specs(progress.seed).values())
    if not specs:
        session.enter()
        return None
    return lockstep.hold(SLOT, preset_of(progress.lesson.runs[0]), specs, play=False)


def preset_of(run: LessonRun) -> str:
    """The preset that a run starts from on this machine."""
    other = run.without_mnist
    return run.preset if other is None or run.spec() == built(run) else other.preset


def state_of(progress: Progress, runs: LockstepRuns | None) -> RunsState:
    """The runs as they are now; a lesson without any is always ready."""
    if runs is None:
        return RunsState(True, 0, 0)
    views = [session.view(held) for held in runs.members]
    pictures = [view.snapshot for view in views if view is not None and view.snapshot is not None]
    if len(pictures) < len(views):
        return RunsState(False, 0, progress.target)
    living = [picture.step for picture in pictures if picture.divergence is None]
    names = [run.name for run in progress.lesson.runs]
    ready = all(step == progress.target for step in living)
    step = min(living, default=progress.target)
    return RunsState(ready, step, progress.target, dict(zip(names, pictures, strict=True)))


def steer(progress: Progress, runs: LockstepRuns) -> RunsState:
    """Make the runs go where they belong, and return where they are.

    Each order is given once: after it the person decides, and may pause and play.
    """
    views = [view for held in runs.members if (view := session.view(held)) is not None]
    if len(views) < len(runs.members):
        st.rerun()
    state, last = state_of(progress, runs), session.kept("lesson-order", LastOrder)
    order = (runs.group, state.target)
    if order != last.order:
        if state.snapshots:
            _order(runs, state.target, max(shot.step for shot in state.snapshots.values()))
            last.order, last.plays = order, _plays(runs)
        return state
    if views[0].plays != last.plays:
        last.plays = views[0].plays
        if state.ready:
            last.refused = (progress.lesson.id, progress.place)
        begin(progress)
    stopped = not state.ready and not any(view.playing for view in views)
    return replace(state, paused=stopped, queue=views[0].queue_position)


def _order(runs: LockstepRuns, target: int, furthest: int) -> None:
    """Let the runs go to the target, from update 0 again when one is past it."""
    _send(runs, Limit(target))
    if furthest > target:
        _send(runs, Reset())
    if furthest != target:
        _send(runs, Play())


def _plays(runs: LockstepRuns) -> int:
    view = session.view(runs.members[0])
    return view.plays if view is not None else 0


def refused(progress: Progress) -> bool:
    """Whether play was pressed on the bar at this place, where the runs have to wait."""
    last = session.kept("lesson-order", LastOrder)
    return last.refused == (progress.lesson.id, progress.place)


def begin(progress: Progress) -> None:
    """Start the action of the present step, if its prediction has been made."""
    if progress.step is not None and progress.predicted:
        progress.begun.add(progress.place)


def act(progress: Progress, action: Action) -> None:
    """Carry out an action of the bar: a new seed begins the lesson anew."""
    if action.name == "new-seed":
        flow.restart(progress, another_seed(progress.seed), min(progress.place, 1))


def draw_bar(progress: Progress, runs: LockstepRuns) -> None:
    """The transport bar and the timeline of all runs."""
    pointed = (
        "transport" if progress.step is not None and progress.step.point == "transport" else ""
    )
    side_by_side.bar(
        runs,
        key=f"lesson-{progress.lesson.id}-bar",
        on_action=partial(act, progress),
        point=pointed,
    )


def has_room(progress: Progress) -> bool:
    """Whether the stages leave a column free: in all steps of a lesson that draws curves, so that
    they keep their places, where the runs are few enough.
    """
    curves = any(step.point in PARTS for step in progress.lesson.steps)
    return curves and len(progress.lesson.runs) < COLUMNS


def draw_stages(progress: Progress, runs: LockstepRuns, headings: Sequence[str]) -> DeltaGenerator:
    """A stage for each run below its heading of HTML, beside each other; returns the last column,
    which is free where the runs leave room.
    """
    point = progress.step.point if progress.step is not None else None
    count = len(runs.members)
    free = COLUMNS - count if has_room(progress) else 0
    places = st.columns([1.0] * count + [ROOM] * free, gap="medium")
    found = annealing.annealed(progress, runs)
    for k, (run, heading) in enumerate(zip(progress.lesson.runs, headings, strict=True)):
        with places[k]:
            st.html(heading)
            side_by_side.cell(
                runs,
                k,
                key=f"lesson-{progress.lesson.id}-{run.name}",
                measured=annealing.measured(found.get(run.name)),
                point=point if point in ON_STAGES else "",
            )
    return places[-1]


def _send(runs: LockstepRuns, command: Command) -> None:
    with suppress(UnknownRun, HubFull):  # the stages say so
        hub().command(runs.members[0].token, command)
