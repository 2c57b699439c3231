"""Files of visitors kept by the server: named by their content, in a private temporary folder.

A spec names such a file by its path. The folder is readable by this user only, belongs to this
process and goes with it; its other files are shown to nobody.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from functools import cached_property
from pathlib import Path

import numpy as np

from ebm_engine.data.own_files import digest
from ebm_engine.data.points import MOST_BYTES, parse_points
from ebm_engine.writing.whole_file import write_whole


class KeptFiles:
    """A folder of files with one suffix, made on first use."""

    def __init__(self, prefix: str, suffix: str) -> None:
        self._prefix = prefix
        self._suffix = suffix
        self._lock = threading.Lock()

    def keep(self, content: bytes, most: int) -> str:
        """The path of the file with this content, which is the same for the same content.

        Of more than `most` files the one used longest ago goes.
        """
        name = f"{digest(content)}{self._suffix}"
        with self._lock:
            path = self._folder / name
            if path.exists():
                path.touch()
            else:
                write_whole(path, content, sync=False)
                self._drop_oldest(most)
        return str(path)

    @cached_property
    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=self._prefix))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _drop_oldest(self, most: int) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-most]:
            path.unlink()


MOST_FILES = 64  # at most 2 MB each; beyond that the one used longest ago goes

_files = KeptFiles("ebm-lab-points-", ".csv")


def keep(text: str) -> str:
    """Check the text of two columns and return the path of the file that now holds its points.

    The same points get the same path. Raises ValueError with the one sentence of `parse_points`.
    """
    points = parse_points(text)
    content = "".join(f"{x!r},{y!r}\n" for x, y in points.tolist()).encode()
    return _files.keep(content, MOST_FILES)


def keep_bytes(content: bytes) -> str:
    """`keep` for an uploaded file; raises ValueError also when it is not UTF-8 text."""
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"The file takes {len(content) / 1e6:.1f} MB, and at most {MOST_BYTES / 1e6:g} MB are "
            "allowed."
        )
    try:
        return keep(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The file is not UTF-8 text: byte {error.start + 1} cannot be read."
        ) from None


def to_text(points: object) -> str:
    """Points that were drawn, rows (x, y), as the text that `keep` takes.

    Raises ValueError when they are not rows of two numbers.
    """
    try:
        rows = np.array(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("The drawn points are not rows of two numbers.") from None
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise ValueError(f"The drawn points have shape {rows.shape}, and (n, 2) is needed.")
    return "".join(f"{x:.4g},{y:.4g}\n" for x, y in rows.tolist())
