"""One step of a lesson: what is said and asked, what is to be done, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from ebm_engine.lessons import template
from ebm_engine.lessons.lesson import Ask, Slide, Step
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

    def choices(self, ask: Ask) -> list[str]:
        """What can be predicted."""
        return [self.text(f"choice.{k}", choice) for k, choice in enumerate(ask.choices)]

    def reveal(self, step: Step) -> None:
        """Note what came out, with the numbers of now."""
        if self.fill is not None:
            self.progress.revealed[self.progress.place] = self.fill(step.reveal or "")


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


def draw(now: Moment, step: Step) -> None:
    """Draw what is said and asked, what is to be done, and what came out."""
    progress = now.progress
    st.markdown(now.text("say", step.say))
    if step.ask is not None:
        _predict(now, step.ask)
    if isinstance(step.do, Slide):
        assert step.figure is not None  # a step with a slider has its figure
        if figures.slide(progress, step.figure, step.do):
            moment_of(progress, now.runs, now.state).reveal(step)  # the figure has just moved
    elif not progress.done:
        ACTIONS[step.do](now, step)
    if progress.revealed.get(progress.place):
        _draw_outcome(now, step.ask)


def _predict(now: Moment, ask: Ask) -> None:
    progress, choices = now.progress, now.choices(ask)
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


def _read(now: Moment, step: Step) -> None:
    """A look and a button; nothing at all where nothing is revealed."""
    if step.reveal is None and step.ask is None:
        now.reveal(step)
        return
    label = "Show the answer" if step.ask else "Show the numbers"
    if _button(now, label, "visibility", ready=now.fill is not None):
        now.reveal(step)
        st.rerun()


def _play(now: Moment, step: Step) -> None:
    progress, until = now.progress, step.until
    if progress.place not in progress.begun:
        if _button(now, f"Play to update {until}", "play_arrow", ready=True):
            live_runs.begin(progress)
            st.rerun()
    elif now.state.target == until:
        now.reveal(step)


def _anneal(now: Moment, step: Step) -> None:
    progress, runs = now.progress, now.runs
    assert runs is not None  # a lesson with this action has runs of images
    annealed = annealing.annealed(progress, runs)
    if len(annealed) == len(progress.lesson.runs) and now.fill is not None:
        now.reveal(step)
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


def _draw_outcome(now: Moment, ask: Ask | None) -> None:
    progress = now.progress
    picked = progress.picks.get(progress.place)
    with st.container(border=True, key="lesson-reveal"):
        if ask is not None and picked == ask.right:
            st.markdown(":material/check_circle: **Right:** as you predicted.")
        elif ask is not None and picked is not None:
            choices = now.choices(ask)
            st.markdown(
                f":material/lightbulb: **Not this time.** You predicted “{choices[picked]}”, "
                f"but the answer is “{choices[ask.right]}”."
            )
        st.markdown(progress.revealed[progress.place])
