"""A lesson on screen: the card of the present place left, the runs or the figure right."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ebm_engine.lessons.lesson import Lesson
from pages.common.lesson import figures, flow, live_runs, overview, step
from pages.common.lesson.flow import Walk
from pages.common.lesson.live_runs import State
from pages.common.tab.lockstep import Ensemble
from pages.common.tab.plain_text import plain, warn

TEXT_WIDTH = 400  # px
WAITING = "The runs wait at update {} here. The explorer lets them go on as long as you like."
LOOK_SECONDS, REST_SECONDS, DRAW_SECONDS = 0.4, 1.0, 1.0


def lesson(walk: Walk, offered: Sequence[Lesson]) -> None:
    """Draw the present place of a lesson. Raises HubFull."""
    runs = live_runs.hold(walk)
    state = live_runs.steer(walk, runs) if runs else live_runs.look(walk, runs)
    _head(walk)
    with st.container(horizontal=True, gap="medium"):
        left = st.container(key="lesson-text", width=TEXT_WIDTH, gap="small")
        right = st.container(key="lesson-picture", gap="small")
    with left:
        _text(walk, runs, state, offered)
    with right:
        _picture(walk, runs)


def _head(walk: Walk) -> None:
    place = {0: "Introduction", walk.last: "Summary"}.get(walk.place)
    place = place or f"Step {walk.place} of {walk.last - 1}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "All lessons",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=flow.close,
            help="The list of lessons; this one keeps its place.",
        )
        st.subheader(
            f"{walk.lesson.number}. {plain(walk.lesson.title)}", anchor=False, width="content"
        )
        st.caption(f"{place} · {walk.lesson.minutes} minutes · seed {walk.seed}", width="content")
    warn(flow.walks().link.problems)


def _text(walk: Walk, runs: Ensemble | None, state: State, offered: Sequence[Lesson]) -> None:
    fill = step.filler(walk, runs, state)
    # Places that stay where they are, else parts of the last place would be seen beside the new.
    card, progress, ways = (st.container(gap="small") for _ in range(3))
    with card:
        if walk.place == 0:
            st.markdown(walk.text("intro", walk.lesson.intro, fill))
        elif walk.step is None:
            overview.summary(walk, fill, offered)
        else:
            step.draw(walk, runs, state, fill)
    with progress:
        if runs is not None:
            _watch(walk, runs, state)
    with ways:
        _ways(walk)


def _watch(walk: Walk, runs: Ensemble, drawn: State) -> None:
    """Send the runs where they belong, show how far they are, and tell the page of news."""
    begun = frozenset(walk.begun)

    def body() -> None:
        now = live_runs.steer(walk, runs)
        if now.ready != drawn.ready or begun != walk.begun:
            st.rerun()
        if not now.ready:
            st.progress(now.share, text=f"{_doing(walk, now)} {now.step} of {now.target}")
        elif live_runs.refused(walk):
            st.caption(WAITING.format(now.target))

    st.fragment(body, run_every=REST_SECONDS if drawn.ready else LOOK_SECONDS)()


def _doing(walk: Walk, now: State) -> str:
    """What the runs are about, in words that end with an update."""
    if now.paused:
        return "Paused, Play goes on: update"
    if now.queue:
        return f"Waiting, place {now.queue} in the queue: update"
    return "Update" if walk.place in walk.begun else "The runs get ready: update"


def _ways(walk: Walk) -> None:
    """Back and Next; Next opens when the place is done."""
    with st.container(horizontal=True, gap="small", key="lesson-ways"):
        if walk.place:
            st.button(
                "Back",
                on_click=walk.go,
                args=(walk.place - 1,),
                key="lesson-back",
                help="The place before this one; nothing is lost.",
            )
        if walk.place < walk.last:
            label = "Start" if walk.place == 0 else "Next"
            label = "Summary" if walk.place == walk.last - 1 else label
            why = "To the next place." if walk.done else "Opens when this step is done."
            st.button(
                label,
                type="primary" if walk.done else "secondary",
                on_click=walk.go,
                args=(walk.place + 1,),
                disabled=not walk.done,
                key="lesson-next",
                help=why,
            )


def _picture(walk: Walk, runs: Ensemble | None) -> None:
    """The figure of the step, or the bar, what is pointed at, and the runs."""
    figure = walk.step.figure if walk.step is not None else None
    if runs is None and figure is None:
        figure = walk.lesson.steps[0 if walk.place == 0 else -1].figure
    pointed = "lesson-pointed" if walk.step is not None else "lesson-figure"
    if figure is not None:
        with st.container(key=pointed):
            figures.draw(walk, figure)
    elif runs is not None:
        live_runs.draw_bar(walk, runs)
        curves = walk.step is not None and walk.step.point in figures.CURVES
        beside = live_runs.has_room(walk)
        if curves and not beside:
            with st.container(key="lesson-above"), st.container(key=pointed):
                _curves(walk, runs, figures.ABOVE)
        snapshots = live_runs.look(walk, runs).snapshots
        room = live_runs.draw_stages(walk, runs, figures.headings(walk, snapshots))
        if curves and beside:
            with room, st.container(key=pointed):
                _curves(walk, runs, figures.BESIDE)


def _curves(walk: Walk, runs: Ensemble, place: figures.Place) -> None:
    """The curves of all runs, drawn again while they go on."""

    def body() -> None:
        state = live_runs.look(walk, runs)
        if state.snapshots and state.step:
            figures.draw_together(walk, walk.step.point, state.snapshots, place)
        else:
            st.caption(figures.COMING[walk.step.point])

    moving = not live_runs.look(walk, runs).ready
    st.fragment(body, run_every=DRAW_SECONDS if moving else None)()
