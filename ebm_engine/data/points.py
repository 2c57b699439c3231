"""Own points from a text of two columns: rows (x, y), separated by comma, semicolon, tab or space.

A first line without any number, or 0 and 1 above other than whole numbers, is a header; empty
lines do not count. Decimal commas, quoted numbers and a spreadsheet's line “sep=;” are understood.
The limits keep a run small enough to watch. No torch here: the server reads uploads with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ebm_engine.data.own_files import check_size, read_own_file

FEWEST_ROWS, MOST_ROWS = 10, 50_000
MOST_BYTES = 5_000_000
LARGEST = 1000.0

MOST_LINES = 4 * MOST_ROWS  # with the empty ones
LONGEST_LINE = 1000  # characters

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
NO_COMMA = re.compile(r"\s*[;\t]\s*|\s+")
SEP_LINE = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)  # of a spreadsheet: names the separator
COUNTED = ("0", "1")  # how a table without names of columns is written
AS_DECIMALS = re.compile(r"[+-]?\d+,(\d{1,3})")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


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
    text of more than 5 MB, points that are all the same, or rows that could as well be one number
    with a decimal comma each.
    """
    check_size(len(text), "points", MOST_BYTES)
    _check_lines(text)
    lines = _lines(text.removeprefix("\ufeff"))
    named = SEP_LINE.fullmatch(lines[0][1]) if lines else None
    lines = lines[1:] if named else lines
    split = _splitter(lines, named[1] if named else "")
    header = split(lines[0][1]) if lines else []
    headed = bool(lines) and (all(_number(f) is None for f in header) or _is_counted(lines, header))
    rows = lines[1:] if headed else lines
    if not FEWEST_ROWS <= len(rows) <= MOST_ROWS:
        raise ValueError(
            f"The points fill {len(rows)} rows, and {FEWEST_ROWS} to {MOST_ROWS} are needed."
        )
    points = np.empty((len(rows), 2))
    for place, (number, line) in enumerate(rows):
        points[place] = _pair(number, split(line))
    if (points == points[0]).all():
        raise ValueError(
            f"All {len(points)} points are equal, and at least 2 different ones are needed."
        )
    _check_two_columns([line for _, line in rows], len(header) if headed else 0)
    return points


def _check_lines(text: str) -> None:
    count = max(text.count("\n"), text.count("\r"))
    if count > MOST_LINES:
        raise ValueError(f"The text has {count} lines, and at most {MOST_LINES} are allowed.")


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    found = []
    for number, match in enumerate(LINE.finditer(text), start=1):
        if line := match[0].strip():
            if len(line) > LONGEST_LINE:
                raise ValueError(
                    f"Row {number} has {len(line)} characters, and at most {LONGEST_LINE} are "
                    "allowed."
                )
            found.append((number, line))
    return found


def _splitter(lines: list[tuple[int, str]], separator: str) -> Callable[[str], list[str]]:
    """How to split a line into fields, without the quotes around them.

    Where semicolons or tabs separate, or spaces do beside numbers such as 1,5, the comma is that
    of a decimal number.
    """
    comma = separator not in ("", ",") or any(";" in line or "\t" in line for _, line in lines[1:])
    if not comma and not separator:
        halves = [line.split() for _, line in lines[1:]]
        comma = bool(halves) and all(
            len(pair) == 2 and all(map(DECIMAL_COMMA.fullmatch, pair)) for pair in halves
        )

    def split(line: str) -> list[str]:
        fields = (NO_COMMA if comma else SEPARATOR).split(line)
        return [_plain(field, decimal_comma=comma) for field in fields]

    return split


def _plain(field: str, *, decimal_comma: bool) -> str:
    bare = field[1:-1] if len(field) > 1 and field[0] == field[-1] and field[0] in "\"'" else field
    return bare.replace(",", ".") if decimal_comma and DECIMAL_COMMA.fullmatch(bare) else bare


def _is_counted(lines: list[tuple[int, str]], header: list[str]) -> bool:
    """Whether the first line, 0 and 1, counts columns whose numbers are not whole."""
    return tuple(header) == COUNTED and any("." in line for _, line in lines[1:])


def _check_two_columns(rows: list[str], names: int) -> None:
    """Raise ValueError where “28,2” in each row may well be one number with a decimal comma."""
    matches = [AS_DECIMALS.fullmatch(row) for row in rows]
    if names > 1 or not all(matches):
        return
    digits = {len(match[1]) for match in matches if match}
    padded = any(len(match[1]) > 1 and match[1].startswith("0") for match in matches if match)
    if names == 1 or len(digits) == 1 or padded:
        raise ValueError(
            f"A row such as “{rows[0]}” may be one number with a decimal comma, and two columns "
            "are needed: write decimal points, or name both columns in a first line “x,y”."
        )


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
