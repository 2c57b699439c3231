"""Own images on the server: checked, kept, and the settings that they start with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ebm_engine.build import classifier
from ebm_engine.build.parts import build
from ebm_engine.data.images import read_images
from ebm_engine.files import own_images
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.knobs import knobs
from ebm_engine.spec.presets import image_presets, preset
from ebm_engine.spec.recommended import suited
from ebm_engine.spec.run_spec import SpecError
from tests.data.own_images import arrays, pictures, zipped


def noise(count, height=6, width=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width), dtype=np.uint8)


def kept(count=40, height=6, width=6, seed=0):
    return own_images.keep_bytes(arrays(images=noise(count, height, width, seed)))


def test_a_kept_file_holds_the_same_images_and_says_what_they_are():
    images = noise(25, 4, 6)
    file = own_images.keep_bytes(arrays(images=images, labels=np.arange(25) % 2))
    np.testing.assert_array_equal(read_images(file.path).images, images)
    assert (file.training, file.held_out) == (20, 5)
    assert (file.size, file.names) == ((4, 6), ("0", "1"))
    assert file.most_components == 20
    assert kept(1000).most_components == 36


def test_the_same_file_has_the_same_path_and_others_another():
    assert kept(seed=1).path == kept(seed=1).path
    assert kept(seed=1).path != kept(seed=2).path
    assert "noise" not in kept(seed=1).path


def test_beyond_the_limit_the_file_used_longest_ago_goes(monkeypatch):
    monkeypatch.setattr(own_images, "MOST_FILES", 2)
    first = kept(seed=10).path
    second = kept(seed=11).path
    assert kept(seed=10).path == first  # used again
    kept(seed=12)
    assert Path(first).exists()
    assert not Path(second).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "neither a zip of PNG or JPEG files nor an NPZ file"),
        (zipped({"a.txt": b"x"}), "There are 0 images, and 10 to 20000 are needed"),
        (zipped(pictures("../{}.png")), "leaves its folder"),
        (arrays(images=np.array([[None] * 3] * 12, dtype=object)), "Python objects"),
        (arrays(images=noise(12, 65, 4)), "at most 64 pixels"),
        (arrays(images=noise(12, 1, 1)), "have 1 pixel, and at least 2"),
        (
            arrays(images=noise(12), labels=np.array([0] * 4 + [1] + [2] * 7)),
            "The class '1' has too few images, at least 2 are needed",
        ),
        (zipped({f"{i}.png": bytes(10_000_000) for i in range(12)}, 8), "MB unpacked, and at most"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_not_kept(content, said):
    folder = Path(kept().path).parent
    before = set(folder.iterdir())
    with pytest.raises(ValueError, match=said) as caught:
        own_images.keep_bytes(content)
    assert "\n" not in str(caught.value)
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("name", image_presets())
def test_from_any_preset_own_images_start_with_legal_settings_that_keep_the_seed(name):
    start = with_value(preset(name).spec, "seed", 7)
    file = kept()
    spec = own_images.on_images(start, file)
    assert (spec.target.kind, spec.target.path) == ("images", file.path)
    assert (spec.energy.kind, spec.energy.space, spec.energy.dim) == ("mlp", "latent", 10)
    assert spec.seed == 7
    assert spec.method == preset(own_images.START).spec.method


def test_few_or_small_images_get_as_many_components_as_they_have():
    """Ten of them leave 8 for training; a dimension of 10 would end the run as it begins."""
    spec = own_images.on_images(preset("digits-017").spec, kept(count=10))
    assert spec.energy.dim == 8
    run = Run(with_value(spec, "walkers.count", 20))
    run.advance()
    assert run.divergence is None
    assert own_images.on_images(spec, kept(height=1, width=3)).energy.dim == 3


def test_new_images_keep_what_a_person_has_set():
    spec = own_images.on_images(preset("digits-017").spec, kept())
    spec = with_value(with_value(spec, "sampler.step_size", 0.004), "target.noise", 0.2)
    after = own_images.on_images(with_value(spec, "method.kind", "pcd"), kept(seed=3))
    assert (after.sampler.step_size, after.target.noise) == (0.004, 0.2)
    assert after.method.kind == "pcd"


def test_a_convolutional_network_on_own_images_is_legal_and_needs_squares():
    """Up to 64 × 64 pixels count: all training points at once would pass the limit of units."""
    spec = own_images.on_images(preset("mnist-236").spec, kept())
    spec = with_value(with_value(spec, "walkers.count", 5000), "optimizer.batch", 0)
    with pytest.raises(SpecError, match="the limit is"):
        with_value(spec, "energy.kind", "cnn")
    convolutional = suited(spec, "energy", "cnn")
    assert (convolutional.walkers.count, convolutional.optimizer.batch) == (512, 128)
    wide = kept(width=8)
    assert own_images.why_no_cnn(kept()) == ""
    assert "8 × 6 pixels" in own_images.why_no_cnn(wide)
    assert own_images.on_images(convolutional, wide).energy.kind == "mlp"


def test_more_components_than_images_are_refused_with_the_limit():
    spec = with_value(own_images.on_images(preset("digits-017").spec, kept()), "energy.dim", 33)
    with pytest.raises(
        SpecError, match=r"energy\.dim = 33: 32 images of 6 × 6 pixels have at most 32"
    ):
        Run(spec)


def test_own_images_have_a_dimension_and_no_choice_of_space():
    """They are learned in latent space only: offering pixels would offer a refusal."""
    shown = {knob.path for knob in knobs(own_images.on_images(preset("digits-017").spec, kept()))}
    assert "energy.dim" in shown
    assert "energy.space" not in shown
    assert "energy.space" in {knob.path for knob in knobs(preset("digits-017").spec)}


def test_nothing_learned_from_own_images_is_kept_in_the_cache(monkeypatch, tmp_path):
    """The classifier of known digits is; its weights would tell the mean of somebody's images."""
    monkeypatch.setattr(classifier, "cache_folder", lambda: tmp_path)
    build(own_images.on_images(preset("digits-017").spec, kept(seed=77)))
    assert list(tmp_path.rglob("*.safetensors")) == []
    build(with_value(preset("digits-017").spec, "target.noise", 0.177))
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
