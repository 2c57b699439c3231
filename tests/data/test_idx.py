"""IDX files: what is read, plain or gzip, and what is refused and why."""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from ebm_engine.data import idx
from ebm_engine.data.idx import parse_idx, unpacked


def written(values: np.ndarray) -> bytes:
    """The IDX bytes of an array uint8."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0,), (0, 28, 28)])
def test_an_idx_file_gives_its_array(shape):
    """Sizes are big-endian: read as little-endian, 2 would be 33 554 432."""
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    found = parse_idx(written(values))
    assert found.dtype == np.uint8
    assert found.shape == shape
    assert np.array_equal(found, values)
    found += 1  # a copy, free to change


def test_plain_and_gzip_files_give_the_same(tmp_path):
    """Recognised by their first bytes, whatever their names."""
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    for name, content in (("a.gz", written(values)), ("b", gzip.compress(written(values)))):
        (tmp_path / name).write_bytes(content)
        assert np.array_equal(parse_idx(unpacked(tmp_path / name)), values)


GOOD = written(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The IDX file has 0 bytes, and its header needs at least 4."),
        (GOOD[:11], "The IDX file has 11 bytes, and its header needs 12."),
        (GOOD[:-1], "The IDX file holds 5 values, and its header says 2 × 3."),
        (GOOD + b"\0", "The IDX file holds 7 values, and its header says 2 × 3."),
        (
            b"\0\0\x08\x03" + b"\xff" * 12,
            "The IDX file holds 0 values, and its header says 4294967295 × 4294967295 × "
            "4294967295.",
        ),
    ]
    + [
        (
            start + GOOD[4:],
            f"The file begins with {start.hex()}, and an IDX file of unsigned bytes begins with "
            "000008 and 01 to 03.",
        )
        for start in (b"\1\0\x08\2", b"\0\1\x08\2", b"\0\0\x0d\2", b"\0\0\x08\0", b"\0\0\x08\4")
    ],
)
def test_a_wrong_header_or_length_is_refused(content, message):
    """Another type or number of dimensions, too few and too many bytes; nothing is read beyond."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole sentence is compared
        parse_idx(content)
    assert str(error.value) == message


def test_a_damaged_gzip_file_is_refused(tmp_path):
    """Cut short, a changed byte (the check sum of gzip), rubbish behind the magic or the end."""
    whole = gzip.compress(written(np.arange(250, dtype=np.uint8)), mtime=0)
    changed = bytearray(whole)
    changed[40] ^= 1
    for content in (whole[:-9], bytes(changed), whole[:2] + b"rubbish" * 9, whole + b"rubbish"):
        (tmp_path / "a.gz").write_bytes(content)
        with pytest.raises(ValueError, match=r"^The gzip file a\.gz is damaged: .*\.$"):
            unpacked(tmp_path / "a.gz")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    """Missing, or a folder: the reason of the system in one sentence."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ValueError, match=r"^The file .* cannot be read: .*\.$"):
            unpacked(path)


def test_no_more_than_the_limit_is_decompressed(tmp_path, monkeypatch):
    """50 MB of zeros are 50 kB of gzip; with a limit of 1 MB they never stand in memory."""
    monkeypatch.setattr(idx, "MOST_BYTES", 1_000_000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(50_000_000), 1))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"^The file bomb\.gz holds more than 1 MB, the largest"):
        unpacked(tmp_path / "bomb.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    (tmp_path / "large").write_bytes(bytes(1_000_001))
    with pytest.raises(ValueError, match="more than 1 MB"):
        unpacked(tmp_path / "large")
    (tmp_path / "just").write_bytes(bytes(1_000_000))
    assert len(unpacked(tmp_path / "just")) == 1_000_000
