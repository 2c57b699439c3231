"""Own images on the images page: they become the target, stay out of links, and bad ones cost a
sentence.
"""

import numpy as np
import pytest

from ebm_engine.server.hub.hub import hub
from ebm_engine.spec.edit import flatten
from pages.common.tab.offers import IMAGES, offer
from pages.common.tab.run_link import REFUSED, from_query, to_query
from tests.data.own_images import arrays, pictures, zipped
from tests.pages.explorer_tools import link


@pytest.fixture
def images(app):
    """The images page in a simulated session."""
    test = app()
    test.switch_page("mnist.py")
    test.run()
    assert not test.exception
    return test


def held(test):
    return test.session_state["held"][IMAGES]


def choose(test, head, kind):
    key = f"{head}.kind#{held(test).scope}"
    menu = test.button_group(key=key) if head == "energy" else test.selectbox(key=key)
    menu.set_value(kind).run()
    assert not test.exception


def upload(test, content, name="mine.npz"):
    choose(test, "target", "images")
    test.file_uploader[0].upload(name, content, "application/zip").run()
    assert not test.exception


def drawn(height=6, width=6):
    """Forty images of two classes."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, height, width), dtype=np.uint8)
    return arrays(images=images, labels=np.where(np.arange(40) % 2, "odd", "even"))


def told(test):
    return " ".join(c.value for c in test.caption).replace("\\", "")


def test_until_a_file_comes_the_run_goes_on_with_its_images(images):
    before = held(images)
    choose(images, "target", "images")
    assert held(images).spec == before.spec
    assert "until you upload a file" in told(images)


def test_own_images_become_the_target_and_stay_out_of_the_link(images):
    upload(images, drawn())
    spec = held(images).spec
    assert (spec.target.kind, spec.energy.kind, spec.energy.space) == ("images", "mlp", "latent")
    assert spec.target.path not in "".join(link(images).values())
    assert "32 images of 6 × 6 pixels, 8 more held out. Classes: even, odd." in told(images)
    assert "cannot carry own images" in told(images)
    images.run()
    assert held(images).spec == spec
    view = hub().view(held(images).token)
    assert view.spec == spec


def test_a_zip_of_folders_is_taken_as_well(images):
    upload(images, zipped(pictures("cats/{}.png")), "mine.zip")
    assert held(images).spec.target.kind == "images"
    assert "Classes: cats." in told(images)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not an archive", "neither a zip of PNG or JPEG files nor an NPZ file"),
        (zipped(pictures("../../{}.png")), "leaves its folder"),
        (zipped({f"{i}.png": bytes(9_000_000) for i in range(12)}, 8), "100 MB are allowed"),
    ],
)
def test_a_bad_file_costs_one_sentence_and_the_run_goes_on(images, content, said):
    before = held(images)
    upload(images, content)
    assert len(images.warning) == 1
    assert said in images.warning[0].value.replace("\\", "")
    assert held(images).spec == before.spec
    assert held(images).token == before.token


def test_convolutions_need_square_images_and_the_page_says_so(images):
    upload(images, drawn(width=8))
    spec = held(images).spec
    choose(images, "energy", "cnn")
    assert held(images).spec == spec
    assert "these have 8 × 6 pixels" in images.warning[0].value.replace("\\", "")


def test_convolutions_on_square_images_are_played_with_fewer_walkers(images):
    upload(images, drawn())
    choose(images, "energy", "cnn")
    spec = held(images).spec
    assert (spec.energy.kind, spec.walkers.count, spec.optimizer.batch) == ("cnn", 512, 128)


def test_a_link_never_names_own_images(images):
    """Read as given, a path would put any file of the server on the screen of a stranger."""
    upload(images, drawn())
    query = to_query(held(images).preset, held(images).spec)
    for given in (query, {"target": "images", "target.path": "/etc/passwd"}):
        _, spec, problems = from_query(given | {"seed": "5"}, offer(IMAGES))
        assert spec.target.kind != "images"
        assert "passwd" not in "".join(map(str, flatten(spec).values()))
        assert spec.seed == 5
        assert problems[0] == REFUSED


def test_back_from_own_images_a_preset_on_digits_starts(images):
    upload(images, drawn())
    choose(images, "target", "digits")
    assert held(images).spec.target.kind == "digits"
    assert not images.warning
