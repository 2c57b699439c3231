"""Own images: a zip of PNG files, or an NPZ file with `images` (n, h, w) and maybe `labels` (n,).

A PNG becomes grey (luma after ITU-R BT.601, transparent is black, 16 bits lose their lower 8). In a
zip the class is the top folder below those that all images share; other files and hidden ones are
passed over. Archives are read as `ebm_engine.data.archive` says. No torch here: the server reads
uploads with it.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from ebm_engine.data.archive import MOST_BYTES, array, check_entries, opened, shown, unpacked
from ebm_engine.data.own_files import read_own_file

FEWEST, MOST = 10, 20_000
HELD_OUT = 5  # one of so many
LONGEST_SIDE = 64
MOST_CLASSES, LONGEST_NAME = 256, 60
MOST_RATIO = 100  # unpacked to packed: a PNG is compressed already
NO_FOLDER = "images"
BROKEN = (
    Image.DecompressionBombError,
    OSError,
    EOFError,
    ValueError,
    struct.error,
    zlib.error,
    SyntaxError,
)


class OwnImages(NamedTuple):
    """images (n, h, w) uint8; labels (n,) uint8, places in `names`, the sorted class names."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]


def read_images(path: str | Path) -> OwnImages:
    """The images in a zip or NPZ file.

    Raises ValueError, in one sentence with the value and its limit, for a file that is missing or
    larger than 20 MB, and for whatever `parse_images` refuses.
    """
    return parse_images(read_own_file(path, "images", MOST_BYTES))


def parse_images(content: bytes) -> OwnImages:
    """The images in the bytes of a zip or NPZ file, in its order.

    Raises ValueError, in one sentence with the value and its limit, for fewer than 10 or more than
    20 000 images, different sizes or sides above 64 pixels, more than 256 classes or a name of
    more than 60 characters, a file of more than 20 MB or 100 MB unpacked, PNG entries compressed
    more than 100 times, encrypted or leaving their folder, a damaged PNG, and arrays of another
    shape, type or range.
    """
    with opened(content) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if "images.npy" in entries:
            return _from_arrays(archive, entries["images.npy"], entries.get("labels.npy"))
        return _from_files(archive, [e for e in archive.infolist() if _is_image(e)])


def split(found: OwnImages) -> tuple[np.ndarray, np.ndarray]:
    """The rows (n,) of training images and (m,) of held-out images, class after class.

    Every fifth image in that order is held out. Raises ValueError where no image of a class is left
    for training.
    """
    order = np.argsort(found.labels, kind="stable")
    out = np.arange(len(order)) % HELD_OUT == HELD_OUT - 1
    missing = np.setdiff1d(found.labels, found.labels[order[~out]])
    if len(missing):
        name = found.names[missing[0]]
        raise ValueError(f"The class {name!r} has too few images, at least 2 are needed.")
    return order[~out], order[out]


def _check_count(count: int) -> None:
    if not FEWEST <= count <= MOST:
        raise ValueError(f"There are {count} images, and {FEWEST} to {MOST} are needed.")


