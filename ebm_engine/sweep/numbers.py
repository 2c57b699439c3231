"""What is measured at the end of each cell, and how the seeds of a place become one number.

kl: KL(target ‖ model) in nats, exact where the model can be integrated, else estimated by the
witness population, else by the weighted walkers (`kl_source` names the column of the history);
mass error: ½ Σⱼ |mⱼ − m*ⱼ|, the total variation between the model's masses m of the modes and the
true ones m*; ess: effective share of the walkers, ESS/N; ancestors: distinct original walkers;
both only of methods whose walkers carry weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.sweep.sweep_spec import Cell, SweepSpec, cells
from ebm_engine.writing.csv_text import csv_text
from ebm_engine.writing.json_number import json_number

if TYPE_CHECKING:
    from ebm_engine.run.run import Run

Found = dict[int, dict[str, Any]]  # numbers of the finished cells by place in `cells`
KL_SOURCES = ("kl_exact", "kl_witness", "kl_estimate")  # the first that is a number counts


class Quantity(NamedTuple):
    """A number of a cell: title, unit, the worst value it can have, and whether it is an error,
    whose size counts by factors.
    """

    title: str
    unit: str
    worst: float
    error: bool = False


QUANTITIES: dict[str, Quantity] = {
    "kl": Quantity("KL", "nats", math.inf, error=True),
    "mass_error": Quantity("Mass error", "total variation", math.inf, error=True),
    "ess": Quantity("ESS/N", "share of the walkers", -math.inf),
    "ancestors": Quantity("Ancestors", "walkers", -math.inf),
}


class Grid(NamedTuple):
    """One method's phase diagram; arrays (rows, columns).

    values: the median over the seeds by quantity, NaN where there is none; done, diverged: number
    of seeds; problem: why a cell cannot be run, "" elsewhere.
    """

    values: dict[str, np.ndarray]
    done: np.ndarray
    diverged: np.ndarray
    problem: np.ndarray


def measure(spec: RunSpec, updates: int) -> dict[str, Any]:
    """Train one cell and return its numbers as JSON values, None for what is not known.

    Raises SpecError or ValueError when the run cannot be built, such as for data that are missing.
    """
    # Here, because only the processes that train need torch.
    from ebm_engine.run.run import Run, prepare_process

    prepare_process()
    run = Run(spec)
    while run.step < updates and not run.divergence:
        run.advance()
    return _numbers(run)


def _numbers(run: Run) -> dict[str, Any]:
    from ebm_engine.run.take_snapshot import mode_masses

    recent = run.recent(playing=False)
    masses = mode_masses(run.state, recent.verdict)
    weighted = run.spec.method.weighted
    source = next((n for n in KL_SOURCES if math.isfinite(recent.row[n])), None)
    return {
        "kl": recent.row[source] if source else None,
        "kl_source": source,
        "mass_error": json_number(masses.error),
        "ess": json_number(recent.row["ess"]) if weighted else None,
        "ancestors": int(recent.row["ancestors"]) if weighted else None,
        "diverged_at": run.divergence.step if run.divergence else None,
        "diverged": run.divergence.message if run.divergence else "",
        "problem": "",
    }


def refused(problem: str) -> dict[str, Any]:
    """The numbers of a cell that cannot be run."""
    empty = dict.fromkeys((*QUANTITIES, "kl_source", "diverged_at"))
    return {**empty, "diverged": "", "problem": problem}


def grids(sweep: SweepSpec, found: Mapping[int, Mapping[str, Any]]) -> dict[str, Grid]:
    """The phase diagram of each method from the numbers found so far, by place in `cells`."""
    shape = (len(sweep.y.values), len(sweep.x.values))
    drawn = {name: _blank(shape) for name in sweep.methods}
    seeds: dict[tuple[str, int, int], list[Mapping[str, Any]]] = {}
    for index, cell in enumerate(cells(sweep)):
        if index in found:
            seeds.setdefault((cell.method, cell.row, cell.column), []).append(found[index])
    for (method, row, column), rows in seeds.items():
        grid, at = drawn[method], (row, column)
        grid.done[at], grid.problem[at] = len(rows), rows[0]["problem"]
        grid.diverged[at] = sum(r["diverged_at"] is not None for r in rows)
        for name in QUANTITIES:
            grid.values[name][at] = middle(rows, name)
    return drawn


def middle(rows: Iterable[Mapping[str, Any]], name: str) -> float:
    """Median of a number over the seeds; a seed that diverged counts as worse than any number.

    NaN where a seed has no number, and where the median itself has diverged.
    """
    worst = QUANTITIES[name].worst
    values = [worst if r["diverged_at"] is not None else r[name] for r in rows]
    if not values or None in values:
        return math.nan
    low, high = np.sort(values)[[(len(values) - 1) // 2, len(values) // 2]]
    return float((low + high) / 2) if math.isfinite(low) and math.isfinite(high) else math.nan


def lines(sweep: SweepSpec, found: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One flat line per finished cell: its place, its seed, its numbers and its key."""
    return [
        _line(sweep, cell, found[index])
        for index, cell in enumerate(cells(sweep))
        if index in found
    ]


def _line(sweep: SweepSpec, cell: Cell, numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": cell.method,
        sweep.x.path: sweep.x.values[cell.column],
        sweep.y.path: sweep.y.values[cell.row],
        "seed": cell.seed,
        **numbers,
        "key": cell.key,
    }


def as_csv(rows: list[dict[str, object]]) -> str:
    """Lines of a sweep as CSV with a header; what is not known is empty."""
    header = list(rows[0]) if rows else ["method"]
    return csv_text(header, ([row[name] for name in header] for row in rows))


def _blank(shape: tuple[int, int]) -> Grid:
    empty = {name: np.full(shape, np.nan) for name in QUANTITIES}
    none = np.zeros(shape, dtype=np.int64)
    return Grid(empty, none, none.copy(), np.full(shape, "", dtype=object))
