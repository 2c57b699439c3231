"""MNIST: the real files when they are at hand, and where the files are looked for."""

from __future__ import annotations

import gzip
import os
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.data import mnist
from ebm_engine.data.digits import held_out, subset
from ebm_engine.data.mnist import FILES, SHA256, MnistUnavailable, load_mnist
from tests.data.mirrors import (
    GOOD_CACHE,
    HASHES,
    IMAGE_FILE,
    IMAGES,
    LABEL_FILE,
    LABELS,
    PACKED,
    PLAIN,
    Mirror,
    contents,
    idx_bytes,
    load,
    mirror,
)

__all__ = ["mirror"]

BESIDE = Path(__file__).parents[3] / "shared" / "mnist"
REAL = Path(os.environ.get(mnist.VARIABLE) or BESIDE)


@pytest.fixture(scope="module")
def real() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both splits of the published MNIST."""
    if not (REAL / f"{FILES['train'][0]}.gz").is_file():
        pytest.skip(f"MNIST is neither in {mnist.VARIABLE} nor beside the repository")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(mnist.VARIABLE, str(REAL))
        return {split: load_mnist(split) for split in FILES}


def test_mnist_is_the_published_one(real):
    """60 000 and 10 000 images; class counts and the mean grey value .1307 everyone reports."""
    images, labels = real["train"]
    assert images.shape == (60_000, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    images, labels = real["test"]
    assert images.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_papers_choice_of_digits_exists(real):
    """5600/2800/1400 of 2/3/6 come first; held out 1032/516/258, limited by the twos."""
    images, labels = subset(*real["train"], (2, 3, 6), (5600, 2800, 1400))
    assert np.bincount(labels, minlength=7).tolist() == [0, 0, 5600, 2800, 0, 0, 1400]
    assert np.array_equal(images[0], real["train"][0][5])  # labels begin 5 0 4 1 9 2
    _, labels = held_out(*real["test"], (2, 3, 6), (5600, 2800, 1400))
    assert np.bincount(labels, minlength=7).tolist() == [0, 0, 1032, 516, 0, 0, 258]


def test_another_split_is_refused():
    """One sentence with the two there are."""
    with pytest.raises(ValueError, match=r"^The split is “valid”, and train or test is needed\.$"):
        load_mnist("valid")


def test_a_damaged_file_in_the_cache_is_replaced_only_by_a_download(mirror, tmp_path):
    """Without: one sentence with the remedy and the file stays; with: the good one is there."""
    load(tmp_path, f"{mirror}/good/")
    path = tmp_path / "cache" / f"{LABEL_FILE}.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(
        MnistUnavailable, match=r"^The MNIST file .* is damaged: download it again\.$"
    ):
        load(tmp_path, download=False)
    load(tmp_path, f"{mirror}/good/")
    assert contents(tmp_path) == GOOD_CACHE


@pytest.mark.parametrize("packed", [True, False])
def test_the_folder_in_the_environment_comes_first(mirror, tmp_path, monkeypatch, packed):
    """Packed or not, by the original names, before a cache that holds something else."""
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "cache").mkdir()
    for name in FILES["train"]:
        (own / (f"{name}.gz" if packed else name)).write_bytes((PACKED if packed else PLAIN)[name])
        (tmp_path / "cache" / f"{name}.gz").write_bytes(b"rubbish")
    monkeypatch.setenv(mnist.VARIABLE, str(own))
    assert np.array_equal(load(tmp_path, f"{mirror}/good/")[0], IMAGES)
    assert Mirror.asked == ()


@pytest.mark.parametrize("folder", [".", "MNIST/raw", "raw"])
@pytest.mark.parametrize("name", ["{}.gz", "{}", "kaggle"])
def test_other_folders_and_names_of_the_same_files_are_found(
    mirror, tmp_path, monkeypatch, folder, name
):
    """As torchvision keeps them, and as Kaggle names them: train-images.idx3-ubyte."""
    own = tmp_path / "own" / folder
    own.mkdir(parents=True)
    for known in FILES["train"]:
        other = known.replace("-idx", ".idx") if name == "kaggle" else name.format(known)
        (own / other).write_bytes((PACKED if name == "{}.gz" else PLAIN)[known])
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path / "own"))
    assert np.array_equal(load(tmp_path, f"{mirror}/good/")[0], IMAGES)
    assert Mirror.asked == ()


def test_a_damaged_or_foreign_file_in_the_environment_is_named(mirror, tmp_path, monkeypatch):
    """A sound file of another data set too; it is not silently passed over for a download."""
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path))
    for content in (PACKED[IMAGE_FILE][:-20], gzip.compress(idx_bytes(IMAGES[::-1]))):
        (tmp_path / f"{IMAGE_FILE}.gz").write_bytes(content)
        with pytest.raises(MnistUnavailable, match="is damaged: replace it, or unset EBM_DATA_DIR"):
            load(tmp_path, f"{mirror}/good/")
    assert Mirror.asked == ()


def test_an_empty_folder_in_the_environment_falls_through_to_the_download(
    mirror, tmp_path, monkeypatch
):
    """The order is folder, cache, mirrors; also a folder that is not there."""
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path / "none"))
    assert np.array_equal(load(tmp_path, f"{mirror}/good/")[0], IMAGES)


def test_a_cache_that_cannot_be_made_is_a_sentence(mirror, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(MnistUnavailable, match=r"could not be downloaded to .*FileExistsError"):
        load(tmp_path, f"{mirror}/good/")


def test_images_and_labels_must_belong_together(tmp_path, monkeypatch):
    """12 images with 11 labels, each file sound by its own hash."""
    short = idx_bytes(LABELS[:-1])
    (tmp_path / IMAGE_FILE).write_bytes(PLAIN[IMAGE_FILE])
    (tmp_path / LABEL_FILE).write_bytes(short)
    monkeypatch.setenv(mnist.VARIABLE, str(tmp_path))
    hashes = HASHES | {LABEL_FILE: sha256(short).hexdigest()}
    with pytest.raises(ValueError, match=r"shape \(12, 28, 28\), and \(11, 28, 28\) is needed"):
        load_mnist("train", hashes=hashes, cache=tmp_path)


def test_the_mirrors_and_hashes_are_the_published_ones():
    """https only, four files, hashes of 64 hexadecimal digits."""
    assert all(address.startswith("https://") for address in mnist.MIRRORS)
    assert sorted(SHA256) == sorted(name for names in FILES.values() for name in names)
    assert all(len(bytes.fromhex(digest)) == 32 for digest in SHA256.values())
