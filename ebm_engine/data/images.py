"""Own images: a zip of PNG or JPEG files, or an NPZ file with `images` (n, h, w) and maybe labels.

An image becomes grey (luma after ITU-R BT.601) on white paper, where it is transparent. In a zip
the class is the top folder below those that all images share; hidden files and those that are no
images are passed over. Archives are read as `ebm_engine.data.archive` says, arrays as
`ebm_engine.data.image_arrays` does. No torch here: the server reads uploads with it.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from ebm_engine.data.archive import MOST_BYTES, check_entries, opened, shown, unpacked
from ebm_engine.data.image_arrays import (
    LONGEST_SIDE,
    NO_FOLDER,
    as_bytes,
    check_count,
    from_arrays,
    named_arrays,
)
from ebm_engine.data.own_files import read_own_file

HELD_OUT = 5  # one of so many
MOST_CLASSES, LONGEST_NAME = 256, 60
MOST_RATIO = 100  # unpacked to packed: a PNG is compressed already
SUFFIXES = (".png", ".jpg", ".jpeg")
OTHER_IMAGES = (".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".jp2", ".heic")
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
    """images (n, h, w) uint8; labels (n,) uint8, places in `names`, the sorted class names.

    `remark` says what was chosen or scaled, in sentences, or is "".
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    remark: str = ""


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
    more than 60 characters, a file of more than 20 MB or 100 MB unpacked, entries compressed more
    than 100 times, encrypted or leaving their folder, damaged images or equal ones, and arrays of
    another name, shape, type or range.
    """
    with opened(content) as archive:
        pairs = named_arrays(archive)
        raw, classes, remark = from_arrays(archive, pairs) if pairs else _from_files(archive)
    images, scaled = as_bytes(raw)
    labelled = _labelled(images, classes, " ".join(filter(None, (remark, scaled))))
    if (images == images[0]).all():
        raise ValueError(
            f"All {len(images)} images are equal, and nothing can be learned from them (what is "
            "transparent counts as white paper)."
        )
    return labelled


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


def _from_files(archive: zipfile.ZipFile) -> tuple[np.ndarray, np.ndarray, str]:
    """Grey values (n, h, w), class names (n,), and nothing to remark."""
    entries = [entry for entry in archive.infolist() if _is_file(entry)]
    others = [e for e in entries if e.filename.lower().endswith(OTHER_IMAGES)]
    if others:
        raise ValueError(
            f"The archive holds {len(others)} images such as {shown(others[0].filename)}, and only "
            "PNG and JPEG files are read."
        )
    entries = [entry for entry in entries if entry.filename.lower().endswith(SUFFIXES)]
    check_count(len(entries))
    check_entries(entries, MOST_RATIO)
    names = _class_names([_folders(entry.filename) for entry in entries])
    first = _grey(archive, entries[0])
    images = np.empty((len(entries), *first.shape), dtype=first.dtype)
    for place, entry in enumerate(entries):
        image = _grey(archive, entry)
        if image.shape != first.shape:
            raise ValueError(
                f"The image {shown(entry.filename)} has {_size(image.shape)} pixels, and all "
                f"must have {_size(first.shape)} like the first."
            )
        if image.dtype != first.dtype:
            raise ValueError(
                f"The image {shown(entry.filename)} has {8 * image.itemsize} bits a pixel, and all "
                f"must have {8 * first.itemsize} like the first."
            )
        images[place] = image
    return images, np.array(names), ""


def _is_file(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is neither a folder nor hidden."""
    parts = PureWindowsPath(entry.filename).parts
    hidden = not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")
    return not hidden and not entry.is_dir()


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
    """The grey values (h, w) of an image, uint8 or uint16; its size is known before decoding."""
    name, content = shown(entry.filename), unpacked(archive, entry)
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    except BROKEN as error:
        raise ValueError(f"The image {name} is not a readable PNG or JPEG file.") from error
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
        return np.asarray(image).astype(np.uint16)
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return np.asarray(image.convert("L"))


def _labelled(images: np.ndarray, classes: np.ndarray, remark: str) -> OwnImages:
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
    return OwnImages(images, labels.astype(np.uint8), names, remark)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} × {shape[0]}"
