"""Archives from strangers: bombs, tricks and damage are refused, in little memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from ebm_engine.data import archive
from ebm_engine.data.images import OwnImages, parse_images
from tests.data.own_images import PICTURES, RNG, arrays, pictures, png, refusal, zipped


def npy_entry(header: str, values: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    start = b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(header)) + header.encode()
    return zipped({"images.npy": start + values})


def test_a_header_that_promises_more_than_there_is_allocates_nothing():
    """10¹⁵ values announced and eight bytes there: refused before any array is made."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000, 1, 1)}\n"
    assert refusal(npy_entry(header, bytes(8))) == (
        "There are 1000000000000000 images, and 10 to 20000 are needed."
    )
    for shape, said in (
        ("19999, 64, 64", "header says (19999, 64, 64)"),
        ("-1, -1, 1", "There are -1 images"),
        ("12, 1, -1", "header says (12, 1, -1)"),
    ):
        other = header.replace("1000000000000000, 1, 1", shape)
        assert said in refusal(npy_entry(other, bytes(8)))
    for entry in (
        npy_entry("{'descr': '<f8'}\n"),
        npy_entry("(" * 500),
        npy_entry(header, version=(9, 0)),
        zipped({"images.npy": b"rubbish"}),
        zipped({"images.npy": b""}),
    ):
        assert refusal(entry) == "The entry “images.npy” is not an NPY file."


@pytest.mark.parametrize(
    "name", ["../0.png", "a/../../b.png", "/etc/0.png", "..\\0.png", "C:\\0.png", "C:/0.png"]
)
def test_a_name_that_leaves_its_folder_is_refused(name):
    """Upwards, absolute, or on a drive, with either separator."""
    assert refusal(zipped(pictures() | {name: png(PICTURES[0])})) == (
        f"The entry “{name}” leaves its folder, which is not allowed."
    )


def test_zip_bombs_are_refused_by_what_they_announce(monkeypatch):
    """In all, by the ratio of one entry, and by the number of entries; nothing is inflated."""
    monkeypatch.setattr(archive, "MOST_UNPACKED", 1_000_000)
    large = pictures() | {f"z{i}.png": RNG.bytes(200_000) for i in range(6)}
    assert refusal(zipped(large)).startswith("The images take 1 MB unpacked, and at most 1 MB")
    dense = pictures() | {"z.png": bytes(500_000)}
    assert "“z.png” is compressed " in refusal(zipped(dense, zipfile.ZIP_DEFLATED))
    assert "at most 100 times is allowed." in refusal(zipped(dense, zipfile.ZIP_DEFLATED))
    monkeypatch.setattr(archive, "MOST_ENTRIES", 11)
    assert refusal(zipped(pictures())) == (
        "The archive has 12 entries, and at most 11 are allowed."
    )


def test_an_entry_that_lies_about_its_size_is_not_inflated():
    """30 MB of zeros announced as 30 kB: refused with less than 3 MB in memory."""
    honest, lie = 30_000_000, 30_000
    content = zipped({"0.png": bytes(honest)} | pictures("a{}.png"), zipfile.ZIP_DEFLATED)
    content = content.replace(struct.pack("<I", honest), struct.pack("<I", lie))
    tracemalloc.start()
    message = refusal(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message == "The entry “0.png” is damaged."
    assert peak < 3_000_000


def test_encrypted_and_exotic_entries_are_refused():
    """A set flag of encryption; compressions other than deflate."""
    content = bytearray(zipped(pictures()))
    for place in (content.find(b"PK\x03\x04") + 6, content.find(b"PK\x01\x02") + 8):
        content[place] |= 1
    assert refusal(bytes(content)) == (
        "The entry “0.png” is encrypted, and only open ones can be read."
    )
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert refusal(zipped(pictures(), method)) == (
            "The entry “0.png” is neither stored nor deflated."
        )


def huge_png() -> bytes:
    """60 000 × 60 000 pixels by its header, in a few bytes."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + png(PICTURES[0])[33:]


def test_files_that_are_no_png_or_damaged_are_named():
    """Another format, a huge header, a file cut short; no zip at all."""
    bitmap = io.BytesIO()
    Image.fromarray(PICTURES[0]).save(bitmap, "BMP")
    for content in (b"", b"rubbish", bitmap.getvalue(), huge_png()):
        assert refusal(zipped(pictures() | {"z.png": content})) == (
            "The image “z.png” is not a readable PNG or JPEG file."
        )
    whole = png(PICTURES[0])
    assert refusal(zipped(pictures() | {"z.png": whole[:45]})) == "The image “z.png” is damaged."
    for content in (b"", b"rubbish", whole, zipped(pictures())[:-30]):
        assert refusal(content) == "The file is neither a zip of PNG or JPEG files nor an NPZ file."


def test_changed_bytes_are_refused_or_read_but_never_an_error_of_another_kind():
    """600 files with 1 to 8 bytes changed: images of a legal shape, or ValueError.

    Half of them are changed before they are zipped, so that no check sum of the zip saves the rest.
    """
    rng = np.random.default_rng(7)

    def changed(content: bytes) -> bytes:
        found = bytearray(content)
        for place in rng.integers(0, min(len(found), 150), rng.integers(1, 9)):
            found[place] = rng.integers(256)
        return bytes(found)

    npz = arrays(images=PICTURES[:, :2, :2], labels=np.array(["a", "b"] * 6))
    with zipfile.ZipFile(io.BytesIO(npz)) as whole:
        entries = {name: whole.read(name) for name in whole.namelist()}
    small = dict(list(pictures("a/{}.png").items())[:10])
    refused = 0
    for turn in range(600):
        content = (
            changed(zipped(small)[::-1])[::-1],  # the directory stands at the end
            changed(npz[::-1])[::-1],
            zipped(small | {"a/3.png": changed(small["a/3.png"])}),
            zipped(entries | {"images.npy": changed(entries["images.npy"])}),
        )[turn % 4]
        try:
            found = parse_images(content)
        except ValueError:
            refused += 1
        else:
            assert isinstance(found, OwnImages)
            assert found.images.ndim == 3
            assert len(found.images) == len(found.labels) >= 10
    assert 300 < refused < 600
