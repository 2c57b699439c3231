"""The progress of a learner through a lesson: place, predictions, and what was revealed.

A lesson has the places 0 (its introduction), 1 to n (its steps) and n + 1 (its summary). At each
place its runs stand at one update: `Progress.target`. The next place opens when the present one is
done. All of it belongs to the browser tab; `lesson` and `step` in the address lead to a place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ebm_engine.lessons.lesson import Lesson, Step
from ebm_engine.lessons.read import FOLDER, lessons
from ebm_engine.lessons.template import PLACEHOLDER
from pages.common.tab import link, session
from pages.common.tab.link import Field, PageLink

LINK = ("lesson", "step")
UNKNOWN = "…"  # stands for a number that is not measured yet


@dataclass
class Progress:
    """How far this tab is in one lesson; edition grows when the lesson begins anew.

    picks: the choice predicted in each step; begun: steps whose action was started; revealed: what
    each finished step has revealed, with its numbers; filled: other texts with the numbers of their
    first time; values: the sliders of each step that has some.
    """

    lesson: Lesson
    seed: int = 0
    place: int = 0
    edition: int = 0
    picks: dict[int, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    revealed: dict[int, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)
    values: dict[int, dict[str, float]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The place of the summary."""
        return len(self.lesson.steps) + 1

    @property
    def step(self) -> Step | None:
        """The step at this place, None in the introduction and in the summary."""
        return self.lesson.steps[self.place - 1] if 0 < self.place < self.last else None

    @property
    def predicted(self) -> bool:
        """Whether nothing remains to be predicted at this place."""
        return self.step is None or self.step.ask is None or self.place in self.picks

    @property
    def done(self) -> bool:
        """Whether the next place may open."""
        return self.step is None or self.place in self.revealed

    @property
    def finished(self) -> bool:
        """Whether every step has been done."""
        return len(self.revealed) == len(self.lesson.steps)

    @property
    def base(self) -> int:
        """The update at which the runs stand before this place's own action."""
        before = self.lesson.steps[: max(0, self.place - 1)]
        return max((step.until for step in before if step.until), default=0)

    @property
    def target(self) -> int:
        """The update at which the runs belong at this place."""
        until = self.step.until if self.step is not None else None
        return until if until is not None and self.place in self.begun else self.base

    def go(self, place: int) -> None:
        """Be at another place."""
        self.place = min(max(0, place), self.last)

    def text(self, name: str, text: str, fill: Callable[[str], str] | None) -> str:
        """A text with its numbers as they were when it was first filled; `fill` None: not yet."""
        if not PLACEHOLDER.search(text):
            return text
        if name not in self.filled and fill is not None:
            self.filled[name] = fill(text)
        return self.filled.get(name) or PLACEHOLDER.sub(UNKNOWN, text)


@dataclass
class TabLessons:
    """All lessons of this tab by id, the open one, and the link of their page."""

    by_id: dict[str, Progress] = field(default_factory=dict)
    open_id: str = ""
    link: PageLink = field(default_factory=PageLink)


def known() -> list[Lesson]:
    """All lessons that can be used, in the order of their numbers."""
    return lessons(FOLDER)


def of_tab() -> TabLessons:
    """What this tab knows of its lessons."""
    return session.kept("lessons", TabLessons)


def progress_of(lesson: Lesson) -> Progress:
    """The progress through a lesson; a new one for a lesson that is new or has been rewritten."""
    known = of_tab().by_id
    if lesson.id not in known or known[lesson.id].lesson != lesson:
        known[lesson.id] = Progress(lesson)
    return known[lesson.id]


def enter(offered: Sequence[Lesson]) -> Progress | None:
    """The open lesson, None for the overview; as the link says when that is another one."""
    tab = of_tab()
    params = link.given(LINK)
    if tab.link.is_new(params, bare=True):
        tab.open_id, problems = "", []
        found = read(params, offered, problems)
        if found is not None:
            open_at(*found)
        tab.link.problems = problems
    found = {lesson.id: lesson for lesson in offered}.get(tab.open_id)
    return progress_of(found) if found is not None else None


def read(
    params: Mapping[str, str], offered: Sequence[Lesson], problems: list[str]
) -> tuple[Lesson, int | None] | None:
    """Lesson and place of a link, None for the overview; a place None is where the tab left it."""
    numbers = {str(lesson.number): lesson for lesson in offered}
    listed = f"the lessons are {', '.join(numbers) or 'none'}"
    lesson_field = _listed("lesson", numbers, listed, otherwise="choose one below")
    lesson = link.read([lesson_field], params, problems).get("lesson")
    if lesson is None:
        if "step" in params and "lesson" not in params:
            problems.append("The link names a step but no lesson; choose one below.")
        return None
    last = len(lesson.steps) + 1
    places = {str(place): place for place in range(1, last + 1)}
    listed = f"lesson {lesson.number} has the steps 1 to {last - 1}, and {last} is its summary"
    step_field = _listed("step", places, listed, otherwise="it begins at its introduction")
    place = link.read([step_field], params, problems).get("step", 0)
    return lesson, place if "step" in params else None


def _listed(name: str, values: Mapping[str, Any], listed: str, otherwise: str) -> Field:
    def value(text: str) -> Any:
        if text not in values:
            raise ValueError(f"is not there, {listed}")
        return values[text]

    return Field(name, value, otherwise=otherwise)


def open_at(lesson: Lesson, place: int | None = None) -> None:
    """Open a lesson at a place, None: where this tab left it."""
    tab = of_tab()
    tab.open_id, tab.link.problems = lesson.id, []
    if place is not None:
        progress_of(lesson).go(place)


def close() -> None:
    """Go back to the overview."""
    tab = of_tab()
    tab.open_id, tab.link.problems = "", []


def restart(progress: Progress, seed: int | None = None, place: int = 0) -> None:
    """Begin a lesson anew, with another seed where one is given."""
    seed = progress.seed if seed is None else seed
    fresh = Progress(progress.lesson, seed, place, progress.edition + 1)
    of_tab().by_id[progress.lesson.id] = fresh


def write(progress: Progress | None) -> None:
    """Make the address bar hold the place."""
    place = (
        {"lesson": str(progress.lesson.number), "step": str(progress.place or "")}
        if progress
        else {}
    )
    of_tab().link.write({name: text for name, text in place.items() if text})
