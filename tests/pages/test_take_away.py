"""Take away: every file of a run is made, and what comes back as a file is shown or refused."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from ebm_engine.files import model_file
from ebm_engine.files.script import NotReproducible
from ebm_engine.run.run import Run
from ebm_engine.server.commands import Pause, Reset, Step
from ebm_engine.server.hub.hub import hub
from ebm_engine.spec.edit import with_value
from pages.common.run_page import download_items, open_file
from tests.pages.explorer_tools import held, wait_for
from tests.run.image_runs import played
from tests.run.image_runs import spec as image_spec
from tests.server.hub_tools import small_spec

POPOVER = "take-away-explorer"
LABELS = ["PNG", "SVG", "PDF", "GIF", "WebP"]
LABELS += ["curves.csv", "curves.json", "walkers.csv", "walkers.npz"]
LABELS += ["model.safetensors", "run file", "reproduce.py"]


@pytest.fixture
def paused(explorer):
    """The explorer, its run paused at update 20, with its files open."""
    test = explorer()
    token = held(test).token
    for command in (Pause(), Reset(None), Step(20)):  # it may have played before the pause came
        hub().command(token, command)
    wait_for(test, lambda s: s.step == 20 and not s.playing, 60.0)  # workers may still be starting
    test.session_state[POPOVER] = True
    test.run()
    assert not test.exception
    return test


def items(test):
    """Everything that is offered for the run, by label."""
    snapshot = wait_for(test, lambda s: s.step > 0).snapshot
    moment = download_items.moment_of(held(test), snapshot, "light")
    groups = (download_items.pictures, download_items.numbers, download_items.models)
    return {item.label: item for group in groups for item in group(moment)}


def uploaded(test, name, content):
    """The page after a file was chosen."""
    test.file_uploader[0].upload(name, content, "application/octet-stream").run()
    assert not test.exception
    return test


def until(test, condition, seconds=60.0):
    """Run the page again until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)
        test.run()
        assert not test.exception


def test_a_closed_popover_makes_nothing(explorer):
    """The page stays fast: no file, no upload before the click."""
    test = explorer()
    assert not test.get("download_button")
    assert not test.get("file_uploader")


def test_the_open_popover_offers_every_file_with_a_tooltip(paused):
    """All twelve, each one click from here; the caption says of which update they are."""
    buttons = paused.get("download_button")
    assert [b.proto.label for b in buttons] == LABELS
    assert all(b.proto.help for b in buttons)
    assert not [b.proto.label for b in buttons if b.proto.disabled]
    step = wait_for(paused, lambda s: s.step > 0).snapshot.step
    assert f"As of update {step}." in [c.value for c in paused.caption]


def test_every_file_is_what_its_name_says(paused):
    """PNG, SVG and PDF begin as such, films move, CSV has a header, NPZ opens without pickle."""
    files = {label: item.make() for label, item in items(paused).items()}
    step = wait_for(paused, lambda s: s.step > 0).snapshot.step
    for label, kind in (("PNG", "PNG"), ("GIF", "GIF"), ("WebP", "WEBP")):
        assert Image.open(io.BytesIO(files[label])).format == kind
    assert files["SVG"].startswith(b"<svg ")
    assert files["PDF"].startswith(b"%PDF-")
    assert files["curves.csv"].startswith(b"update,kl_exact_nats,")
    assert json.loads(files["curves.json"])["update"] == step
    assert len(files["walkers.csv"].splitlines()) == 1001
    with np.load(io.BytesIO(files["walkers.npz"])) as found:
        assert found["update"] == step
    assert model_file.read_model(files["model.safetensors"]).spec == held(paused).spec
    assert Run.load(files["run file"]).step == step
    compile(files["reproduce.py"], "reproduce.py", "exec")


def test_the_names_tell_preset_and_update(paused):
    """ebm-lab-two-modes-20.png; two files of one kind differ by what they hold."""
    step = wait_for(paused, lambda s: s.step > 0).snapshot.step
    names = [item.name for item in items(paused).values()]
    assert names[0] == f"ebm-lab-two-modes-{step}.png"
    assert all(name.startswith(f"ebm-lab-two-modes-{step}") for name in names)
    assert len(set(names)) == len(names)


def test_a_run_file_goes_on_where_it_was_in_place_of_the_run(paused):
    """Another run at the file's update, paused, under a link that says its settings."""
    run = played(small_spec(seed=7), 31)
    before = held(paused)
    uploaded(paused, "a.safetensors", run.save())
    assert held(paused).token != before.token
    assert held(paused).spec == run.spec
    view = wait_for(paused, lambda s: s.step == 31)
    assert not view.playing
    np.testing.assert_array_equal(
        view.snapshot.positions, run.snapshot(playing=False, updates_per_second=0).positions
    )
    paused.run()  # the link must not bring the old run back
    assert held(paused).spec == run.spec
    assert not paused.warning


def test_a_model_file_becomes_a_run_at_update_0_with_its_parameters(paused):
    """Made by the helper process; there is no script for it, and the page says why."""
    run = played(small_spec(seed=3), 12)
    before = held(paused).token
    uploaded(paused, "m.safetensors", model_file.model_of(run.save()))
    until(paused, lambda: held(paused).token != before)
    shown = wait_for(paused, lambda s: s.spec == run.spec).snapshot
    assert shown.step == 0
    np.testing.assert_array_equal(
        shown.means, run.parts.trainer.energy.parameters["means"].detach().numpy()
    )
    paused.run()
    refused = [b.proto.label for b in paused.get("download_button") if b.proto.disabled]
    assert refused == ["reproduce.py"]
    assert any("did not start from its settings" in c.value for c in paused.caption)


def test_a_file_that_cannot_be_used_costs_one_sentence_and_the_run_goes_on(paused):
    """Wrong name, junk, cut, another version, another page's run, own points: nothing is lost."""
    content = played(small_spec(), 3).save()
    model = model_file.model_of(content)
    images = played(image_spec(), 2).save()
    token = held(paused).token
    for name, wrong, reason in (
        ("a.txt", content, "must end with"),
        ("a.safetensors", b"hello", "ends after 5 bytes"),
        ("a.safetensors", content[:-5], "damaged"),
        ("a.safetensors", model[:-5], "damaged"),
        ("a.safetensors", content.replace(b'"version":"2"', b'"version":"9"'), "version 9"),
        ("a.safetensors", images, "open it on the page “Images”"),
    ):
        uploaded(paused, name, wrong)
        assert len(paused.warning) == 1
        text = paused.warning[0].value.replace("\\", "")
        assert reason in text
        assert text.endswith("The run goes on.")
        assert held(paused).token == token


def test_own_points_and_images_do_not_come_in_by_a_path(paused):
    """A path within a file would make the server read a file of its own."""
    spec = with_value(with_value(small_spec(), "energy.kind", "mlp"), "target.kind", "points")
    with pytest.raises(open_file.NotHereError, match="own points, which the file does not contain"):
        open_file._check_place(with_value(spec, "target.path", "/etc/passwd"), held(paused))


def test_the_reason_why_there_is_no_script_is_a_sentence_of_the_engine(paused, monkeypatch):
    """It stands in the item, not in a failing download."""

    def refuse(*_):
        raise NotReproducible("because")

    monkeypatch.setattr(download_items.script, "beginning", refuse)
    assert items(paused)["reproduce.py"].why_not == "because"
