"""The Langevin page: four sections, jobs that start by themselves, and a link that holds them."""

import time

import pytest

from ebm_engine.jobs.job_queue import job_queue
from ebm_engine.server.hub.hub import hub
from ebm_engine.studies import recipes
from pages.common.langevin.sections import SECTIONS
from pages.common.tab import session

PATIENCE = 60.0


@pytest.fixture(scope="module", autouse=True)
def helper():
    """The helper process of these tests does not outlive them."""
    yield
    job_queue().stop()


@pytest.fixture
def langevin(app):
    """A function (**query parameters) → AppTest on the page."""

    def open_page(**query):
        test = app()
        test.switch_page("langevin.py")
        test.query_params.update(query)
        test.run()
        assert not test.exception
        return test

    return open_page


def finished(test):
    """The page once its job is done."""
    end = time.monotonic() + PATIENCE
    while test.get("progress"):
        assert time.monotonic() < end, "the job took too long"
        time.sleep(0.2)
        test.run()
        assert not test.exception
    return test


def link(test):
    return {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}


def text(test):
    return " ".join(e.value for e in (*test.caption, *test.markdown))


def figures(test):
    return len(test.get("bidi_component"))


@pytest.mark.parametrize(
    ("section", "count", "words"),
    [
        ("chains", 6, "No chain crossed from one mode to another in 400000 steps"),
        ("bias", 2, "24 measured points"),
        ("missing", 1, "| 1, 0.1, 2 | 0.144762 | 0.080000 | −0.064762 | 0.144762 | 0.015238 |"),
        ("evidence", 2, "Log Bayes factor of the first model over its rival"),
    ],
)
def test_every_section_starts_by_itself_and_ends_with_its_figures(langevin, section, count, words):
    test = finished(langevin(section=section))
    assert figures(test) == count
    assert words in text(test)
    assert not test.warning
    assert link(test)["section"] == section


def test_the_sections_are_reached_by_their_switch(langevin):
    test = langevin(section="missing", theta="3")
    assert link(test) == {"section": "missing", "theta": "3.0"}
    test.button_group(key="langevin-section").set_value("bias").run()
    assert link(test) == {"section": "bias"}
    assert list(SECTIONS) == ["chains", "bias", "missing", "evidence"]
    assert "Public recipes" in text(test)


def test_the_link_holds_what_differs_from_the_preset_and_opens_it_again(langevin):
    query = {"section": "chains", "preset": "near", "chains": "40", "kernel": "mala"}
    test = finished(langevin(**query))
    assert link(test) == query
    assert "proposals" in text(test)
    assert "Share of 40 chains" in text(test)
    test.selectbox(key="langevin-preset").set_value("tested").run()
    assert link(test) == {"section": "chains", "preset": "tested"}


def test_bad_values_of_a_link_cost_one_sentence_each(langevin):
    test = langevin(section="chains", steps="1", kernel="gibbs", preset="nope", checkpoint="x")
    said = test.warning[0].value.replace("\\", "")
    assert "preset = nope is unknown" in said
    assert "steps = 1: input should be greater than or equal to 10; its default is used" in said
    assert "kernel = 'gibbs'" in said
    assert link(test) == {"section": "chains", "preset": "far"}
    assert "section = nowhere" in langevin(section="nowhere").warning[0].value.replace("\\", "")


def test_a_cancelled_job_says_so_and_runs_again_on_demand(langevin):
    test = langevin(section="chains", preset="moons", steps="20000")
    test.button(key="cancel-chains").click().run()
    assert "Cancelled" in test.info[0].value
    test.run()
    assert test.button(key="again-chains")
    test.button(key="again-chains").click().run()
    assert test.get("progress")
    test.button(key="cancel-chains").click().run()


def test_chains_that_fly_apart_are_a_sentence_not_a_traceback(langevin):
    test = finished(langevin(section="chains", step_size="5"))
    assert "flew apart" in test.warning[0].value


def test_the_model_of_the_explorer_is_walked_on(app):
    test = app()
    test.switch_page("gaussian_mixtures.py").run()
    token = test.session_state["held"][session.EXPLORER].token
    end = time.monotonic() + PATIENCE
    while hub().checkpoint(token) is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    test.switch_page("langevin.py")
    test.query_params.update({"section": "chains", "landscape": "model", "steps": "200"})
    test = finished(test.run())
    assert not test.warning
    assert "Share of 200 chains" in text(test)


def test_without_a_model_the_page_says_where_to_train_one(langevin):
    test = finished(langevin(section="chains", landscape="model"))
    assert "there is no trained model yet" in test.warning[0].value.lower().replace("\\", "")


def test_every_recipe_has_the_temperature_of_the_reference():
    """σ²/2η of the published numbers."""
    expected = {
        "textbook": 1.0,
        "improved-cd-cifar": 5.0e-9,
        "improved-cd-celeba": 1.0e-9,
        "igebm": 1.25e-6,
        "jem": 5.0e-5,
        "anatomy-images": 5.0e-5,
        "anatomy-mnist": 2.8125e-5,
        "anatomy-plane": 7.8125e-3,
    }
    found = {name: recipe.temperature for name, recipe in recipes.RECIPES.items()}
    assert found == pytest.approx(expected)
