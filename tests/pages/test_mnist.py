"""The images page: its digits and their link, what AIS adds to it, its figures and sections."""

import json
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ebm_engine.jobs.tasks import parse_task
from ebm_engine.server.hub.hub import hub
from ebm_engine.spec.edit import with_value
from pages.common.images import measuring
from pages.common.tab import jobs, session
from pages.common.tab.offers import EXPLORER, IMAGES, offer
from pages.common.tab.run_link import from_query, to_query
from tests.pages.explorer_tools import link

MISSING = "MNIST is not on this machine (a.gz is missing)"


@pytest.fixture(autouse=True)
def without_mnist(monkeypatch):
    """No MNIST, wherever the tests run."""
    for place in ("tab.offers", "images.fetch_mnist"):
        monkeypatch.setattr(f"pages.common.{place}.why_no_mnist", lambda: MISSING)


@pytest.fixture
def images(app):
    """A function (**query parameters) → AppTest on the images page."""

    def open_page(**query):
        test = app()
        test.switch_page("mnist.py")
        test.query_params.update({k.replace("__", "."): v for k, v in query.items()})
        test.run()
        assert not test.exception
        return test

    return open_page


def held(test):
    return test.session_state["held"][IMAGES]


def test_the_pages_offer_their_own_presets_and_targets():
    plane, images = offer(EXPLORER), offer(IMAGES)
    assert set(images.kinds["target"]) == {"digits", "images"}
    assert not set(plane.presets) & set(images.presets)
    assert "exact" not in images.kinds["method"]
    assert "cnn" not in plane.kinds["energy"]


def test_links_of_image_runs_come_back_as_they_went():
    start = offer(IMAGES)
    for name, preset in start.presets.items():
        spec = with_value(preset.spec, "target.classes", (2, 5, 9))
        assert from_query(to_query(name, spec), start) == (name, spec, [])


def test_each_page_refuses_the_targets_of_the_other():
    _, _, problems = from_query({"target": "digits"})
    assert "target = digits is unknown" in problems[0]
    _, _, problems = from_query({"target": "moons"}, offer(IMAGES))
    assert "target = moons is unknown" in problems[0]


def test_without_mnist_the_page_says_so_and_plays_the_digits(images):
    test = images()
    assert held(test).spec.target.kind == "digits"
    assert any("not on this machine" in c.value for c in test.caption)
    assert any("Download MNIST" in b.label for b in test.button)
    assert link(test)["preset"] == next(iter(offer(IMAGES).presets))


def test_digits_and_their_numbers_are_chosen_together(images):
    """A new digit gets the smallest number; the spec, the link and the widgets say the same."""
    test = images()
    spec = held(test).spec
    chosen = sorted({*spec.target.classes, 5})
    test.button_group(key=f"classes#{held(test).scope}").set_value(chosen).run()
    assert not test.exception
    target = held(test).spec.target
    assert list(target.classes) == chosen
    assert target.counts[chosen.index(5)] == min(spec.target.counts)
    test.number_input(key=f"count.5#{held(test).scope}").set_value(44).run()
    assert held(test).spec.target.counts[chosen.index(5)] == 44
    assert from_query(link(test), offer(IMAGES))[1] == held(test).spec


def test_without_any_digit_the_run_goes_on(images):
    test = images()
    before = held(test).spec
    test.button_group(key=f"classes#{held(test).scope}").set_value([]).run()
    assert not test.exception
    assert held(test).spec == before
    assert any("until you choose one" in c.value for c in test.caption)


def test_the_run_sends_pictures_of_its_walkers(images):
    test = images()
    end = time.monotonic() + 60
    snapshot = None
    while time.monotonic() < end and (snapshot is None or snapshot.step < 2):
        hub().touch(held(test).token)
        snapshot = hub().view(held(test).token).snapshot
        time.sleep(0.05)
    assert snapshot.tiles.shape == (64, 8, 8)
    assert snapshot.class_names == tuple(map(str, held(test).spec.target.classes))
    assert len(snapshot.films) == 4


RESULT = {
    "step": 300,
    "mass": np.array([0.5, 0.3, 0.2]),
    "mass_se": np.array([0.01, 0.01, 0.01]),
    "cross_entropy": 12.0,
    "cross_entropy_se": 0.2,
}


def test_a_measurement_is_of_the_run_that_it_was_made_for(images, monkeypatch):
    """A live rate keeps the numbers of AIS; another seed is another run, and they must go."""
    run = held(images())
    monkeypatch.setattr(jobs, "found", lambda slot: RESULT)
    monkeypatch.setattr(jobs, "about", lambda slot: with_value(run.spec, "optimizer.lr", 0.002))
    assert measuring.measured(run).masses == [0.5, 0.3, 0.2]
    monkeypatch.setattr(jobs, "about", lambda slot: with_value(run.spec, "seed", 9))
    assert measuring.measured(run) is None


