"""The way of a learner through a lesson: where they stand, what they predicted, what they saw.

A lesson has the places 0 (its introduction), 1 to n (its steps) and n + 1 (its summary). At each
place its runs stand at one update: `Walk.target`. The next place opens when the present one is
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
class Walk:
    """One lesson as this tab has gone through it; edition grows when it begins anew.

    picks: the choice predicted in each step; begun: steps whose action was started; told: what each
    finished step has revealed, with its numbers; said: other texts as they were first filled;
    values: the sliders of each step that has some.
    """

    lesson: Lesson
    seed: int = 0
    place: int = 0
    edition: int = 0
    picks: dict[int, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    told: dict[int, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
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
        return self.step is None or self.place in self.told

    @property
    def finished(self) -> bool:
        """Whether every step has been done."""
        return len(self.told) == len(self.lesson.steps)

    @property
    def base(self) -> int:
        """The update at which the runs stand before this place's own action."""
        before = self.lesson.steps[: max(0, self.place - 1)]
        return max((step.until for step in before if step.until), default=0)

    @property
    def target(self) -> int:
        """The update at which the runs belong at this place."""
        playing = self.step is not None and self.step.do == "play" and self.place in self.begun
        return self.step.until if playing else self.base

    def go(self, place: int) -> None:
        """Be at another place."""
        self.place = min(max(0, place), self.last)

    def text(self, name: str, text: str, fill: Callable[[str], str] | None) -> str:
        """A text with its numbers as they were when it was first filled; `fill` None: not yet."""
        if not PLACEHOLDER.search(text):
            return text
        if name not in self.said and fill is not None:
            self.said[name] = fill(text)
        return self.said.get(name) or PLACEHOLDER.sub(UNKNOWN, text)


@dataclass
class Walks:
    """All lessons of this tab by id, the open one, and the link of their page."""

    by_id: dict[str, Walk] = field(default_factory=dict)
    open_id: str = ""
    link: PageLink = field(default_factory=PageLink)


def known() -> list[Lesson]:
    """All lessons that can be used, in the order of their numbers."""
    return lessons(FOLDER)


def walks() -> Walks:
    """What this tab knows of its lessons."""
    return session.kept("lessons", Walks)


def walk_of(lesson: Lesson) -> Walk:
    """The walk through a lesson; a new one for a lesson that is new or has been rewritten."""
    mine = walks().by_id
    if lesson.id not in mine or mine[lesson.id].lesson != lesson:
        mine[lesson.id] = Walk(lesson)
    return mine[lesson.id]


def enter(offered: Sequence[Lesson]) -> Walk | None:
    """The open walk, None for the overview; as the link says when that is another one."""
    mine = walks()
    params = link.given(LINK)
    if mine.link.is_new(params, bare=True):
        mine.open_id, problems = "", []
        found = read(params, offered, problems)
        if found is not None:
            open_at(*found)
        mine.link.problems = problems
    found = {lesson.id: lesson for lesson in offered}.get(mine.open_id)
    return walk_of(found) if found is not None else None


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
    mine = walks()
    mine.open_id, mine.link.problems = lesson.id, []
    if place is not None:
        walk_of(lesson).go(place)


def close() -> None:
    """Go back to the overview."""
    mine = walks()
    mine.open_id, mine.link.problems = "", []


def restart(walk: Walk, seed: int | None = None, place: int = 0) -> None:
    """Begin a lesson anew, with another seed where one is given."""
    seed = walk.seed if seed is None else seed
    fresh = Walk(walk.lesson, seed, place, walk.edition + 1)
    walks().by_id[walk.lesson.id] = fresh


def write(walk: Walk | None) -> None:
    """Make the address bar hold the place."""
    place = {"lesson": str(walk.lesson.number), "step": str(walk.place or "")} if walk else {}
    walks().link.write({name: text for name, text in place.items() if text})
