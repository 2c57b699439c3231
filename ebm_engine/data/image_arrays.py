"""Own images as arrays: which ones in an NPZ file are meant, and what their numbers stand for.

Whole numbers mean 0 … 255; where an image has 16 bits a pixel, all the bits that are used count,
and masks of 0 and 1 are black and white. Nothing is read whose header has another shape.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from ebm_engine.data.archive import array, check_entries, header

FEWEST, MOST = 10, 20_000
LONGEST_SIDE = 64
MOST_RATIO = 100  # unpacked to packed, of numbers
NO_FOLDER = "images"
NAMES = {  # of the images, and of their labels
    "images": ("labels",),
    "x_train": ("y_train",),
    "train_images": ("train_labels",),
    "X_train": ("y_train", "Y_train"),
    "x": ("y", "labels"),
    "X": ("y", "Y", "labels"),
    "data": ("labels", "target", "targets"),
    "arr_0": ("arr_1",),
}
DEPTHS = (8, 10, 12, 14, 16)  # bits that a camera or a scanner uses
BLUE_LAST = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


class Arrays(NamedTuple):
    """The entries of images and of labels, and the names of the other arrays."""

    images: zipfile.ZipInfo
    labels: zipfile.ZipInfo | None
    others: tuple[str, ...]


def named_arrays(archive: zipfile.ZipFile) -> Arrays | None:
    """The arrays that are meant; None in an archive without arrays.

    Raises ValueError, with the names that were found, where none of them is known.
    """
    found = {
        entry.filename[:-4]: entry for entry in archive.infolist() if entry.filename[-4:] == ".npy"
    }
    found = {name: entry for name, entry in found.items() if PurePosixPath(name).name == name}
    if not found:
        return None
    images = next((name for name in NAMES if name in found), None)
    if images is None:
        raise ValueError(
            f"The file has the arrays {_listed(found)}, and one of the names {_listed(NAMES)} is "
            "needed."
        )
    labels = next((name for name in NAMES[images] if name in found), None)
    others = tuple(name for name in found if name not in (images, labels))
    return Arrays(found[images], found[labels] if labels else None, others)


def from_arrays(archive: zipfile.ZipFile, arrays: Arrays) -> tuple[np.ndarray, np.ndarray, str]:
    """Images (n, h, w) of any type of number, labels (n,), and which arrays were not read."""
    entries = [arrays.images, arrays.labels] if arrays.labels else [arrays.images]
    check_entries(entries, MOST_RATIO)
    shape, dtype = header(archive, arrays.images)
    if dtype.kind not in "buif":
        raise ValueError(f"The images have the type {dtype}, and numbers are needed.")
    _check_shape(shape)
    check_count(shape[0])
    images = array(archive, arrays.images)
    if images.ndim == 4:
        images = images[..., 0] if images.shape[3] == 1 else _grey(images)
    labels = np.full(len(images), NO_FOLDER)
    if arrays.labels:
        labels = array(archive, arrays.labels)
        labels = labels[:, 0] if labels.shape == (len(images), 1) else labels
    if labels.shape != (len(images),) or labels.dtype.kind not in "uiU":
        raise ValueError(
            f"The labels have shape {labels.shape} and type {labels.dtype}, and "
            f"{(len(images),)} whole numbers or texts are needed."
        )
    if labels.dtype.kind == "U":
        _check_text(labels)
    if not arrays.others and arrays.images.filename == "images.npy":
        return images, labels, ""
    read = _listed(entry.filename[:-4] for entry in entries)
    unread = f", not {_listed(arrays.others)}" if arrays.others else ""
    return images, labels, f"Read from the file: {read}{unread}."


def check_count(count: int) -> None:
    """Raises ValueError for too few or too many images."""
    if not FEWEST <= count <= MOST:
        raise ValueError(f"There are {count} images, and {FEWEST} to {MOST} are needed.")


def as_bytes(images: np.ndarray) -> tuple[np.ndarray, str]:
    """uint8 (n, h, w) from whole numbers, or truth values and real numbers 0 … 1; and a remark.

    The remark says how they were scaled where that is not plain.
    """
    whole = images.dtype.kind in "ui"
    low, high = float(images.min()), float(images.max())
    if images.dtype == np.uint16 and high > 255:
        bits = next(bits for bits in DEPTHS if high < 2**bits)
        remark = (
            "" if bits == 16 else f"The largest value is {high:g}: read as {bits} bits a pixel."
        )
        return (images >> (bits - 8)).astype(np.uint8), remark
    if whole and low == 0 and high == 1:
        return (images * 255).astype(np.uint8), "The values are 0 and 1: read as black and white."
    largest = 255 if whole else 1
    if not (low >= 0 and high <= largest):
        raise ValueError(
            f"The pixels reach from {low:g} to {high:g}, and 0 to {largest} are needed for the "
            f"type {images.dtype}."
        )
    if not whole:
        scaled = np.empty(images.shape, dtype=np.uint8)
        for place, image in enumerate(images):
            scaled[place] = np.rint(image.astype(np.float32) * 255)
        return scaled, ""
    return np.array(images, dtype=np.uint8, order="C"), ""


def _check_shape(shape: tuple[int, ...]) -> None:
    grey, colour = len(shape) == 3, len(shape) == 4 and shape[3] in (1, 3)
    if not (grey or colour) or not 0 < max(shape[1:3]) <= LONGEST_SIDE:
        raise ValueError(
            f"The images have shape {shape}, and (n, h, w) with sides of at most "
            f"{LONGEST_SIDE} pixels is needed."
        )


def _grey(images: np.ndarray) -> np.ndarray:
    """(n, h, w) from colours (n, h, w, 3); whole numbers stay whole."""
    grey = np.empty(images.shape[:3], dtype=images.dtype if images.dtype.kind != "b" else "f4")
    for place, image in enumerate(images):
        luma = image.astype(np.float32) @ BLUE_LAST
        grey[place] = np.rint(luma) if images.dtype.kind in "ui" else luma
    return grey


def _check_text(labels: np.ndarray) -> None:
    # numpy makes no check of its own, and a text beyond Unicode breaks the interpreter's strings.
    codes = labels.view(np.dtype(np.uint32).newbyteorder(labels.dtype.byteorder))
    if codes.max() > sys.maxunicode:
        raise ValueError(f"A label holds the character {codes.max()}, and no text can.")


def _listed(names: Iterable[str]) -> str:
    """Up to eight names, shortened."""
    return ", ".join(name[:20] for name in list(names)[:8])
