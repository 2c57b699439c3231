"""Lessons: predict, do, see; the page for lecturers."""

import json
import time

import pytest

from ebm_engine.jobs.job_queue import job_queue
from ebm_engine.lessons import check
from ebm_engine.lessons.figures import FIGURES, figure_numbers
from ebm_engine.lessons.read import FOLDER, lessons
from ebm_engine.lessons.template import fill
from ebm_engine.run.run import Run
from ebm_engine.server.commands import Pause, Play, Reset, Speed
from ebm_engine.server.hub.hub import hub
from pages.common.lesson import annealing, flow, live_runs
from pages.common.tab import run_link
from pages.live.stage import Action
from tests.lessons.test_lessons import SMALL, changed, written

PATIENCE = 60.0
ALL = lessons()
FEW = {"walkers.count": 50, "target.samples": 50, "method.witness": 0}
TWO = changed("steps", [
    {"say": "One.", "do": "play", "until": 10, "reveal": "At {w.update:d}."},
    {"say": "Mass {w.mass_model[0]:%}.", "ask": SMALL["steps"][0]["ask"], "do": "play",
     "until": 20, "point": "ess", "reveal": "At {w.update:d}, before {w.kl_exact@10:.2f}."},
    SMALL["steps"][1],
])  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _desk():
    """A helper process that some page has started ends with these tests."""
    yield
    job_queue().stop()


@pytest.fixture
def visit(app):
    """A function (**query) → the page of lessons."""

    def visit(**query):
        test = app()
        test.switch_page("lessons.py")
        test.query_params.update({name: str(value) for name, value in query.items()})
        return run(test)

    return visit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in place of the app's own lessons, with one of two plays and a slider in it."""
    monkeypatch.setattr(flow, "FOLDER", tmp_path)
    written(tmp_path, TWO)
    return tmp_path


def run(test):
    test.run()
    assert not test.exception
    return test


def words(test):
    shown = (
        *test.markdown,
        *test.caption,
        *test.warning,
        *test.info,
        *test.subheader,
        *test.header,
    )
    return "\n".join(element.value for element in shown)


def button(test, key):
    return next(b for b in test.button if b.key == key)


def keys(test):
    return {b.key for b in test.button}


def press(test, key):
    button(test, key).click().run()
    assert not test.exception
    return test


def tokens(test):
    held = test.session_state["held"]
    return [held[slot].token for slot in sorted(held) if slot.startswith("lesson.")]


def updates(test):
    views = [hub().view(token) for token in tokens(test)]
    return [view.snapshot.step if view.snapshot else -1 for view in views]


def until(test, reached):
    """Run the page until something is on it, as its fragment does in a browser."""
    end = time.monotonic() + PATIENCE
    while not reached(test):
        assert time.monotonic() < end, words(test)
        for token in tokens(test):
            hub().touch(token)
        time.sleep(0.1)
        run(test)
    return test


def opened(test):
    return not button(test, "lesson-next").disabled


def predict(test, choice):
    test.radio[0].set_value(choice).run()
    assert not test.exception
    return test


def test_the_overview_has_a_card_for_each_lesson(visit):
    """Number, title, minutes and question, and nothing begun."""
    shown = words(visit())
    for lesson in ALL:
        assert f"{lesson.number}\\. " in shown or f"{lesson.number}. " in shown
        assert f"{lesson.minutes} min" in shown
    assert shown.count("Not started") == len(ALL) == 10
    assert "{" not in shown


def test_a_lesson_is_walked_from_its_introduction_to_its_summary(visit):
    """Lesson 4: Next opens by the prediction, then by the run, never before."""
    test = visit(lesson=4)
    press(test, "lesson-next")
    assert button(test, "lesson-action").disabled
    assert not opened(test)
    predict(test, 0)
    assert not button(test, "lesson-action").disabled
    assert not opened(test)
    press(test, "lesson-action")
    until(test, opened)
    assert updates(test) == [300, 300, 300]
    assert test.radio[0].disabled
    assert "Not this time." in words(test)
    press(test, "lesson-next")
    predict(predict(test, 1), 0)
    assert not opened(test)
    press(test, "lesson-action")
    assert "Right:" in words(test)
    assert "{" not in words(test)
    press(test, "lesson-next")
    assert "1 of 2 predictions right" in words(test)
    assert "You predicted: All the way." in words(test)
    press(test, "lesson-following")
    assert "5. Train longer, get worse" in words(test).replace("\\", "")


