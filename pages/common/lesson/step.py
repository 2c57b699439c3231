"""One step of a lesson: what is said and asked, what is to be done, and what came out."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ebm_engine.lessons import template
from ebm_engine.lessons.lesson import Slide
from pages.common.lesson import annealing, figures, live_runs
from pages.common.lesson.flow import Walk
from pages.common.lesson.live_runs import State
from pages.common.tab.lockstep import Ensemble
from pages.common.tab.plain_text import plain

PREDICT_HELP = "Your guess before anything is shown. It can be changed until the action begins."
PREDICT_FIRST = "Choose a prediction first."

Fill = Callable[[str], str]


def filler(walk: Walk, runs: Ensemble | None, state: State) -> Fill | None:
    """What fills texts with the numbers of now, None while the runs are on their way."""
    if not state.ready:
        return None
    figure, found = figures.numbers(walk), annealing.annealed(walk, runs)

    def fill(text: str) -> str:
        try:
            return template.fill(text, state.snapshots, annealed=found, figure=figure)
        except (KeyError, ValueError) as error:
            st.warning(plain(f"A number of this text is not there: {error}."))
            return template.PLACEHOLDER.sub("unknown", text)

    return fill


def draw(walk: Walk, runs: Ensemble | None, state: State, fill: Fill | None) -> None:
    """What is said and asked, what is to be done, and what came out."""
    step, place = walk.step, walk.place
    st.markdown(walk.text(f"{place}.say", step.say, fill))
    if step.ask is not None:
        _predict(walk, fill)
    if isinstance(step.do, Slide):
        if figures.slide(walk):
            # The figure has moved since `fill` was made.
            _tell(walk, filler(walk, runs, state))
    elif not walk.done:
        ACTIONS[step.do](walk, runs, state, fill)
    if walk.done and walk.told[place]:
        _reveal(walk, fill)


def _predict(walk: Walk, fill: Fill | None) -> None:
    ask, place = walk.step.ask, walk.place
    choices = _choices(walk, fill)
    picked = st.radio(
        walk.text(f"{place}.question", ask.question, fill),
        range(len(choices)),
        walk.picks.get(place),
        format_func=choices.__getitem__,
        key=f"predict.{walk.lesson.id}.{place}.{walk.edition}",
        disabled=place in walk.begun or walk.done,
        help=PREDICT_HELP,
    )
    if picked is not None and not walk.done:
        walk.picks[place] = picked


def _choices(walk: Walk, fill: Fill | None) -> list[str]:
    named = enumerate(walk.step.ask.choices)
    return [walk.text(f"{walk.place}.choice.{k}", choice, fill) for k, choice in named]


def _read(walk: Walk, _: Ensemble | None, __: State, fill: Fill | None) -> None:
    """A look and a button; nothing at all where nothing is revealed."""
    if walk.step.reveal is None and walk.step.ask is None:
        _tell(walk, fill)
        return
    label = "Show the answer" if walk.step.ask else "Show the numbers"
    if _button(walk, label, "visibility", ready=fill is not None):
        _tell(walk, fill)
        st.rerun()


def _play(walk: Walk, _: Ensemble | None, state: State, fill: Fill | None) -> None:
    if walk.place not in walk.begun:
        label = f"Play to update {walk.step.until}"
        if _button(walk, label, "play_arrow", ready=True):
            live_runs.begin(walk)
            st.rerun()
    elif fill is not None and state.target == walk.step.until:
        _tell(walk, fill)


def _anneal(walk: Walk, runs: Ensemble, _: State, fill: Fill | None) -> None:
    found = annealing.annealed(walk, runs)
    if len(found) == len(walk.lesson.runs) and fill is not None:
        _tell(walk, fill)
    elif walk.place in walk.begun:
        annealing.follow(walk, runs)
    elif _button(walk, "Measure the models", "straighten", ready=fill is not None):
        if annealing.measure(walk, runs):
            live_runs.begin(walk)
            st.rerun()
        st.info("The models are still being saved; try again in a moment.")


ACTIONS = {"read": _read, "play": _play, "anneal": _anneal}


def _button(walk: Walk, label: str, icon: str, *, ready: bool) -> bool:
    """The button of the step's action, closed until it can be done."""
    why = "" if walk.predicted else PREDICT_FIRST
    return st.button(
        label,
        type="primary",
        icon=f":material/{icon}:",
        disabled=bool(why) or not ready,
        help=why or "Does what this step is about.",
        key="lesson-action",
    )


def _tell(walk: Walk, fill: Fill | None) -> None:
    """Reveal what came out, with the numbers of now."""
    if fill is not None:
        walk.told[walk.place] = fill(walk.step.reveal or "")


def _reveal(walk: Walk, fill: Fill | None) -> None:
    with st.container(border=True, key="lesson-reveal"):
        if walk.step.ask is not None and walk.place in walk.picks:
            choices, right = _choices(walk, fill), walk.step.ask.right
            picked = walk.picks[walk.place]
            if picked == right:
                st.markdown(":material/check_circle: **Right:** as you predicted.")
            else:
                st.markdown(
                    f":material/lightbulb: **Not this time.** You said “{choices[picked]}”, "
                    f"and it is “{choices[right]}”."
                )
        st.markdown(walk.told[walk.place])