def _from_files(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> OwnImages:
    _check_count(len(entries))
    check_entries(entries, MOST_RATIO)
    names = _class_names([_folders(entry.filename) for entry in entries])
    first = _grey(archive, entries[0])
    images = np.empty((len(entries), *first.shape), dtype=np.uint8)
    for place, entry in enumerate(entries):
        image = _grey(archive, entry)
        if image.shape != first.shape:
            raise ValueError(
                f"The image {shown(entry.filename)} has {_size(image.shape)} pixels, and all "
                f"must have {_size(first.shape)} like the first."
            )
        images[place] = image
    return _labelled(images, np.array(names))


def _is_image(entry: zipfile.ZipInfo) -> bool:
    parts = PureWindowsPath(entry.filename).parts
    hidden = not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")
    return not hidden and not entry.is_dir() and entry.filename.lower().endswith(".png")


def _folders(name: str) -> tuple[str, ...]:
    # A Windows path understands both kinds of separators and drives.
    path = PureWindowsPath(name)
    if path.anchor or ".." in path.parts:
        raise ValueError(f"The entry {shown(name)} leaves its folder, which is not allowed.")
    return path.parts[:-1]


def _class_names(folders: list[tuple[str, ...]]) -> list[str]:
    depth = 0
    while min(map(len, folders)) > depth and len({way[depth] for way in folders}) == 1:
        depth += 1
    loose = folders[0][depth - 1] if depth else NO_FOLDER
    return [way[depth] if len(way) > depth else loose for way in folders]


def _grey(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """The grey values (h, w) uint8 of a PNG; nothing is decoded before its size is known."""
    name, content = shown(entry.filename), unpacked(archive, entry)
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG",))
    except BROKEN as error:
        raise ValueError(f"The image {name} is not a readable PNG file.") from error
    if max(image.size) > LONGEST_SIDE:
        raise ValueError(
            f"The image {name} has {_size(image.size[::-1])} pixels, and {LONGEST_SIDE} is the "
            "longest side."
        )
    try:
        return _luma(image)
    except BROKEN as error:
        raise ValueError(f"The image {name} is damaged.") from error


def _luma(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits at 255.
        return (np.asarray(image) >> 8).astype(np.uint8)
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(black, image.convert("RGBA"))
    return np.asarray(image.convert("L"))


def _from_arrays(
    archive: zipfile.ZipFile, pictures: zipfile.ZipInfo, classes: zipfile.ZipInfo | None
) -> OwnImages:
    # No limit of the ratio: drawings compress well, and the headers say what they will become.
    check_entries([pictures, classes] if classes else [pictures])
    images = array(archive, pictures)
    if images.ndim != 3 or max(images.shape[1:]) > LONGEST_SIDE:
        raise ValueError(
            f"The images have shape {images.shape}, and (n, h, w) with sides of at most "
            f"{LONGEST_SIDE} pixels is needed."
        )
    _check_count(len(images))
    labels = array(archive, classes) if classes else np.full(len(images), NO_FOLDER)
    if labels.shape != (len(images),) or labels.dtype.kind not in "uiU":
        raise ValueError(
            f"The labels have shape {labels.shape} and type {labels.dtype}, and "
            f"{(len(images),)} whole numbers or texts are needed."
        )
    if labels.dtype.kind == "U":
        _check_text(labels)
    return _labelled(_as_bytes(images), labels)


def _check_text(labels: np.ndarray) -> None:
    # numpy makes no check of its own, and a text beyond Unicode breaks the interpreter's strings.
    codes = labels.view(np.dtype(np.uint32).newbyteorder(labels.dtype.byteorder))
    if codes.max() > sys.maxunicode:
        raise ValueError(f"A label holds the character {codes.max()}, and no text can.")


def _as_bytes(images: np.ndarray) -> np.ndarray:
    """uint8 from whole numbers 0 … 255, or truth values and real numbers 0 … 1."""
    if images.dtype.kind not in "buif":
        raise ValueError(f"The images have the type {images.dtype}, and numbers are needed.")
    largest = 255 if images.dtype.kind in "ui" else 1
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= largest):
        raise ValueError(
            f"The pixels reach from {low:g} to {high:g}, and 0 to {largest} are needed for the "
            f"type {images.dtype}."
        )
    if largest == 1:
        images = np.rint(images.astype(np.float32) * 255)
    return np.array(images, dtype=np.uint8, order="C")


def _labelled(images: np.ndarray, classes: np.ndarray) -> OwnImages:
    found, labels = np.unique(classes, return_inverse=True)
    if len(found) > MOST_CLASSES:
        raise ValueError(f"There are {len(found)} classes, and at most {MOST_CLASSES} are allowed.")
    names = tuple(str(name) for name in found)
    for name in names:
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ValueError(
                f"The class name {name[:LONGEST_NAME]!a} has {len(name)} characters, and at "
                f"most {LONGEST_NAME} printable ones are allowed."
            )
    return OwnImages(images, labels.astype(np.uint8), names)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} × {shape[0]}"
