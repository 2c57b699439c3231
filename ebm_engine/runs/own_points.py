"""Own points kept by the server: checked, named by their content, in a private temporary folder.

A spec names own points by the path of a file. Only files written here come into such a path: it is
never taken from a link. The folder belongs to this process and goes with it.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np

from ebm_engine.data.points import MOST_BYTES, parse_points

MOST_FILES = 64  # at most 2 MB each; beyond that the one used longest ago goes

_lock = threading.Lock()


def keep(text: str) -> str:
    """Check the text of two columns and return the path of the file that now holds its points.

    The same points get the same path. Raises ValueError with the one sentence of `parse_points`.
    """
    points = parse_points(text)
    content = "".join(f"{x!r},{y!r}\n" for x, y in points.tolist()).encode()
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.csv"
    with _lock:
        path = _folder() / name
        if path.exists():
            path.touch()
        else:
            path.write_bytes(content)
            _drop_oldest(_folder())
    return str(path)


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


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ebm-lab-points-"))  # readable by this user only
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in files[:-MOST_FILES]:
        path.unlink()
