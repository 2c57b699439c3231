"""A lesson on screen: the card of the present place left, the runs or the figure right."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ebm_engine.lessons.lesson import Lesson, Part
from pages.common.lesson import figures, flow, live_runs, overview, step
from pages.common.lesson.flow import Progress
from pages.common.lesson.live_runs import RunsState
from pages.common.lesson.step import Moment
from pages.common.tab.lockstep import LockstepRuns
from pages.common.tab.plain_text import plain, warn

TEXT_WIDTH = 400  # px
WAITING = "Here the runs wait at update {}. In the explorer they can go on as long as you like."
LOOK_SECONDS, REST_SECONDS, DRAW_SECONDS = 0.4, 1.0, 1.0


def lesson(progress: Progress, offered: Sequence[Lesson]) -> None:
    """Draw the present place of a lesson. Raises HubFull."""
    runs = live_runs.hold(progress)
    state = live_runs.steer(progress, runs) if runs else live_runs.state_of(progress, runs)
    _head(progress)
    with st.container(horizontal=True, gap="medium"):
        left = st.container(key="lesson-text", width=TEXT_WIDTH, gap="small")
        right = st.container(key="lesson-picture", gap="small")
    with left:
        _text(step.moment_of(progress, runs, state), offered)
    with right:
        _picture(progress, runs)


def _head(progress: Progress) -> None:
    place = {0: "Introduction", progress.last: "Summary"}.get(progress.place)
    place = place or f"Step {progress.place} of {progress.last - 1}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All lessons",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=flow.close,
            help="The list of lessons; your place in this one is kept.",
        )
        st.subheader(
            f"{progress.lesson.number}. {plain(progress.lesson.title)}",
            anchor=False,
            width="content",
        )
        st.caption(
            f"{place} · {progress.lesson.minutes} minutes · seed {progress.seed}", width="content"
        )
    warn(flow.of_tab().link.problems)


def _text(now: Moment, offered: Sequence[Lesson]) -> None:
    progress = now.progress
    # Containers that stay where they are: parts of the last place would be seen beside the new.
    card, bar, ways = (st.container(gap="small") for _ in range(3))
    with card:
        if progress.place == 0:
            st.markdown(progress.text("intro", progress.lesson.intro, now.fill))
        elif progress.step is None:
            overview.summary(progress, now.fill, offered)
        else:
            step.draw(now, progress.step)
    with bar:
        if now.runs is not None:
            _watch(progress, now.runs, now.state)
    with ways:
        _ways(progress)


def _watch(progress: Progress, runs: LockstepRuns, drawn: RunsState) -> None:
    """Send the runs where they belong, show how far they are, and tell the page of news."""
    begun = frozenset(progress.begun)

    def body() -> None:
        now = live_runs.steer(progress, runs)
        if now.ready != drawn.ready or begun != progress.begun:
            st.rerun()
        if not now.ready:
            st.progress(now.share, text=f"{_doing(progress, now)} {now.step} of {now.target}")
        elif live_runs.refused(progress):
            st.caption(WAITING.format(now.target))

    st.fragment(body, run_every=REST_SECONDS if drawn.ready else LOOK_SECONDS)()


def _doing(progress: Progress, now: RunsState) -> str:
    """What the runs are about, in words that end with an update."""
    if now.paused:
        return "Paused, press play to go on: update"
    if now.queue:
        return f"Waiting, place {now.queue} in the queue: update"
    return "Update" if progress.place in progress.begun else "Getting ready: update"


def _ways(progress: Progress) -> None:
    """Back and Next; Next opens when the place is done."""
    with st.container(horizontal=True, gap="small", key="lesson-ways"):
        if progress.place:
            st.button(
                "Back",
                on_click=progress.go,
                args=(progress.place - 1,),
                key="lesson-back",
                help="Back one step; nothing is lost.",
            )
        if progress.place < progress.last:
            label = "Start" if progress.place == 0 else "Next"
            label = "Summary" if progress.place == progress.last - 1 else label
            why = "Go to the next step." if progress.done else "Opens when this step is done."
            st.button(
                label,
                type="primary" if progress.done else "secondary",
                on_click=progress.go,
                args=(progress.place + 1,),
                disabled=not progress.done,
                key="lesson-next",
                help=why,
            )


def _picture(progress: Progress, runs: LockstepRuns | None) -> None:
    """The figure of the step, or the bar, what is pointed at, and the runs."""
    present = progress.step
    figure = present.figure if present is not None else None
    if runs is None and figure is None:
        figure = progress.lesson.steps[0 if progress.place == 0 else -1].figure
    pointed = "lesson-pointed" if present is not None else "lesson-figure"
    if figure is not None:
        with st.container(key=pointed):
            figures.draw(progress, figure)
    elif runs is not None:
        live_runs.draw_bar(progress, runs)
        pointed_at = present.point if present is not None else None
        curves = pointed_at if pointed_at in figures.CURVES else None
        beside = live_runs.has_room(progress)
        if curves is not None and not beside:
            with st.container(key="lesson-above"), st.container(key=pointed):
                _curves(progress, runs, curves, figures.ABOVE)
        snapshots = live_runs.state_of(progress, runs).snapshots
        room = live_runs.draw_stages(progress, runs, figures.headings(progress, snapshots))
        if curves is not None and beside:
            with room, st.container(key=pointed):
                _curves(progress, runs, curves, figures.BESIDE)


def _curves(
    progress: Progress, runs: LockstepRuns, part: Part, layout: figures.CurveLayout
) -> None:
    """One part of the curves of all runs, drawn again while they go on."""

    def body() -> None:
        state = live_runs.state_of(progress, runs)
        if state.snapshots and state.step:
            figures.draw_together(progress, part, state.snapshots, layout)
        else:
            st.caption(figures.COMING[part])

    moving = not live_runs.state_of(progress, runs).ready
    st.fragment(body, run_every=DRAW_SECONDS if moving else None)()
