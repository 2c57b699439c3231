"""Where images come from: digits, own files and, where it is at hand, MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ebm_engine.build.parts import build
from ebm_engine.data.digits import load_digits
from ebm_engine.data.mnist import VARIABLE, MnistUnavailable, load_mnist
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import SpecError
from tests.run.image_runs import PIXELS, SMALL, played, spec


def test_too_many_images_are_refused_with_what_there_is():
    with pytest.raises(SpecError, match="Class 7 has 144 images, and 600 are asked for"):
        build(spec(target__counts=[100, 100, 600]))


@pytest.fixture
def own(tmp_path):
    images, labels = load_digits("train")
    path = tmp_path / "own.npz"
    names = np.where(labels[:100] % 2, "odd", "even")
    np.savez(path, images=images[:100], labels=names)
    return path


def test_own_images_are_learned_in_latent_space(own):
    content = SMALL | {"target": {"kind": "images", "path": str(own)}}
    run = played(spec(content), 5)
    assert run.parts.images.class_names == ("even", "odd")
    assert run.parts.images.x.shape == (80, 10)
    assert run.parts.images.held_out.shape == (20, 10)
    assert run.snapshot(playing=False, updates_per_second=0.0).tiles.shape == (64, 8, 8)
    with pytest.raises(SpecError, match="There is no file gone"):
        build(spec(content, target__path="gone.zip"))
    with pytest.raises(SpecError, match="path is empty"):
        build(spec(content, target__path=""))


def test_own_images_that_are_not_square_have_no_convolutions(tmp_path):
    path = tmp_path / "wide.npz"
    np.savez(path, images=np.random.default_rng(0).integers(0, 255, (40, 6, 8), np.uint8))
    content = {"target": {"kind": "images", "path": str(path)}, "energy": {"kind": "cnn"}}
    with pytest.raises(SpecError, match="square images, and these have 8 × 6 pixels"):
        build(parse_spec(content | {"optimizer": {"batch": 10}}))


def test_without_mnist_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("ebm_engine.data.mnist._user_cache", lambda: tmp_path)
    mnist = {"kind": "mnist", "classes": [4, 9], "counts": [30, 20]}
    with pytest.raises(SpecError, match=r"MNIST is not on this machine .* download it, or name"):
        build(parse_spec(SMALL | {"target": mnist}))


@pytest.fixture(scope="module")
def mnist():
    """MNIST from EBM_DATA_DIR, the cache, or ../shared/mnist beside the repository."""
    shared = Path(__file__).parents[3] / "shared" / "mnist"
    with pytest.MonkeyPatch.context() as patch:
        if shared.is_dir():
            patch.setenv(VARIABLE, str(shared))
        try:
            load_mnist("test")
        except MnistUnavailable as error:
            pytest.skip(str(error))
        yield


@pytest.mark.parametrize("content", [SMALL, PIXELS])
def test_mnist_runs_in_both_spaces(mnist, content):
    target = {"kind": "mnist", "counts": [100, 100, 100]}
    run = played(spec(content | {"target": target}, sampler__step_size=0.001), 3)
    assert run.divergence is None
    assert run.parts.images.size == (28, 28)
    shot = run.snapshot(playing=False, updates_per_second=0.0)
    assert shot.tiles.shape == (64, 28, 28)
    assert shot.mode_mass.data == pytest.approx([1 / 3] * 3, abs=0.03)
