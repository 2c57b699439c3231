"""Lessons as files: that all are there, what is told of a mistake, and how one more is added."""

from __future__ import annotations

import pytest

from ebm_engine.lessons.lesson import built
from ebm_engine.lessons.read import FOLDER, LessonError, lessons, mistakes, read_lesson
from tests.lessons.lesson_files import SMALL, changed, written

ALL = lessons()


def test_the_ten_lessons_are_there_and_none_is_left_out():
    """A file with a mistake would be left out, and its sentence kept."""
    assert [lesson.number for lesson in ALL] == list(range(1, 11))
    assert mistakes() == []
    assert len(list(FOLDER.glob("*.json"))) == 10


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.id)
def test_a_lesson_takes_five_minutes_and_lets_the_learner_predict(lesson):
    """A prediction in every lesson, with something to do, a reveal for each, and help to teach."""
    asked = [step for step in lesson.steps if step.ask]
    assert lesson.minutes == 5
    assert len(asked) >= 2
    assert all(step.reveal for step in asked)
    assert any(step.do != "read" for step in lesson.steps)
    assert lesson.teach.questions


def test_the_right_answers_do_not_always_stand_at_the_same_place():
    """Else a learner need not think."""
    right = [step.ask.right for lesson in ALL for step in lesson.steps if step.ask]
    assert max(right.count(place) for place in set(right)) < 0.7 * len(right)


def test_the_runs_of_a_lesson_share_their_seed():
    """One seed for all of them, so that data and noise are the same."""
    for lesson in ALL:
        assert {spec.seed for spec in lesson.specs(seed=7).values()} <= {7}


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("minutes", 99, r"minutes = 99: input should be less than or equal to 60"),
        ("hours", 1, r"hours is not a field of a lesson"),
        ("title", "", r"title = '': "),
        ("until", 0, r"until = 0 with 1 runs: runs need an end"),
        ("runs/0/preset", "three-modes", r"preset 'three-modes' is unknown, there are two-modes"),
        ("runs/0/set", {"sampler.step_size": -1}, r"sampler.step_size = -1: .* greater than 0"),
        ("runs/0/set", {"sampler.stepsize": 1}, r"sampler.stepsize is not a field of the spec"),
        ("runs/0/name", "figure", r"name = 'figure' stands for figures"),
        ("steps/0/until", 30, r"until = \[30\] must grow and not pass 20"),
        ("steps/0/do", "read", r"steps.0: until is needed with do = 'play'"),
        ("steps/1/do", "anneal", r"do = 'anneal' needs runs of images"),
        ("steps/0/ask/right", 2, r"steps.0.ask: right = 2, the last choice is 1"),
        ("steps/0/point", "nose", r"steps.0.point = 'nose': "),
        ("steps/0/reveal", "{w.mass}", r"steps.0: \{w.mass\} is unknown, allowed are kl_exact"),
        ("steps/0/reveal", "{w.ess[0]}", r"\{w.ess\[0\]\} takes no mode"),
        ("steps/0/reveal", "{x.ess}", r"\{x.ess\} names a run that this lesson lacks, it has w"),
        ("steps/0/reveal", "{w.ess:q}", r"has the format 'q', allowed are d, %"),
        ("steps/0/reveal", "{w.ess@21}", r"lies beyond the last update, which is 20"),
        (
            "steps/0/reveal",
            "{w.tv_raw@3}",
            r"not recorded over the run; @ can follow only anc",
        ),
        ("steps/0/reveal", "{figure.log_z}", r"is not a number of this figure, which has none"),
        ("steps/1/do/slide", "shove", r"steps.1: shove is not a field of the figure"),
        ("steps/1/do/low", -99, r"steps.1: shift = -99"),
        ("claims/0/number", "luck", r"claims.0: number = 'luck' is unknown"),
        ("claims/0/run", "", r"claims.0: exactly one of run and figure is needed"),
        ("claims/0/at", 21, r"claims.0: at = 21 lies beyond the last update"),
        ("claims/0/between", [2, 1], r"claims.0: between = \[2.0, 1.0\]: the first must not"),
        (
            "claims/0/below",
            {"at": 3},
            r"claims.0: exactly one of between, below and above is needed",
        ),
        ("teach/timing/0/minutes", 3, r"teach.timing sums to 3, minutes = 2"),
    ],
)
def test_a_mistake_in_a_lesson_is_told_in_one_sentence(tmp_path, path, value, told):
    """File, field and value; the good file beside it stays."""
    written(tmp_path, SMALL | {"id": "other", "number": 2}, "02-other.json")
    bad = written(tmp_path, changed(path, value))
    with pytest.raises(LessonError, match=rf"^01-small.json: .*{told}") as error:
        read_lesson(bad)
    assert "\n" not in str(error.value)
    assert [lesson.id for lesson in lessons(tmp_path)] == ["other"]
    assert mistakes(tmp_path) == [str(error.value)]


@pytest.mark.parametrize("content", ["{", "[" * 100_000, " " * 200_001, "[]"])
def test_a_file_that_is_no_lesson_at_all_is_told_in_one_sentence(tmp_path, content):
    """Broken, nested too deep, too large, or a list."""
    with pytest.raises(LessonError, match=r"^01-small.json( cannot be read as| is larger|: )"):
        read_lesson(written(tmp_path, content))


def test_two_lessons_of_one_number_are_told(tmp_path):
    """The first file keeps the number."""
    written(tmp_path, SMALL)
    written(tmp_path, SMALL | {"id": "again"}, "02-again.json")
    assert [lesson.id for lesson in lessons(tmp_path)] == ["small"]
    told = "02-again.json: number 1 or id 'again' is taken by lesson 1, 'Small'"
    assert mistakes(tmp_path) == [told]


def test_an_eleventh_lesson_needs_a_file_and_no_code(tmp_path):
    """Also one that is put there while the app runs, or changed."""
    path = written(tmp_path, SMALL)
    assert lessons(tmp_path)[0].intro == "One.\n\nTwo."
    written(tmp_path, SMALL | {"id": "mine", "number": 11, "title": "Eleventh"}, "11-mine.json")
    assert [lesson.title for lesson in lessons(tmp_path)] == ["Small", "Eleventh"]
    path.unlink()
    assert [lesson.title for lesson in lessons(tmp_path)] == ["Eleventh"]


def test_without_mnist_the_digits_that_come_along_take_its_place(monkeypatch):
    """Both methods change over together."""
    images = ALL[-1]
    assert {built(run).target.kind for run in images.runs} == {"mnist"}
    for reason, kind in (("it is not here", "digits"), ("", "mnist")):
        monkeypatch.setattr("ebm_engine.lessons.lesson.why_no_mnist", lambda reason=reason: reason)
        assert {spec.target.kind for spec in images.specs().values()} == {kind}
