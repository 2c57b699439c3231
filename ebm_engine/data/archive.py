"""Zip archives from strangers: sizes are checked before anything is decompressed.

Nothing is unpacked to disk, no name becomes a path, no pickle is read. The directory of the archive
gives the size of every entry, and no more than it announces is ever inflated; an NPY entry becomes
an array only after its header agrees with its length. No torch here: the server reads uploads.
"""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.lib import format as npy

from ebm_engine.data.own_files import check_size

MOST_BYTES = 20_000_000
MOST_UNPACKED = 100_000_000  # 20 000 images of 64 × 64 bytes are 82 MB
MOST_ENTRIES = 60_000  # 20 000 images with the shadow file and the folder some systems add to each
LONGEST_HEADER = 12_000  # bytes that numpy reads of one, and some more
ENTRY, ENCRYPTED = b"PK\x01\x02", 1
BROKEN = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    struct.error,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)
NO_HEADER = (
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    struct.error,
    tokenize.TokenError,
    RecursionError,
    MemoryError,  # the parser's own, for brackets within brackets
)


def opened(content: bytes) -> zipfile.ZipFile:
    """The archive in these bytes.

    Raises ValueError, in one sentence, for more than 20 MB, more than 60 000 entries, or no zip.
    """
    check_size(len(content), "images", MOST_BYTES)
    # Counted in the bytes: making the list itself is what many entries would make expensive.
    count = content.count(ENTRY)
    if count > MOST_ENTRIES:
        raise ValueError(
            f"The archive has {count} entries, and at most {MOST_ENTRIES} are allowed."
        )
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except BROKEN as error:
        raise ValueError(
            "The file is neither a zip of PNG or JPEG files nor an NPZ file."
        ) from error


def check_entries(entries: Sequence[zipfile.ZipInfo], most_ratio: float = math.inf) -> None:
    """Raises ValueError, in one sentence, unless the entries are small and plain.

    That is at most 100 MB unpacked in all, stored or deflated, open, and compressed at most
    `most_ratio` times each.
    """
    total = sum(entry.file_size for entry in entries)
    if total > MOST_UNPACKED:
        raise ValueError(
            f"The images take {total / 1e6:.0f} MB unpacked, and at most {MOST_UNPACKED / 1e6:g} "
            "MB are allowed."
        )
    for entry in entries:
        name, ratio = shown(entry.filename), entry.file_size / max(entry.compress_size, 1)
        if entry.flag_bits & ENCRYPTED:
            raise ValueError(f"The entry {name} is encrypted, and only open ones can be read.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"The entry {name} is neither stored nor deflated.")
        if ratio > most_ratio:
            raise ValueError(
                f"The entry {name} is compressed {ratio:.0f} times, and at most {most_ratio:g} "
                "times is allowed."
            )


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry; raises ValueError, in one sentence, if it is damaged."""
    try:
        with archive.open(entry) as file:
            # Without a number, an entry that lies about its size would be inflated as a whole.
            content = file.read(entry.file_size)
    except BROKEN as error:
        raise ValueError(f"The entry {shown(entry.filename)} is damaged.") from error
    if len(content) < entry.file_size:
        raise ValueError(
            f"The entry {shown(entry.filename)} has {len(content)} bytes, and {entry.file_size} "
            "are announced."
        )
    return content


def array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """The array in an NPY entry of version 1 or 2, read-only.

    Raises ValueError, in one sentence, for another format, Python objects, an empty array, or a
    length that does not match the header.
    """
    name, content = shown(entry.filename), unpacked(archive, entry)
    file = io.BytesIO(content)
    shape, columns_first, dtype = _header(file, name)
    values = memoryview(content)[file.tell() :]
    if (
        not len(values)
        or min(shape, default=0) < 0
        or math.prod(shape) * dtype.itemsize != len(values)
    ):
        raise ValueError(
            f"The entry {name} holds {len(values)} bytes, and its header says {shape} of {dtype}."
        )
    return np.frombuffer(values, dtype).reshape(shape, order="F" if columns_first else "C")


def header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the array in an NPY entry, of which only the beginning is inflated.

    Raises ValueError, in one sentence, for another format or a damaged entry.
    """
    name = shown(entry.filename)
    try:
        with archive.open(entry) as file:
            start = file.read(LONGEST_HEADER)
    except BROKEN as error:
        raise ValueError(f"The entry {name} is damaged.") from error
    shape, _, dtype = _header(io.BytesIO(start), name)
    return shape, dtype


def _header(file: io.BytesIO, name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, columns_first, dtype = read(file)
    except NO_HEADER as error:
        raise ValueError(f"The entry {name} is not an NPY file.") from error
    if dtype.hasobject:
        raise ValueError(f"The entry {name} holds Python objects, which are never read.")
    return shape, columns_first, dtype


def shown(name: str) -> str:
    """The last 40 characters of an entry's name, as a sentence shows it."""
    return f"“{name[-40:]}”"
