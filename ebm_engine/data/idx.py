"""IDX files, the format of MNIST, plain or compressed by gzip.

Layout: two zero bytes, the type (8: unsigned bytes, the only one read here), the number of
dimensions d, then d sizes as 32-bit big-endian integers, then the product of the sizes in bytes.
Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits, section File formats.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np

MOST_BYTES = 64_000_000  # unpacked; the largest file of MNIST has 47 040 016
MOST_DIMENSIONS = 3
GZIP, UNSIGNED_BYTE = b"\x1f\x8b", 8


def unpacked(path: str | Path) -> bytes:
    """The bytes of a file, decompressed when it is a gzip file.

    Raises ValueError, in one sentence, for a file that cannot be read, is a damaged gzip file, or
    has more than 64 MB, packed or not: no more than that is ever decompressed.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = _bounded(file, path.name)
        if content.startswith(GZIP):
            content = _bounded(gzip.GzipFile(fileobj=io.BytesIO(content)), path.name)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"The gzip file {path.name} is damaged: {error}.") from error
    except OSError as error:
        raise ValueError(f"The file {path.name} cannot be read: {error.strerror}.") from error
    return content


def _bounded(file: io.BufferedIOBase, name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"The file {name} holds more than {MOST_BYTES / 1e6:g} MB, the largest size allowed."
        )
    return content


def parse_idx(content: bytes) -> np.ndarray:
    """The array uint8 of 1 to 3 dimensions in the bytes of an IDX file; a copy, free to change.

    Raises ValueError, in one sentence with the value and its limit, for another type, another
    number of dimensions, or a length that does not match the sizes in the header.
    """
    if len(content) < 4:
        raise ValueError(f"The IDX file has {len(content)} bytes, and its header needs at least 4.")
    zeros, kind, dimensions = struct.unpack(">HBB", content[:4])
    if zeros != 0 or kind != UNSIGNED_BYTE or not 1 <= dimensions <= MOST_DIMENSIONS:
        raise ValueError(
            f"The file begins with {content[:4].hex()}, and an IDX file of unsigned bytes begins "
            f"with 000008 and 01 to 0{MOST_DIMENSIONS}."
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError(f"The IDX file has {len(content)} bytes, and its header needs {start}.")
    sizes = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(sizes):
        raise ValueError(
            f"The IDX file holds {len(content) - start} values, and its header says "
            f"{' × '.join(map(str, sizes))}."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()
