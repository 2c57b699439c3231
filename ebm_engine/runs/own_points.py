"""Own points kept by the server, after a check (see `kept_files`).

A spec names own points by the path of a file. Only files written here come into such a path: it is
never taken from a link.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.data.points import MOST_BYTES, parse_points
from ebm_engine.files.uploads import KeptFiles

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
