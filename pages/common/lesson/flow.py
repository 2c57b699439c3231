"""The way of a learner through a lesson: where they stand, what they predicted, what they saw.

A lesson has the places 0 (its introduction), 1 to n (its steps) and n + 1 (its summary). At each
place its runs stand at one update: `Walk.target`. The next place opens when the present one is
done. All of it belongs to the browser tab; `lesson` and `step` in the address lead to a place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ebm_engine.lessons.lesson import Lesson, Step
from ebm_engine.lessons.read import FOLDER, lessons
from ebm_engine.lessons.template import PLACEHOLDER
from ebm_engine.spec.repair import shown
from pages.common.tab import address, session

LINK = ("lesson", "step")
KEPT_PARAMETERS = address.FOREIGN | {"present"}
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
    """All lessons of this tab by id, the open one, and the link that was last read or written."""

    by_id: dict[str, Walk] = field(default_factory=dict)
    open_id: str = ""
    query: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


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
    given = {name: st.query_params[name] for name in LINK if st.query_params.get(name)}
    if given != mine.query:
        mine.query, problems = given, []
        found = read(given, offered, problems)
        mine.problems, mine.open_id = tuple(problems), ""
        if found is not None:
            lesson, place = found
            open_at(lesson, place)
            mine.problems = tuple(problems)
    found = {lesson.id: lesson for lesson in offered}.get(mine.open_id)
    return walk_of(found) if found is not None else None


def read(
    given: Mapping[str, str], offered: Sequence[Lesson], problems: list[str]
) -> tuple[Lesson, int | None] | None:
    """Lesson and place of a link, None for the overview; a bad value costs one sentence."""
    numbers = {str(lesson.number): lesson for lesson in offered}
    named = given.get("lesson")
    if named is None:
        if "step" in given:
            problems.append("The link names a step and no lesson; choose one below.")
        return None
    if named not in numbers:
        listed = ", ".join(numbers) or "none"
        problems.append(f"lesson = {shown(named)} is not there, the lessons are {listed}.")
        return None
    lesson, text = numbers[named], given.get("step")
    places = [str(place) for place in range(1, len(lesson.steps) + 2)]
    if text is None or text in places:
        return lesson, None if text is None else int(text)
    problems.append(
        f"step = {shown(text)} is not there, lesson {lesson.number} has the steps 1 to "
        f"{len(lesson.steps)} and {places[-1]} is its summary; it begins at its introduction."
    )
    return lesson, 0


def open_at(lesson: Lesson, place: int | None = None) -> None:
    """Open a lesson at a place, None: where this tab left it."""
    mine = walks()
    mine.open_id, mine.problems = lesson.id, ()
    if place is not None:
        walk_of(lesson).go(place)


def close() -> None:
    """Go back to the overview."""
    mine = walks()
    mine.open_id, mine.problems = "", ()


def restart(walk: Walk, seed: int | None = None, place: int = 0) -> None:
    """Begin a lesson anew, with another seed where one is given."""
    seed = walk.seed if seed is None else seed
    fresh = Walk(walk.lesson, seed, place, walk.edition + 1)
    walks().by_id[walk.lesson.id] = fresh


def write(walk: Walk | None) -> None:
    """Make the address bar hold the place; parameters that are not ours stay."""
    mine = walks()
    mine.query = {}
    if walk is not None:
        mine.query = {"lesson": str(walk.lesson.number)}
        if walk.place:
            mine.query["step"] = str(walk.place)
    present = st.query_params.to_dict()
    wanted = {k: v for k, v in present.items() if k in KEPT_PARAMETERS} | mine.query
    if present != wanted:
        st.query_params.from_dict(wanted)
