"""What a lecturer needs of each lesson: its time, its questions, its answers, its links."""

from __future__ import annotations

import streamlit as st

from ebm_engine.lessons.lesson import Ask, Lesson
from ebm_engine.lessons.template import PLACEHOLDER
from pages.common.lesson.overview import open_run
from pages.common.tab.plain_text import plain

LESSONS_PAGE = "lessons.py"
PRESENT = """
- **Before the lecture** open each lesson once on the machine that will show it. Everything runs on
  this machine and needs no network.
- **Presenter mode** makes all type a quarter larger and hides the menu: open the link “on the
  projector” of a lesson below, or add `present=1` to the address of any page. It is made for
  projectors of 1280 × 720 and more. “Leave presenter mode” at the end of the page ends it.
- **Let the audience vote** before you choose a prediction: the runs do not start without one. The
  choice can be changed until they do.
- **Hide and lock.** On the explorer, Share → “For teachers” makes a link in which controls or
  panels are hidden and values locked: for an exercise with one knob only, or for masses that are
  still to be predicted.
- **Another seed.** The die on the bar starts the lesson over with other data and noise. The claims
  of each lesson hold for at least nine of ten seeds.
- **Your own lesson** is one JSON file in `assets/lessons`; copy one of those and change it. The
  page of lessons reports a mistake in it in one sentence.
"""


def how_to_present() -> None:
    """Draw what holds for all lessons."""
    st.markdown(PRESENT)


def draw(lesson: Lesson) -> None:
    """Draw one lesson, folded."""
    title = f"**{lesson.number}. {plain(lesson.title)}** · {lesson.minutes} min"
    with st.expander(title):
        left, right = st.columns([1, 1.4], gap="medium")
        with left:
            _timing(lesson)
            _links(lesson)
        with right:
            _predictions(lesson)
            _questions(lesson)
        st.markdown(f"**What should remain.** {_timeless(lesson.summary)}")


def _timing(lesson: Lesson) -> None:
    rows = [f"| {part.minutes:g} | {plain(part.what)} |" for part in lesson.teach.timing]
    st.markdown("\n".join(["| Minutes | What |", "|---|---|", *rows]))


def _links(lesson: Lesson) -> None:
    query = {"lesson": str(lesson.number)}
    st.page_link(
        LESSONS_PAGE,
        label=f"Open lesson {lesson.number}",
        icon=":material/school:",
        query_params=query,
        help="At its introduction, or where you left it.",
    )
    st.page_link(
        LESSONS_PAGE,
        label=f"Lesson {lesson.number} on the projector",
        icon=":material/slideshow:",
        query_params=query | {"present": "1"},
        help="In presenter mode: large type, no menu.",
    )
    specs = lesson.specs()
    for run in lesson.runs:
        open_run(run, specs[run.name])


def _predictions(lesson: Lesson) -> None:
    """Each question to the audience, its answer, and what is often said instead."""
    st.markdown("**Ask the audience**")
    for step in lesson.steps:
        if step.ask is not None:
            st.markdown(_asked(step.ask))


def _asked(ask: Ask) -> str:
    wrong = [_timeless(text) for i, text in enumerate(ask.choices) if i != ask.right]
    often = "; ".join(f"“{text}”" for text in wrong)
    answer = _timeless(ask.choices[ask.right])
    return f"{_timeless(ask.question)}  \nAnswer: **{answer}**.  \nWrong predictions: {often}."


def _questions(lesson: Lesson) -> None:
    if lesson.teach.questions:
        st.markdown("**The audience may ask**")
    for question in lesson.teach.questions:
        st.markdown(f"*{question.question}*  \n{question.answer}")


def _timeless(text: str) -> str:
    """A text without the numbers of a run."""
    return PLACEHOLDER.sub("…", text)
