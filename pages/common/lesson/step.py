"""One step of a lesson: what is said and asked, what is to be done, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from ebm_engine.lessons import template
from ebm_engine.lessons.lesson import Slide
from pages.common.lesson import annealing, figures, live_runs
from pages.common.lesson.flow import Progress
from pages.common.lesson.live_runs import RunsState
from pages.common.tab.lockstep import LockstepRuns
from pages.common.tab.plain_text import plain

PREDICT_HELP = "Your guess before anything is shown. It can be changed until the action begins."
PREDICT_FIRST = "Choose a prediction first."

Fill = Callable[[str], str]


class Moment(NamedTuple):
    """A lesson on screen: how far the learner is, its runs (None: it has none), how far they are.

    fill: puts the numbers of now into a text, None while the runs are on their way.
    """

    progress: Progress
    runs: LockstepRuns | None
    state: RunsState
    fill: Fill | None

    def text(self, name: str, text: str) -> str:
        """A text of the present place with its numbers as they were when it was first shown."""
        return self.progress.text(f"{self.progress.place}.{name}", text, self.fill)

    def choices(self) -> list[str]:
        """What can be predicted."""
        choices = enumerate(self.progress.step.ask.choices)
        return [self.text(f"choice.{k}", choice) for k, choice in choices]

    def reveal(self) -> None:
        """Note what came out, with the numbers of now."""
        if self.fill is not None:
            revealed = self.fill(self.progress.step.reveal or "")
            self.progress.revealed[self.progress.place] = revealed


def moment_of(progress: Progress, runs: LockstepRuns | None, state: RunsState) -> Moment:
    """The lesson as it is now."""
    if not state.ready:
        return Moment(progress, runs, state, None)
    figure, annealed = figures.numbers(progress), annealing.annealed(progress, runs)

    def fill(text: str) -> str:
        try:
            return template.fill(text, state.snapshots, annealed=annealed, figure=figure)
        except (KeyError, ValueError) as error:
            st.warning(plain(f"A number of this text is missing: {error}."))
            return template.PLACEHOLDER.sub("unknown", text)

    return Moment(progress, runs, state, fill)


def draw(now: Moment) -> None:
    """Draw what is said and asked, what is to be done, and what came out."""
    progress, step = now.progress, now.progress.step
    st.markdown(now.text("say", step.say))
    if step.ask is not None:
        _predict(now)
    if isinstance(step.do, Slide):
        if figures.slide(progress):
            moment_of(progress, now.runs, now.state).reveal()  # the figure has just moved
    elif not progress.done:
        ACTIONS[step.do](now)
    if progress.revealed.get(progress.place):
        _draw_outcome(now)


def _predict(now: Moment) -> None:
    progress, ask, choices = now.progress, now.progress.step.ask, now.choices()
    place = progress.place
    picked = st.radio(
        now.text("question", ask.question),
        range(len(choices)),
        progress.picks.get(place),
        format_func=choices.__getitem__,
        key=f"predict.{progress.lesson.id}.{place}.{progress.edition}",
        disabled=place in progress.begun or progress.done,
        help=PREDICT_HELP,
    )
    if picked is not None and not progress.done:
        progress.picks[place] = picked


def _read(now: Moment) -> None:
    """A look and a button; nothing at all where nothing is revealed."""
    step = now.progress.step
    if step.reveal is None and step.ask is None:
        now.reveal()
        return
    label = "Show the answer" if step.ask else "Show the numbers"
    if _button(now, label, "visibility", ready=now.fill is not None):
        now.reveal()
        st.rerun()


def _play(now: Moment) -> None:
    progress, until = now.progress, now.progress.step.until
    if progress.place not in progress.begun:
        if _button(now, f"Play to update {until}", "play_arrow", ready=True):
            live_runs.begin(progress)
            st.rerun()
    elif now.state.target == until:
        now.reveal()


def _anneal(now: Moment) -> None:
    progress, runs = now.progress, now.runs
    annealed = annealing.annealed(progress, runs)
    if len(annealed) == len(progress.lesson.runs) and now.fill is not None:
        now.reveal()
    elif progress.place in progress.begun:
        annealing.follow(progress, runs)
    elif _button(now, "Measure the models", "straighten", ready=now.fill is not None):
        if annealing.measure(progress, runs):
            live_runs.begin(progress)
            st.rerun()
        st.info("The models are still being saved; try again in a moment.")


ACTIONS = {"read": _read, "play": _play, "anneal": _anneal}


def _button(now: Moment, label: str, icon: str, *, ready: bool) -> bool:
    """The button of the step's action, disabled until it can be done."""
    why_not = "" if now.progress.predicted else PREDICT_FIRST
    return st.button(
        label,
        type="primary",
        icon=f":material/{icon}:",
        disabled=bool(why_not) or not ready,
        help=why_not or "The action of this step.",
        key="lesson-action",
    )


def _draw_outcome(now: Moment) -> None:
    progress, ask = now.progress, now.progress.step.ask
    picked = progress.picks.get(progress.place) if ask is not None else None
    with st.container(border=True, key="lesson-reveal"):
        if picked is not None and picked == ask.right:
            st.markdown(":material/check_circle: **Right:** as you predicted.")
        elif picked is not None:
            choices = now.choices()
            st.markdown(
                f":material/lightbulb: **Not this time.** You predicted “{choices[picked]}”, "
                f"but the answer is “{choices[ask.right]}”."
            )
        st.markdown(progress.revealed[progress.place])
