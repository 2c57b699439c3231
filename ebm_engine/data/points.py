"""Own points from a text of two columns: rows (x, y), separated by comma, semicolon, tab or space.

A first line without any number is a header; empty lines do not count. The limits keep a run small
enough to watch. No torch here: the server reads uploads with it.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from ebm_engine.data.own_files import check_size, read_own_file

FEWEST_ROWS, MOST_ROWS = 10, 50_000
MOST_BYTES = 5_000_000
LARGEST = 1000.0

SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")


def read_points(path: str | Path) -> np.ndarray:
    """The points (n, 2) float64 in a UTF-8 file.

    Raises ValueError, in one sentence with the value and its limit, for a file that is missing,
    too large or not UTF-8 text, and for whatever `parse_points` refuses.
    """
    try:
        text = read_own_file(path, "points", MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The file {Path(path).name} is not UTF-8 text: byte {error.start + 1} cannot be read."
        ) from error
    return parse_points(text)


def parse_points(text: str) -> np.ndarray:
    """The points (n, 2) float64 in a text of two columns.

    Raises ValueError, in one sentence with the value and its limit, for a row without exactly two
    finite numbers, a coordinate beyond 1000 in size, fewer than 10 or more than 50 000 rows, a
    text of more than 5 MB, or points that are all the same.
    """
    check_size(len(text), "points", MOST_BYTES)
    lines = enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
    rows = [(number, SEPARATOR.split(line.strip())) for number, line in lines if line.strip()]
    if rows and all(_number(field) is None for field in rows[0][1]):
        rows = rows[1:]
    if not FEWEST_ROWS <= len(rows) <= MOST_ROWS:
        raise ValueError(
            f"The points fill {len(rows)} rows, and {FEWEST_ROWS} to {MOST_ROWS} are needed."
        )
    points = np.array([_pair(number, fields) for number, fields in rows], dtype=np.float64)
    if (points == points[0]).all():
        raise ValueError(
            f"All {len(points)} points are equal, and at least 2 different ones are needed."
        )
    return points


def _number(field: str) -> float | None:
    # float() would also take the underscores of Python's own numbers.
    if "_" in field:
        return None
    try:
        return float(field)
    except ValueError:
        return None


def _pair(row: int, fields: list[str]) -> list[float]:
    values = [value for field in fields if (value := _number(field)) is not None]
    if len(fields) != 2 or len(values) != 2:
        shown = " ".join(fields)[:40]
        raise ValueError(f"Row {row} is “{shown}”, and exactly 2 numbers are needed.")
    for value in values:
        if not math.isfinite(value):
            raise ValueError(f"Row {row} holds {value}, and all numbers must be finite.")
        if abs(value) > LARGEST:
            raise ValueError(f"Row {row} holds {value:g}, and {LARGEST:g} is the largest size.")
    return values
