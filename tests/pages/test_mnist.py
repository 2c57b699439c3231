"""The images page: its frames, its digits and their link, and what AIS adds to the stage."""

import time

import numpy as np
import pytest

from ebm_engine.runs.hub import hub
from ebm_engine.runs.spec import with_value
from pages.common import image_sections, jobs
from pages.common.offers import EXPLORER, IMAGES, offer
from pages.common.share import from_query, to_query
from pages.live.frame import pack
from tests.pages.explorer_tools import link
from tests.pages.live_tools import small_snapshot, unpack, view_of

MISSING = "MNIST is not on this machine (a.gz is missing)"


@pytest.fixture(autouse=True)
def without_mnist(monkeypatch):
    """No MNIST, wherever the tests run."""
    for place in ("offers", "fetch"):
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


def with_pictures():
    """A snapshot with 3 tiles of 2 × 4 pixels and 2 films of 5."""
    rng = np.random.default_rng(1)
    return small_snapshot(
        known_density=False,
        tiles=rng.integers(0, 256, (3, 2, 4), dtype=np.uint8),
        tile_rows=np.array([40, 7, 0]),
        tile_log_w=np.array([2.5, 0.0, -np.inf], np.float32),
        tile_energies=np.array([1.5, -2.0, 1e6], np.float32),
        tile_labels=np.array([1, 0, 1]),
        films=rng.integers(0, 256, (2, 5, 2, 4), dtype=np.uint8),
        class_names=("3", "8"),
    )


def test_tiles_and_films_arrive_bit_by_bit_in_a_slow_frame():
    """Sorted tiles keep their order: a frame that sorted again would show other walkers."""
    snapshot = with_pictures()
    header, arrays = unpack(pack(view_of(snapshot), with_static=False))
    np.testing.assert_array_equal(arrays["tiles"], snapshot.tiles)
    np.testing.assert_array_equal(arrays["films"], snapshot.films)
    assert arrays["tile_rows"].tolist() == [40, 7, 0]
    assert arrays["tile_labels"].tolist() == [1, 0, 1]
    assert arrays["tile_log_w"].tolist() == [2.5, 0.0, -60.0]
    assert arrays["tile_energies"].tolist() == [1.5, -2.0, 1e6]
    assert header["images"]
    assert header["classNames"] == ["3", "8"]
    assert not header["quadrature"]
    fast = unpack(pack(view_of(snapshot), with_static=False, with_slow=False))[1]
    assert "tiles" not in fast


def test_a_frame_of_the_plane_has_no_tiles():
    header, arrays = unpack(pack(view_of(small_snapshot()), with_static=True))
    assert not header["images"]
    assert "tiles" not in arrays


def test_a_measurement_travels_in_the_frame_only_where_no_other_way_is_open():
    view = view_of(with_pictures())
    found = {"step": 3, "masses": [0.4, 0.6]}
    read = [
        unpack(pack(view, with_static=False, measured=m))[0].get("measured", "unsaid")
        for m in (None, {}, found)
    ]
    assert read == ["unsaid", None, found]


def test_the_pages_offer_their_own_presets_and_targets():
    plane, images = offer(EXPLORER), offer(IMAGES)
    assert set(images.kinds["target"]) == {"digits"}
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
    assert any("until one is chosen" in c.value for c in test.caption)


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


def test_a_measurement_is_of_the_run_that_it_was_made_for(images, monkeypatch):
    """A live rate keeps the numbers of AIS; another seed is another run, and they must go."""
    run = held(images())
    result = {
        "step": 300,
        "mass": np.array([0.5, 0.3, 0.2]),
        "mass_se": np.array([0.01, 0.01, 0.01]),
        "cross_entropy": 12.0,
        "cross_entropy_se": 0.2,
    }
    monkeypatch.setattr(jobs, "found", lambda slot: result)
    monkeypatch.setattr(jobs, "about", lambda slot: with_value(run.spec, "optimizer.lr", 0.002))
    assert image_sections.measured(run).masses == [0.5, 0.3, 0.2]
    monkeypatch.setattr(jobs, "about", lambda slot: with_value(run.spec, "seed", 9))
    assert image_sections.measured(run) is None


def test_a_measurement_without_a_number_is_none(images, monkeypatch):
    run = held(images())
    result = {"step": 1, "cross_entropy": float("inf"), "cross_entropy_se": 1.0}
    monkeypatch.setattr(jobs, "found", lambda slot: result)
    monkeypatch.setattr(jobs, "about", lambda slot: run.spec)
    assert image_sections.measured(run) is None