def test_each_run_of_a_lesson_opens_in_the_explorer_with_its_own_spec(visit):
    """The link reads back as the spec of the lesson, bit for bit."""
    test = visit(lesson=4, step=3)
    links = [e.proto for e in test.get("page_link") if "Open the run" in e.proto.label]
    found = [dict(part.split("=") for part in link.query_string.split("&")) for link in links]
    specs = list(ALL[3].specs().values())
    assert [run_link.from_query(query)[1] for query in found] == specs


def test_a_link_restores_the_place_and_brings_the_runs_there(visit, folder):
    """Step 2 begins where step 1 ends, at update 10; its number is there as soon as they are."""
    test = visit(lesson=1, step=2)
    until(test, lambda test: updates(test) == [10])
    assert "Mass …" not in words(run(test))
    assert "Mass " in words(test)
    assert test.query_params["step"] in ("2", ["2"])


def test_back_brings_the_runs_back_and_keeps_what_was_told(visit, folder):
    """The picture belongs to the text beside it, and the numbers of the second visit to both."""
    test = press(visit(lesson=1, step=1), "lesson-action")
    until(test, opened)
    told = words(test)
    assert "At 10." in told
    predict(press(test, "lesson-next"), 0)
    until(press(test, "lesson-action"), opened)
    assert updates(test) == [20]
    assert "At 20, before" in words(test)
    press(test, "lesson-back")
    assert "At 10." in words(test)
    until(test, lambda test: updates(test) == [10])


def test_play_on_the_bar_waits_for_the_prediction_and_then_begins_the_step(visit, folder):
    """Whoever presses it too early, or space, does not spoil what is to be predicted."""
    test = until(visit(lesson=1, step=2), lambda test: updates(test) == [10])
    hub().command(tokens(test)[0], Play())
    time.sleep(0.3)
    run(test)
    until(
        test,
        lambda test: updates(test) == [10] and "runs wait at update 10" in words(test),
    )
    predict(test, 0)
    hub().command(tokens(test)[0], Play())
    until(test, opened)
    until(test, lambda test: updates(test) == [20])


def progress(test):
    return "".join(element.proto.text for element in test.get("progress"))


def test_the_bar_pauses_on_the_way_and_plays_on_to_the_end_of_the_step(visit, folder):
    """At its own speed; a reset goes back to the start and waits for play."""
    test = until(visit(lesson=1, step=1), lambda test: updates(test) == [0])
    (token,) = tokens(test)
    hub().command(token, Speed(8.0))
    press(test, "lesson-action")
    until(test, lambda test: 2 <= updates(test)[0] < 10)
    assert hub().view(token).playing
    hub().command(token, Pause())
    until(test, lambda test: progress(test).startswith("Paused, press play to go on: update "))
    (stood,) = updates(test)
    time.sleep(0.5)
    assert updates(run(test)) == [stood]
    assert stood < 10
    assert not opened(test)
    hub().command(token, Reset())
    until(test, lambda test: progress(test) == "Paused, press play to go on: update 0 of 10")
    hub().command(token, Speed(None))
    hub().command(token, Play())
    until(test, opened)
    assert updates(test) == [10]


def test_a_slider_opens_the_next_place_where_it_should_stand(visit, folder):
    """The reveal holds the number of the figure: log Z is −1.5 at c = 1.5."""
    test = visit(lesson=1, step=3)
    assert not opened(test)
    test.slider[0].set_value(0.5).run()
    assert not opened(test)
    test.slider[0].set_value(1.5).run()
    until(test, opened)
    assert "−1.5" in words(test)


def test_a_new_seed_begins_the_lesson_anew(visit, folder, monkeypatch):
    """Other data and noise make other numbers: nothing that was told stays."""
    test = press(visit(lesson=1, step=1), "lesson-action")
    until(test, opened)
    tab = test.session_state["kept"]["lessons"]
    monkeypatch.setattr(flow, "of_tab", lambda: tab)
    live_runs.act(tab.by_id["small"], Action("new-seed"))
    run(test)
    assert not opened(test)
    seed = test.session_state["held"]["lesson.0"].spec.seed
    assert seed != 0
    assert f"seed {seed}" in words(test)


