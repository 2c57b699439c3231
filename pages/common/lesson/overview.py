"""The list of lessons, and what a learner takes from one: its summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ebm_engine.lessons.lesson import Ask, Lesson, LessonRun
from ebm_engine.lessons.read import mistakes
from ebm_engine.lessons.template import PLACEHOLDER
from ebm_engine.spec.run_spec import RunSpec
from pages.common.lesson import flow, live_runs
from pages.common.lesson.flow import Progress
from pages.common.tab import run_link
from pages.common.tab.plain_text import plain, warn

PLANE_PAGE, IMAGES_PAGE = "gaussian_mixtures.py", "mnist.py"
COLUMNS = 2
INTRODUCTION = (
    "Each lesson asks first, then lets real runs train in front of you, then shows what came out. "
    "The numbers in its texts are those of your runs."
)


def overview(offered: Sequence[Lesson]) -> None:
    """Draw all lessons as cards, with what this tab has done of them."""
    st.header("Lessons", anchor=False)
    st.markdown(INTRODUCTION)
    warn((*flow.of_tab().link.problems, *_left_out()))
    todo = next((lesson.id for lesson in offered if not _finished(lesson)), "")
    for first in range(0, len(offered), COLUMNS):
        columns = st.columns(COLUMNS, gap="small")
        for column, lesson in zip(columns, offered[first : first + COLUMNS], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                _card(lesson, primary=lesson.id == todo)


def _finished(lesson: Lesson) -> bool:
    begun = _begun(lesson)
    return begun is not None and begun.finished


def _begun(lesson: Lesson) -> Progress | None:
    """What this tab has done of a lesson, None before its first step."""
    progress = flow.of_tab().by_id.get(lesson.id)
    if progress is None or progress.lesson != lesson:
        return None
    return progress if progress.place > 0 or progress.revealed else None


def _left_out() -> list[str]:
    return [f"A lesson is left out: {mistake}." for mistake in mistakes(flow.FOLDER)]


def _card(lesson: Lesson, *, primary: bool) -> None:
    begun = _begun(lesson)
    st.markdown(f"**{lesson.number}. {plain(lesson.title)}** · {lesson.minutes} min")
    st.markdown(question_of(lesson))
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Start" if begun is None else "Review" if begun.finished else "Continue"
        st.button(
            f"{label} lesson {lesson.number}",
            key=f"open-{lesson.id}",
            type="primary" if primary else "secondary",
            on_click=flow.open_at,
            args=(lesson,),
            help="Opens where you left it." if begun else "Opens at its introduction.",
        )
        st.caption(_standing(begun) if begun else "Not started", width="content")


def question_of(lesson: Lesson) -> str:
    """The first question of a lesson that needs no number, "" without one."""
    asked = (step.ask.question for step in lesson.steps if step.ask)
    return next((text for text in asked if not PLACEHOLDER.search(text)), "")


def _standing(progress: Progress) -> str:
    if progress.finished:
        return f":material/check: Done · {score(progress)}"
    steps = progress.last - 1
    return f"Step {min(max(progress.place, 1), steps)} of {steps} · {score(progress)}"


def score(progress: Progress) -> str:
    """How many of the finished steps were predicted right."""
    asked = {i: step.ask for i, step in enumerate(progress.lesson.steps, start=1) if step.ask}
    judged = [i for i in asked if i in progress.revealed and i in progress.picks]
    right = sum(progress.picks[i] == asked[i].right for i in judged)
    return f"{right} of {len(judged)} predictions right" if judged else "no prediction yet"


def summary(
    progress: Progress, fill: Callable[[str], str] | None, offered: Sequence[Lesson]
) -> None:
    """Draw what the lesson says in the end, the predictions, and where to go from here."""
    st.markdown(progress.text("summary", progress.lesson.summary, fill))
    st.markdown(f"**Your predictions:** {score(progress)}")
    for place, step in enumerate(progress.lesson.steps, start=1):
        if step.ask is not None:
            _outcome(progress, place, step.ask)
    for run in progress.lesson.runs:
        open_run(run, progress.lesson.specs(progress.seed)[run.name])
    with st.container(horizontal=True, gap="small"):
        later = [lesson for lesson in offered if lesson.number > progress.lesson.number]
        if later:
            st.button(
                f"Next lesson: {later[0].number}",
                type="primary",
                on_click=flow.open_at,
                args=(later[0], 0),
                key="lesson-following",
                help=plain(later[0].title),
            )
        st.button(
            "Begin again",
            on_click=flow.restart,
            args=(progress,),
            key="lesson-again",
            help="Forgets the predictions of this lesson; the seed stays.",
        )


def _outcome(progress: Progress, place: int, ask: Ask) -> None:
    texts = [progress.text(f"{place}.choice.{k}", text, None) for k, text in enumerate(ask.choices)]
    question = progress.text(f"{place}.question", ask.question, None)
    lines = [f"{question}", f"Answer: **{texts[ask.right]}**"]
    if place not in progress.revealed:
        lines = [question, "This step was not done."]
    elif place not in progress.picks:
        lines.append("You did not predict.")
    elif progress.picks[place] == ask.right:
        lines.append(":material/check_circle: You predicted this: right.")
    else:
        lines.append(
            f":material/lightbulb: You predicted: {texts[progress.picks[place]]}. Not this time."
        )
    st.markdown("  \n".join(lines))


def open_run(run: LessonRun, spec: RunSpec) -> None:
    """A link that opens one run of a lesson on its own page, from its first update on."""
    st.page_link(
        IMAGES_PAGE if spec.target.of_images else PLANE_PAGE,
        label=f"Open the run “{plain(run.title)}” in the explorer",
        icon=":material/open_in_new:",
        query_params=run_link.to_query(live_runs.preset_of(run), spec),
        help="The same run with all its controls, from update 0.",
    )
