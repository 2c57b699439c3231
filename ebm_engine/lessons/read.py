"""Lessons: JSON files in assets/lessons, read, checked and kept; a new file is a new lesson.

A lesson is `runs` side by side from one seed, in lockstep to update `until`, and `steps` in which
the learner predicts, acts and sees. Its numbers stand in placeholders (template) and `claims`:
what a test measures over seeds (check). A text may be a list, one entry for each paragraph.

    id, number, title, minutes, intro, summary, until
    runs     name, title, preset, set {dotted path: value}, without_mnist {preset, set}
    steps    say, ask {question, choices, right}, figure, do, until, point, reveal
    claims   text, number, and run (with at: update) or figure (with values {slider: value}), and
             one of between [low, high], below {…}, above {…}: another measurement, times a factor
    teach    timing [{minutes, what}], questions [{question, answer}]
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from ebm_engine.lessons.lesson import Lesson
from ebm_engine.spec.presets import ASSETS

FOLDER = ASSETS / "lessons"
MAX_BYTES = 200_000


class LessonError(ValueError):
    """A lesson that cannot be used; the message is one sentence with file, field and value."""


def lessons(folder: Path = FOLDER) -> list[Lesson]:
    """The lessons of a folder in the order of their numbers; files with mistakes are left out."""
    return _all(folder)[0]


def mistakes(folder: Path = FOLDER) -> list[str]:
    """One sentence for each file of the folder that is left out."""
    return _all(folder)[1]


def read_lesson(path: Path) -> Lesson:
    """One lesson; raises LessonError with one sentence on anything wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LessonError(f"{path.name} is larger than {MAX_BYTES} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, LessonError):
            raise
        raise LessonError(f"{path.name} cannot be read as JSON: {error}") from None
    try:
        return Lesson.model_validate(content)
    except ValidationError as error:
        raise LessonError(f"{path.name}: {_sentence(error)}") from None


def _all(folder: Path) -> tuple[list[Lesson], list[str]]:
    found: dict[int, Lesson] = {}
    wrong = []
    for path in sorted(folder.glob("*.json")):
        try:
            lesson = _kept(path, path.stat().st_mtime_ns)
            taken = [x for x in found.values() if lesson.id == x.id or lesson.number == x.number]
            if taken:
                raise LessonError(
                    f"{path.name}: number {lesson.number} or id {lesson.id!r} is taken by "
                    f"lesson {taken[0].number}, {taken[0].title!r}"
                )
            found[lesson.number] = lesson
        except LessonError as error:
            wrong.append(str(error))
    return [found[number] for number in sorted(found)], wrong


@lru_cache(maxsize=256)
def _kept(path: Path, changed: int) -> Lesson:
    """The lesson of a file; `changed`, its time stamp, makes an edited file be read again."""
    return read_lesson(path)


def _sentence(error: ValidationError) -> str:
    """The first problem as one sentence: field = value: what is allowed."""
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"] if part != "function-before")
    if problem["type"] == "value_error":
        message = str(problem.get("ctx", {})["error"])
        return f"{where}: {message}" if where else message
    if problem["type"] == "extra_forbidden":
        return f"{where} is not a field of a lesson"
    if problem["type"] == "missing":
        return f"{where} is missing"
    shown = repr(problem["input"])
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{where} = {shown if len(shown) <= 60 else shown[:57] + '…'}: {message}"
