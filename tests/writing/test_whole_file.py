"""A file is there whole or not at all."""

import os

import pytest

from ebm_engine.writing.whole_file import write_whole


def test_a_file_is_replaced_in_one_step(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_what_was_there_and_nothing_else(step, tmp_path, monkeypatch):
    """A full disk shows at fsync at the latest; writing in place would have emptied the file."""
    path = tmp_path / "x.json"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_rights_of_any_other(tmp_path):
    """Not those of a temporary file, which its owner alone may read."""
    write_whole(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