def test_a_measurement_without_a_number_is_none(images, monkeypatch):
    run = held(images())
    result = {"step": 1, "cross_entropy": float("inf"), "cross_entropy_se": 1.0}
    monkeypatch.setattr(jobs, "found", lambda slot: result)
    monkeypatch.setattr(jobs, "about", lambda slot: run.spec)
    assert measuring.measured(run) is None


def test_every_measurement_stays_a_point_until_the_run_goes_back(images, monkeypatch):
    """Two of AIS, looked at twice: two points; back at update 350 the later one is gone for good,
    and another seed has none.
    """
    run, kept, step = held(images()), {}, 1000
    monkeypatch.setattr(session, "kept", lambda name, make: kept.setdefault(name, make()))
    monkeypatch.setattr(jobs, "about", lambda slot: run.spec)
    now = lambda: SimpleNamespace(snapshot=SimpleNamespace(step=step))  # noqa: E731
    monkeypatch.setattr(session, "view", lambda held: now())
    for result in (RESULT, RESULT, RESULT | {"step": 500}):
        monkeypatch.setattr(jobs, "found", lambda slot, result=result: result)
        found = measuring.points(run)
    last = result
    monkeypatch.setattr(jobs, "found", lambda slot: last)
    assert [point.step for point in found] == [300, 500]
    assert [point.step for point in measuring.points(run)] == [300, 500]
    step = 350
    assert [point.step for point in measuring.points(run)] == [300]
    step = 1000
    assert [point.step for point in measuring.points(run)] == [300]
    assert measuring.points(replace(run, spec=with_value(run.spec, "seed", 9))) == ()


def wait_for_update(test, update):
    """Until the run has come that far."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        hub().touch(held(test).token)
        view = hub().view(held(test).token)
        if view.snapshot is not None and view.snapshot.step >= update:
            return
        time.sleep(0.05)
    raise AssertionError("the run did not get there in time")


def plots(test):
    """The figures of the page with their alt texts, by key."""
    found = [json.loads(c.proto.json) for c in test.get("bidi_component")]
    return [p for p in found if "figure" in p]


def test_the_figures_of_images_are_drawn_with_alt_text(images):
    """Live and Figures are the switch of the other page; every group draws, none is empty."""
    test = images()
    wait_for_update(test, 25)
    next(g for g in test.button_group if g.label == "View").set_value("Figures").run()
    assert not test.exception
    counts = {}
    for group in ("Learning", "Energies", "Weights"):
        next(g for g in test.button_group if g.label == "Figures").set_value(group).run()
        assert not test.exception
        assert all(len(p["alt"]) > 20 for p in plots(test))
        counts[group] = len(plots(test))
    assert counts["Learning"] >= 3
    assert counts["Energies"] == 1
    assert counts["Weights"] >= 3
    assert "Draw the histograms" not in [b.label for b in test.button]


def test_histograms_of_energies_are_offered_with_their_group(images):
    test = images()
    next(g for g in test.button_group if g.label == "View").set_value("Figures").run()
    next(g for g in test.button_group if g.label == "Figures").set_value("Energies").run()
    button = next(b for b in test.button if b.label == "Draw the histograms")
    button.click().run()  # perhaps before the first checkpoint
    assert not test.exception
    if any("checkpoint" in i.value for i in test.info):
        return
    end = time.monotonic() + 60
    while not plots(test) and time.monotonic() < end:
        time.sleep(0.2)
        assert not test.run().exception
    assert plots(test)


def test_the_section_of_improved_cd_asks_for_its_method(images):
    """Another method has no KL term: one sentence, no button."""
    test = images()
    test.button_group(key="images-section").set_value("Improved CD").run()
    assert "Choose Improved CD" in test.info[0].value
    assert "Train both" not in [b.label for b in test.button]


def test_improved_cd_shows_its_norms_and_trains_with_and_without(images, monkeypatch):
    """The job gets this run's spec and the number of updates; a weight of 0 is nothing to study."""
    test = images(method="improved-cd", walkers__count="64")
    wait_for_update(test, 25)
    started = []
    monkeypatch.setattr(jobs, "start", lambda *given: started.append(given))
    test.button_group(key="images-section").set_value("Improved CD").run()
    assert not test.exception
    assert any("KL part" in p["alt"] for p in plots(test))
    next(b for b in test.button if b.label == "Train both").click().run()
    ((slot, name, arguments, about),) = started
    assert (slot, name, arguments["updates"]) == ("kl-term", "kl-term", 300)
    assert about == held(test).spec
    assert parse_task(name, arguments).run == held(test).spec


def test_without_weights_of_the_term_there_is_nothing_to_switch_off(images):
    test = images(method="improved-cd", method__kl_weight="0.0", method__entropy_weight="0.0")
    test.button_group(key="images-section").set_value("Improved CD").run()
    assert not test.exception
    assert any("nothing to switch off" in i.value for i in test.info)
    assert "Train both" not in [b.label for b in test.button]
