"""The download of MNIST, from good, cut, changed, slow and missing copies on this machine."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.data import mnist
from ebm_engine.data.mnist import MnistUnavailable
from tests.data.mirrors import (
    GOOD_CACHE,
    IMAGE_FILE,
    IMAGES,
    LABEL_FILE,
    LABELS,
    PACKED,
    Mirror,
    contents,
    load,
    mirror,
)

__all__ = ["mirror"]


def test_a_download_is_kept_and_not_repeated(mirror, tmp_path):
    """The two files of the split lie in the cache, alone; the second time nobody is asked."""
    for download in (True, False):
        images, labels = load(tmp_path, f"{mirror}/good/", download=download)
        assert np.array_equal(images, IMAGES)
        assert np.array_equal(labels, LABELS)
    assert Mirror.asked == (f"/good/{IMAGE_FILE}.gz", f"/good/{LABEL_FILE}.gz")
    assert contents(tmp_path) == GOOD_CACHE
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("kind", ["truncated", "corrupted", "missing", "silent", "trickling"])
def test_the_second_mirror_is_asked_when_the_first_fails(mirror, tmp_path, monkeypatch, kind):
    """And the bad copy leaves nothing behind."""
    if kind == "trickling":  # never silent for long: only the limit of the whole can end it
        monkeypatch.setattr(mnist, "LONGEST_DOWNLOAD", 0.2)
        monkeypatch.setattr(mnist, "CHUNK", 4)
    images, _ = load(tmp_path, f"{mirror}/{kind}/", f"{mirror}/good/")
    assert np.array_equal(images, IMAGES)
    assert [path.split("/")[1] for path in Mirror.asked] == [kind, "good"] * 2
    assert contents(tmp_path) == GOOD_CACHE


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("truncated", "(ChunkedEncodingError|a damaged copy)"),
        ("corrupted", "a damaged copy"),
        ("missing", "HTTPError"),
        ("silent", "ConnectionError"),
    ],
)
def test_a_failed_download_names_reason_and_remedy_and_leaves_nothing(
    mirror, tmp_path, kind, reason
):
    """No final name, no part; a later try with a good mirror starts afresh and succeeds."""
    pattern = rf"could not be downloaded .* \(127\.0\.0\.1: {reason}\): .* in EBM_DATA_DIR\.$"
    with pytest.raises(MnistUnavailable, match=pattern):
        load(tmp_path, f"{mirror}/{kind}/")
    assert list((tmp_path / "cache").rglob("*")) == []
    assert np.array_equal(load(tmp_path, f"{mirror}/good/")[0], IMAGES)


def test_a_mirror_that_sends_without_end_is_left(mirror, tmp_path, monkeypatch):
    """The limit of the size holds on the wire, whatever the header says."""
    monkeypatch.setattr(mnist, "MOST_BYTES", 1000)
    monkeypatch.setattr(mnist, "CHUNK", 100)
    with pytest.raises(MnistUnavailable, match=r"127\.0\.0\.1: OSError"):
        load(tmp_path, f"{mirror}/unsized/")
    assert contents(tmp_path) == {}


def test_nothing_is_downloaded_unless_asked(mirror, tmp_path):
    """The sentence names the remedy; the server is not asked, no folder is made."""
    with pytest.raises(MnistUnavailable) as error:
        load(tmp_path, f"{mirror}/good/", download=False)
    assert str(error.value) == (
        f"MNIST is not on this machine ({IMAGE_FILE}.gz is missing in the user's cache, and in "
        "MNIST/raw there): download it, or name the folder with its four files in EBM_DATA_DIR."
    )
    assert Mirror.asked == ()
    assert list(tmp_path.iterdir()) == []


def test_progress_goes_up_to_the_whole_file(mirror, tmp_path, monkeypatch):
    """Bytes done never fall within a file and end at its size; 0 in all where it is unknown."""
    monkeypatch.setattr(mnist, "CHUNK", 1000)
    seen: list[tuple[int, int]] = []
    load(tmp_path, f"{mirror}/good/", progress=lambda *pair: seen.append(pair))
    sizes = [len(content) for content in PACKED.values()]
    for size in sizes:
        done = [d for d, total in seen if total == size]
        assert done == sorted(done)
        assert done[-1] == size
    assert len(seen) > sizes[0] // 1000
    seen.clear()
    load(tmp_path / "other", f"{mirror}/unsized/", progress=lambda *pair: seen.append(pair))
    assert set(seen) == {(0, 0)}


class StoppedError(Exception):
    """What a person's stop button raises."""


def test_a_stopped_download_leaves_nothing(mirror, tmp_path):
    """The callback's exception passes through, and no other mirror is asked."""

    def stop(done: int, total: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        load(tmp_path, f"{mirror}/good/", f"{mirror}/missing/", progress=stop)
    assert list((tmp_path / "cache").rglob("*")) == []
    assert len(Mirror.asked) == 1
