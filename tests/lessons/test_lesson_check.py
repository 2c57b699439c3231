"""What the lessons claim, measured over ten seeds, and that a false claim would not pass."""

from __future__ import annotations

import re

import pytest

from ebm_engine.lessons.check import Outcome, check, main, measure_runs
from ebm_engine.lessons.figures import figure_numbers
from ebm_engine.lessons.lesson import Lesson
from ebm_engine.lessons.numbers import numbers
from ebm_engine.lessons.read import lessons
from ebm_engine.lessons.template import fill
from ebm_engine.run.run import Run
from tests.lessons.lesson_files import SMALL, changed

SEEDS = 10
ALL = lessons()


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.id)
def test_every_claim_of_a_lesson_holds_on_nine_of_ten_seeds(lesson, monkeypatch):
    """A claim that fails is to be corrected in the lesson, or the engine is wrong.

    Lesson 10 on the digits that come along, on every machine; the command measures MNIST.
    """
    monkeypatch.setattr("ebm_engine.lessons.lesson.why_no_mnist", lambda: "not needed")
    failed = [outcome.line() for outcome in check(lesson, SEEDS) if not outcome.holds]
    assert not failed


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.id)
def test_every_number_that_a_lesson_names_is_there(lesson, monkeypatch):
    """Also the mode in brackets: mass_model[2] of two modes would show only when it is read."""
    monkeypatch.setattr("ebm_engine.lessons.lesson.why_no_mnist", lambda: "not needed")
    runs = {name: Run(spec) for name, spec in lesson.specs().items()}
    views = {name: run.snapshot(playing=False, updates_per_second=0) for name, run in runs.items()}
    for step in lesson.steps:
        figure = figure_numbers(step.figure, {}) if step.figure else {}
        for text in step.texts():
            assert "{" not in fill(re.sub(r"@\d+", "", text), views, figure=figure)
    for claim in lesson.claims:
        for reading in filter(None, (claim, claim.rival())):
            assert reading.figure or reading.number in numbers(views[reading.run])


def test_a_false_claim_fails():
    """Walkers that start half and half cannot be 90 % left; a check that always passes would."""
    claim = {"text": "Left", "run": "w", "number": "mass_raw[0]", "between": [0.9, 1]}
    assert not check(Lesson.model_validate(changed("claims", [claim])), 2)[0].holds


def test_a_claim_holds_from_nine_of_ten_seeds_on():
    """9/10 passes and 8/10 fails."""
    claim = Lesson.model_validate(SMALL).claims[0]
    assert Outcome(claim, (0.0,) * 10, (True,) * 9 + (False,)).holds
    assert not Outcome(claim, (0.0,) * 10, (True,) * 8 + (False,) * 2).holds


def test_a_number_that_is_not_known_or_not_reached_fails_a_claim():
    """NaN passes no comparison; `not value > limit` in place of `value <= limit` would pass it."""
    unknown = {"text": "No witness", "run": "w", "number": "kl_witness", "between": [-1e9, 1e9]}
    diverged = changed("claims", [SMALL["claims"][0], unknown])
    diverged["runs"][0]["set"]["sampler.step_size"] = 100
    assert [o.holds for o in check(Lesson.model_validate(diverged), 1)] == [False, False]


def test_a_claim_compares_with_another_update_or_figure_times_a_factor():
    """20 > 3.9·5 and not 20 > 4.1·5; log Z is −2 at c = 2 and −1 at c = 1."""
    claims = [
        {"text": "Later", "run": "w", "number": "update", "above": {"at": 5, "times": 3.9}},
        {"text": "Not later", "run": "w", "number": "update", "above": {"at": 5, "times": 4.1}},
        {
            "text": "Lower",
            "figure": "energy",
            "values": {"shift": 2},
            "number": "log_z",
            "below": {"values": {"shift": 1}},
        },
    ]
    lesson = Lesson.model_validate(changed("claims", claims))
    assert [outcome.holds for outcome in check(lesson, 1)] == [True, False, True]


def test_a_lesson_gives_the_same_numbers_twice_and_others_with_another_seed():
    """Bit for bit, told by text since NaN is not equal to itself."""
    claim = SMALL["claims"][0] | {"number": "kl_exact", "between": [0, 1]}
    lesson = Lesson.model_validate(changed("claims/0", claim))
    assert str(measure_runs(lesson, 3)) == str(measure_runs(lesson, 3))
    assert str(measure_runs(lesson, 3)) != str(measure_runs(lesson, 4))


def test_the_command_prints_a_line_for_each_claim_and_refuses_what_is_not_there(capsys):
    """Exit code 0 when all hold, 2 for a lesson or a number of seeds that cannot be."""
    assert main(["energy-is-not-probability", "--seeds", "1"]) == 0
    assert capsys.readouterr().out.count("holds 1/1") == len(ALL[0].claims)
    assert main(["nonsense"]) == main(["two-forces", "--seeds", "0"]) == 2
    assert "the lessons are energy-is-not-probability, two-forces" in capsys.readouterr().err