def test_begin_again_forgets_the_predictions_and_keeps_the_seed(visit, folder):
    """Also the choices on screen, which the browser would remember by their key."""
    test = predict(visit(lesson=1, step=2), 0)
    test.query_params["step"] = "4"
    press(run(test), "lesson-again")
    press(press(test, "lesson-next"), "lesson-action")
    until(test, opened)
    press(test, "lesson-next")
    assert test.radio[0].value is None
    assert "seed 0" in words(test)


def test_leaving_the_page_pauses_its_runs(visit, folder):
    """Also the list of lessons is another page for them."""
    test = visit(lesson=1, step=1)
    until(test, lambda test: updates(test) == [0])
    (token,) = tokens(test)
    test.switch_page("lecturer.py").run()
    assert hub().stats()["runs"][token]["state"] == "asleep"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"lesson": "42"}, "lesson = 42 is not there, the lessons are 1, 2, 3"),
        ({"lesson": "<b>"}, "lesson = "),
        ({"step": "2"}, "The link names a step but no lesson"),
        ({"lesson": "4", "step": "9"}, "step = 9 is not there, lesson 4 has the steps 1 to 2"),
        ({"lesson": "4", "step": "0"}, "step = 0 is not there"),
    ],
)
def test_a_bad_link_costs_one_sentence(visit, query, told):
    """And the nearest good place is shown."""
    test = visit(**query)
    (warning,) = [w.value.replace("\\", "") for w in test.warning]
    assert told in warning
    assert "Not started" in words(test) or "Introduction" in words(test)


def test_an_eleventh_lesson_appears_and_a_broken_one_costs_one_sentence(visit, folder):
    """Without a restart; the others stay."""
    written(folder, SMALL | {"id": "mine", "number": 11, "title": "Eleventh"}, "11-mine.json")
    written(folder, "{", "12-broken.json")
    test = visit()
    assert "Eleventh" in words(test)
    assert len([key for key in keys(test) if key and key.startswith("open-")]) == 2
    (warning,) = [w.value.replace("\\", "") for w in test.warning]
    assert warning.startswith("A lesson is left out: 12-broken.json cannot be read as JSON")


def test_a_number_that_a_run_does_not_have_costs_a_sentence_and_no_traceback(visit, folder):
    """A third mode of two: only the run itself knows how many there are."""
    wrong = json.loads(json.dumps(SMALL))
    wrong["steps"][0] = {"say": "Mass {w.mass_model[2]:%}."}
    wrong["until"], wrong["steps"][1:] = 20, []
    written(folder, wrong)
    test = until(visit(lesson=1, step=1), lambda test: "Mass unknown" in words(test))
    assert "A number of this text is missing" in words(test)


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.id)
def test_every_text_of_a_lesson_finds_its_numbers_in_its_runs(lesson):
    """No brace is left and no mode is missing; images have their classes from the classifier."""
    if any(spec.target.of_images for spec in lesson.specs().values()):
        pytest.skip("tests/lessons/test_lessons.py runs it")
    shots = {}
    for name, spec in lesson.specs().items():
        shots[name] = Run(spec).snapshot(playing=False, updates_per_second=0.0)
    for step in lesson.steps:
        values = figure_numbers(step.figure, {}) if step.figure else {}
        for text in step.texts():
            present = lesson_text_of_now(text)
            assert "{" not in fill(present, shots, figure=values)
    assert set(FIGURES) == {"energy", "missing-term"}


def lesson_text_of_now(text):
    """The text with its past numbers read now: these runs have no past yet."""
    return text.replace("@100", "").replace("@600", "")


def test_the_lecturer_finds_timings_questions_answers_and_links(app):
    """Of each lesson, without any brace."""
    test = app()
    test.switch_page("lecturer.py")
    run(test)
    shown = words(test)
    assert len(test.expander) == len(ALL)
    assert "{" not in shown
    for lesson in ALL:
        assert all(question.answer in shown for question in lesson.teach.questions)
        assert all(f"| {part.minutes:g} | " in shown for part in lesson.teach.timing)
    links = [e.proto for e in test.get("page_link")]
    assert sum("projector" in link.label for link in links) == len(ALL)
    assert sum("Open the run" in link.label for link in links) == sum(len(x.runs) for x in ALL)


def test_the_models_are_measured_as_in_the_claims():
    """With fewer annealed walkers the numbers of lesson 10 would be noisier than its claims."""
    assert annealing.AIS == {"walkers": check.WALKERS, "steps": check.STEPS}
    assert flow.FOLDER == FOLDER
