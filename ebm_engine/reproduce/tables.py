"""Numbers as cells of a table, and tables as Markdown and CSV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ebm_engine.reproduce.study import Number, Result, Table
from ebm_engine.run.snapshot import mass_error
from ebm_engine.writing.csv_text import csv_text

MISSING = "–"


def final(result: Result, name: str) -> float | None:
    """The last value of a column of the run's history, None where there is none."""
    return result.run["history"][name][-1]


def column(result: Result, name: str) -> np.ndarray:
    """A column of the run's history, NaN where there is no value."""
    return np.array(result.run["history"][name], dtype=float)


def watched(result: Result, name: str) -> np.ndarray:
    """A watched column of the run, NaN where there is no value."""
    return np.array(result.run["watched"][name], dtype=float)


def at_update(result: Result, values: np.ndarray, update: int) -> float:
    """The value at the first recorded update from `update` on; NaN when the run ended before."""
    step = np.array(result.run["history"]["step"])
    later = np.flatnonzero(step >= update)
    return float(values[later[0]]) if len(later) else math.nan


def mean_and_half_range(values: Iterable[float], digits: int) -> str:
    """Mean and, where it shows, half of largest minus smallest."""
    array = np.array(list(values), dtype=float)
    if not np.isfinite(array).all():
        return MISSING
    half = (array.max() - array.min()) / 2
    text = f"{array.mean():.{digits}f}"
    return text if round(half, digits) == 0 else f"{text} ± {half:.{digits}f}"


def median_and_range(values: Iterable[float | None], digits: int) -> str:
    """Median with smallest and largest value; a run without a number makes all of them unknown."""
    array = np.array([math.nan if v is None else v for v in values], dtype=float)
    if not np.isfinite(array).all():
        return MISSING
    middle = f"{np.median(array):.{digits}f}"
    if len(array) == 1:
        return middle
    return f"{middle} ({array.min():.{digits}f} to {array.max():.{digits}f})"


def distance(shares: Sequence[float], truth: Sequence[float]) -> float:
    """Total variation ½Σ|pⱼ − qⱼ| of two lists of masses."""
    return mass_error(np.array(shares, dtype=float), np.array(truth, dtype=float))


def markdown(table: Table) -> str:
    """The table in Markdown, with its title above."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (table.header, *table.rows)]
    lines.insert(1, "|---" * len(table.header) + "|")
    return "\n".join([f"**{table.title}**", "", *lines])


def numbers_csv(numbers: Iterable[Number]) -> str:
    """One row per number, an empty cell for what is not known."""
    return csv_text(Number._fields, numbers)
