"""A file that is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file aside and move it to its place in one step; its folder must exist.

    With `sync` the content is on the disk before the move, so that a power failure does not leave
    an empty file; without it only the end of the process is provided for. Raises OSError where the
    file cannot be written; what was there before then stays, and nothing else is left behind.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
