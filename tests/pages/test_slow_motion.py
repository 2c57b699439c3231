"""Slow motion and the seed ribbon on the page of densities."""

import time

import pytest

from ebm_engine.jobs.job_queue import job_queue
from ebm_engine.jobs.tasks import SHORT, STUDIES
from ebm_engine.server.commands import Pause
from ebm_engine.server.hub.hub import hub
from tests.pages.explorer_tools import held, wait_for

SECONDS = 40.0


@pytest.fixture(scope="module", autouse=True)
def _desk():
    """The helper process ends with these tests."""
    yield
    for lane in (STUDIES, SHORT):
        job_queue(lane).stop()


def view(test, name):
    test.button_group(key=switch(test)).set_value(name).run()
    assert not test.exception
    return test


def switch(test):
    return next(group.key for group in test.button_group if group.label == "View")


def texts(test):
    return [element.value for element in (*test.markdown, *test.caption, *test.info)]


def until(test, reached):
    """Run the page until something is on it."""
    end = time.monotonic() + SECONDS
    while not reached(test):
        assert time.monotonic() < end, texts(test)
        time.sleep(0.1)
        test.run()
        assert not test.exception
    return test


def position(test):
    return next((text for text in texts(test) if " of 6**" in text), "")


@pytest.fixture
def slowed(explorer):
    """The explorer, paused, on the first card."""
    test = explorer(walkers__count="60")
    wait_for(test, lambda snapshot: snapshot.step > 3)
    view(test, "Slow motion")
    test.button(key="slow-pause").click().run()
    return until(test, lambda t: position(t) == "**1 of 6**")


def test_a_run_that_plays_is_offered_a_pause(explorer):
    """No cards while the update would be gone before it is read."""
    test = explorer(walkers__count="60")
    wait_for(test, lambda snapshot: snapshot.step > 3)
    view(test, "Slow motion")
    assert any("pause the run first" in text for text in texts(test))
    assert position(test) == ""


def test_next_and_previous_walk_through_six_cards(slowed):
    """Each has its title; the ends are ends."""
    titles = []
    for place in range(1, 7):
        assert position(slowed) == f"**{place} of 6**"
        titles += [text[5:] for text in texts(slowed) if text.startswith("#### ")]
        if place < 6:
            slowed.button(key="slow-next").click().run()
    assert slowed.button(key="slow-next").disabled
    assert titles[:2] == ["Gradient on the data", "Gradient on the weighted walkers"]
    assert titles[2:] == ["Parameter update", "Langevin drift", "Langevin noise", "Reweight"]
    assert any("no walker is resampled" in text for text in texts(slowed))
    slowed.button(key="slow-previous").click().run()
    assert position(slowed) == "**5 of 6**"


def test_the_numbers_follow_the_chosen_walker(slowed):
    """By number and by weight; a number beyond the last walker cannot be typed."""
    field = slowed.number_input(key="slow-walker-0")
    assert field.max == 59
    field.set_value(17).run()
    assert any("| walker 17 |" in text for text in texts(slowed))
    slowed.button(key="slow-Heaviest").click().run()
    chosen = slowed.number_input(key="slow-walker-1").value
    snapshot = hub().view(held(slowed).token).snapshot
    assert chosen == int(snapshot.log_w.argmax())


def test_do_this_update_makes_the_run_step_once(slowed):
    """The run is one update further and the cards show the next one."""
    before = hub().view(held(slowed).token).snapshot.step
    slowed.button(key="slow-do").click().run()
    wait_for(slowed, lambda snapshot: snapshot.step == before + 1)
    until(slowed, lambda t: position(t) == "**1 of 6**")
    assert hub().view(held(slowed).token).snapshot.step == before + 1


def test_over_seeds_trains_other_seeds_and_tells_their_spread(explorer):
    """Two seeds of few updates: the sentence has median and extremes."""
    test = explorer(walkers__count="60")
    wait_for(test, lambda snapshot: snapshot.step > 3)
    hub().command(held(test).token, Pause())
    view(test, "Figures")
    scope = f"seeds.{held(test).scope}"
    test.slider(key=f"seeds#{scope}").set_value(2)
    test.select_slider(key=f"updates#{scope}").set_value(100)
    test.button(key="run-seeds").click().run()
    until(test, lambda t: any("over 2 seeds: KL" in text.value for text in t.text))
