"""The frame of our safetensors files: limits, the texts in the header, and a checksum.

Sizes are checked before anything is parsed. The checksum is the CRC-32 of the whole file with
zeros in its own place; files of earlier releases have none and hold no other text. No torch here.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

MOST_BYTES = 64 * 2**20
MOST_HEADER = 2**20  # bytes of texts and of places of tensors
MOST_TENSORS = 1000
CHECKSUM, EMPTY = "checksum", "0" * 8
PLACE = re.compile(rb'"checksum":"([0-9a-f]{8})"')


def sealed(content: bytes) -> bytes:
    """The file with its checksum in the place that its metadata, `CHECKSUM: EMPTY`, leaves."""
    start, end = _place(content)
    return b"".join((content[:start], _sum_of(content, start, end).encode(), content[end:]))


def texts_of(content: bytes) -> dict[str, str]:
    """The texts in the header of a safetensors file.

    Raises ValueError, in one sentence, on a file that is not complete or of another kind, or has a
    longer header or more tensors than a file of this lab.
    """
    size = int.from_bytes(content[:8], "little")
    if len(content) >= 8 and size > MOST_HEADER:
        raise ValueError(
            "the file is not a safetensors file of this lab: it has a header of "
            f"{size} bytes, allowed are {MOST_HEADER}"
        )
    if len(content) < 8 or size > len(content) - 8:
        raise ValueError(
            f"the safetensors file is not complete: it ends after {len(content)} bytes"
        )
    try:
        header: Any = json.loads(content[8 : 8 + size])
    except (ValueError, RecursionError):
        raise ValueError("the file is not a safetensors file: its header is not JSON") from None
    if not isinstance(header, dict):
        raise ValueError("the file is not a safetensors file: its header is not a JSON object")
    if len(header) > MOST_TENSORS:
        raise ValueError(f"the file has {len(header)} tensors, allowed are {MOST_TENSORS}")
    texts = header.get("__metadata__", {})
    return texts if isinstance(texts, dict) else {}


def check_sum(content: bytes, texts: dict[str, str], known: tuple[str, ...]) -> None:
    """Raise ValueError where the checksum is wrong, or there is none but an unknown text."""
    if CHECKSUM not in texts:
        others = sorted(set(texts) - set(known))
        if others:
            raise ValueError(f"the header holds {others[0][:40]!r}, which is not known")
        return
    start, end = _place(content)
    found = _sum_of(content, start, end)
    if found != texts[CHECKSUM]:
        raise ValueError(
            f"its checksum is {found}, and {str(texts[CHECKSUM])[:8]} is written in it"
        )


def check_size(content: bytes) -> None:
    """Raise ValueError when a file is larger than 64 MiB."""
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"the file has {len(content) / 2**20:.1f} MiB, allowed are {MOST_BYTES // 2**20} MiB"
        )


def _place(content: bytes) -> tuple[int, int]:
    size = int.from_bytes(content[:8], "little")
    found = PLACE.search(content, 8, 8 + size)
    if found is None:
        raise ValueError("its checksum cannot be read")
    return found.span(1)


def _sum_of(content: bytes, start: int, end: int) -> str:
    view = memoryview(content)
    crc = zlib.crc32(EMPTY.encode(), zlib.crc32(view[:start]))
    return f"{zlib.crc32(view[end:], crc):08x}"
