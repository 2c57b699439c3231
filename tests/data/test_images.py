"""Own images: what is read from a zip or an NPZ file, and what is refused and why."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ebm_engine.data.images import parse_images, read_images
from tests.data.own_images import PICTURES, RNG, arrays, pictures, png, refusal, zipped


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_of_grey_pngs_gives_their_values(method):
    """In the order of the archive, one class."""
    found = parse_images(zipped(pictures(), method))
    assert np.array_equal(found.images, PICTURES)
    assert found.images.dtype == found.labels.dtype == np.uint8
    assert found.labels.tolist() == [0] * 12
    assert found.names == ("images",)


def test_the_top_folder_is_the_class():
    """Names sorted, labels their places; deeper folders do not count."""
    places = ["dog/{}.png", "cat/{}.png", "dog/deep/{}.PNG", "cat/x/y/{}.png"] * 3
    files = {places[i].format(i): png(values) for i, values in enumerate(PICTURES)}
    found = parse_images(zipped(files))
    assert found.names == ("cat", "dog")
    assert found.labels.tolist() == [1, 0, 1, 0] * 3


@pytest.mark.parametrize("prefix", ["", "mine/", "mine/all\\"])
def test_folders_that_all_images_share_do_not_count(prefix):
    """A zipped folder of folders; both separators."""
    files = {f"{prefix}{'ab'[i % 2]}/{i}.png": png(p) for i, p in enumerate(PICTURES)}
    found = parse_images(zipped(files))
    assert found.names == ("a", "b")
    assert found.labels.tolist() == [0, 1] * 6


def test_one_folder_is_one_class_and_loose_images_another():
    """A single shared folder gives its name; loose images beside folders are “images”."""
    assert parse_images(zipped(pictures("cat/{}.png"))).names == ("cat",)
    files = {("" if i % 3 else "cat/") + f"{i}.png": png(p) for i, p in enumerate(PICTURES)}
    found = parse_images(zipped(files))
    assert found.names == ("cat", "images")
    assert found.labels.tolist() == [0, 1, 1] * 4


def test_other_and_hidden_files_are_passed_over():
    """Notes, folders, the shadow files of a Mac, a zip within the zip."""
    others = {
        "readme.txt": b"hello",
        "__MACOSX/._0.png": b"shadow",
        "._0.png": b"shadow",
        "a/.hidden.png": b"hidden",
        "folder.png/": b"",
        "more.zip": zipped(pictures()),
    }
    assert np.array_equal(parse_images(zipped(others | pictures())).images, PICTURES)


def test_every_kind_of_png_becomes_grey():
    """Luma .299 R + .587 G + .114 B; transparent is white; 16 bits lose the lower 8; 1 bit 0/255.

    Clipping 16 bits, as a plain conversion does, would make almost all of it 255.
    """
    grey = PICTURES[0]
    colour = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    luma = colour @ np.array([0.299, 0.587, 0.114])
    ink = np.dstack([np.zeros((5, 7, 3), np.uint8), grey])
    deep = grey.astype(np.uint16) * 256 + 77
    palette = io.BytesIO()
    Image.fromarray(grey).convert("P").save(palette, "PNG")
    for content, expected in (
        (png(colour), luma),
        (png(ink), 255.0 - grey),
        (png(np.dstack([np.full_like(grey, 200), np.zeros_like(grey)])), 0.0 * grey + 255),
        (png(deep), grey),
        (png(grey > 99), 255 * (grey > 99)),
        (palette.getvalue(), grey),
    ):
        other = png(deep // 2) if content == png(deep) else png(grey // 2)
        files = {f"{i}.png": content for i in range(10)}
        found = parse_images(zipped(files | {"other.png": other}))
        assert np.abs(found.images[:10] - np.asarray(expected, dtype=float)).max() <= 1


@pytest.mark.parametrize(
    "values",
    [
        PICTURES,
        PICTURES.astype(np.int64),
        PICTURES.astype(">u2"),
        PICTURES.astype(np.float64) / 255,
        np.asfortranarray(PICTURES.astype(np.float32) / 255),
    ],
)
def test_an_npz_gives_its_images_whatever_their_type(values):
    """Whole numbers 0 … 255 or real numbers 0 … 1, either byte order, rows or columns first."""
    found = parse_images(arrays(images=values))
    assert np.array_equal(found.images, PICTURES)
    assert found.images.dtype == np.uint8
    assert found.names == ("images",)
    found.images[0] = 0  # a copy, free to change


def test_truth_values_are_black_and_white():
    """False is 0, True is 255."""
    found = parse_images(arrays(images=PICTURES > 99))
    assert np.array_equal(found.images, 255 * (PICTURES > 99))


def test_labels_of_an_npz_become_places_in_their_names():
    """Numbers in their order (9 before 10) or texts in theirs; compressed files too."""
    numbers = np.array([10, 9, 3] * 4)
    found = parse_images(arrays(images=PICTURES, labels=numbers))
    assert found.names == ("3", "9", "10")
    assert found.labels.tolist() == [2, 1, 0] * 4
    file = io.BytesIO()
    np.savez_compressed(file, images=PICTURES, labels=np.array(["dog", "cat"] * 6))
    found = parse_images(file.getvalue())
    assert found.names == ("cat", "dog")
    assert found.labels.tolist() == [1, 0] * 6


def test_a_file_is_read_as_its_bytes(tmp_path):
    """Missing, a folder, or larger than 20 MB: one sentence each."""
    (tmp_path / "own.zip").write_bytes(zipped(pictures()))
    assert np.array_equal(read_images(tmp_path / "own.zip").images, PICTURES)
    (tmp_path / "large.zip").write_bytes(bytes(20_100_000))
    for name, message in (
        ("none.zip", r"^There is no file none\.zip\.$"),
        ("", r"^There is no file "),
        ("large.zip", r"^The images take 20\.1 MB, and at most 20 MB are allowed\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            read_images(tmp_path / name)


def test_limits_themselves_are_allowed():
    """10 images of 64 × 64, 256 classes."""
    large = RNG.integers(0, 256, (10, 64, 64), dtype=np.uint8)
    assert np.array_equal(parse_images(arrays(images=large)).images, large)
    many = arrays(images=RNG.integers(0, 9, (256, 2, 2)), labels=np.arange(256))
    assert parse_images(many).labels.tolist() == list(range(256))


def test_too_few_too_many_or_unequal_images_are_refused():
    """The number and its limit, in one sentence."""
    few = dict(list(pictures().items())[:9])
    assert refusal(zipped(few)) == "There are 9 images, and 10 to 20000 are needed."
    assert refusal(zipped({})) == "There are 0 images, and 10 to 20000 are needed."
    many = np.zeros((20_001, 1, 1), np.uint8)
    assert refusal(arrays(images=many)) == "There are 20001 images, and 10 to 20000 are needed."
    assert refusal(zipped(pictures() | {"z.png": png(PICTURES[0].T.copy())})) == (
        "The image “z.png” has 5 × 7 pixels, and all must have 7 × 5 like the first."
    )
    assert refusal(zipped(pictures() | {"z.png": png(np.zeros((2, 65), np.uint8))})) == (
        "The image “z.png” has 65 × 2 pixels, and 64 is the longest side."
    )
    labels = np.arange(257)
    assert refusal(arrays(images=np.zeros((257, 1, 1), np.uint8), labels=labels)) == (
        "There are 257 classes, and at most 256 are allowed."
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"images": PICTURES[0]},
            "The images have shape (5, 7), and (n, h, w) with sides of at most 64 pixels is "
            "needed.",
        ),
        (
            {"images": np.zeros((10, 2, 65))},
            "The images have shape (10, 2, 65), and (n, h, w) with sides of at most 64 pixels is "
            "needed.",
        ),
        (
            {"images": np.full((10, 2, 2), -1.0)},
            "The pixels reach from -1 to -1, and 0 to 1 are needed for the type float64.",
        ),
        (
            {"images": np.full((10, 2, 2), np.nan)},
            "The pixels reach from nan to nan, and 0 to 1 are needed for the type float64.",
        ),
        (
            {"images": np.full((10, 2, 2), 256)},
            "The pixels reach from 256 to 256, and 0 to 255 are needed for the type int64.",
        ),
        (
            {"images": np.zeros((10, 2, 2), complex)},
            "The images have the type complex128, and numbers are needed.",
        ),
        (
            {"images": PICTURES, "labels": np.zeros(11, int)},
            "The labels have shape (11,) and type int64, and (12,) whole numbers or texts are "
            "needed.",
        ),
        (
            {"images": PICTURES, "labels": np.zeros(12)},
            "The labels have shape (12,) and type float64, and (12,) whole numbers or texts are "
            "needed.",
        ),
        (
            {"images": PICTURES, "labels": np.array(["x" * 61] * 12)},
            f"The class name '{'x' * 60}' has 61 characters, and at most 60 printable ones are "
            "allowed.",
        ),
        (
            {"images": PICTURES, "labels": np.array(["\ud800"] * 12)},
            "The class name '\\ud800' has 1 characters, and at most 60 printable ones are allowed.",
        ),
        (
            {"images": PICTURES, "labels": np.full(12, 0x110000, ">u4").view(">U1")},
            "A label holds the character 1114112, and no text can.",
        ),
        (
            {"images": np.array([None] * 12)},
            "The entry “images.npy” holds Python objects, which are never read.",
        ),
        (
            {"images": np.zeros((0, 5, 5))},
            "There are 0 images, and 10 to 20000 are needed.",
        ),
        (
            {"pictures": PICTURES, "names": PICTURES},
            "The file has the arrays pictures, names, and one of the names images, x_train, "
            "train_images, X_train, x, X, data, arr_0 is needed.",
        ),
        (
            {"images": np.full((12, 5, 5), 7)},
            "All 12 images are equal, and nothing can be learned from them (what is transparent "
            "counts as white paper).",
        ),
    ],
)
def test_arrays_of_another_shape_type_or_range_are_refused(values, message):
    """One sentence with what was found; pickled objects are never loaded."""
    assert refusal(arrays(**values)) == message


def test_reading_images_needs_no_torch():
    """The server's process reads uploads, and never loads torch."""
    code = "import sys, ebm_engine.data.images; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60).returncode == 0
