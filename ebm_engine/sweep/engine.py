"""Trains the cells of a sweep that its folder lacks, and keeps each one as soon as it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from ebm_engine.files.write import make_room, write_text
from ebm_engine.server.limits import Limits
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.sweep.backends import (
    Backend,
    check_backend,
    children_ignore_interrupts,
    computing,
    end_with,
)
from ebm_engine.sweep.numbers import Found, measure, refused
from ebm_engine.sweep.store import content_of, path_of, recall
from ebm_engine.sweep.sweep_spec import Cell, SweepSpec, cells

AS_LIST = ("ray",)  # backends that give results as one list only
CHUNK = 64  # cells that such a backend is sent at once


class Missing(NamedTuple):
    """A run that is to be trained, and all its places in `cells`."""

    cell: Cell
    places: list[int]


def run_sweep(
    sweep: SweepSpec,
    folder: Path,
    *,
    backend: Backend = "loky",
    workers: int | None = None,
    address: str = "",
) -> Iterator[Found]:
    """What is found, first from the folder, then again after each cell, until all are there.

    The same dict grows from yield to yield. A cell that cannot be run has a sentence in place of
    its numbers, and is tried again another time. Closing the iterator stops what runs. Raises
    SpecError when backend, folder or a kept file cannot be used, StudyError when a worker dies.
    """
    check_backend(backend, workers)
    make_room(folder)
    found, missing = _known(cells(sweep), folder)
    yield found
    for (cell, places), numbers in _train(missing, backend, workers, address):
        if not numbers["problem"]:
            write_text(path_of(cell, folder), content_of(cell, numbers))
        found |= dict.fromkeys(places, numbers)
        yield found


def _known(wanted: list[Cell], folder: Path) -> tuple[Found, list[Missing]]:
    """What needs no training, and the runs that are missing, each once."""
    found: Found = {}
    missing: dict[str, Missing] = {}
    for index, cell in enumerate(wanted):
        numbers = refused(cell.problem) if cell.spec is None else recall(cell, folder)
        if numbers is not None:
            found[index] = numbers
        else:
            missing.setdefault(cell.key, Missing(cell, [])).places.append(index)
    return found, list(missing.values())


def _train(
    missing: list[Missing], backend: Backend, workers: int | None, address: str
) -> Iterator[tuple[Missing, dict[str, Any]]]:
    """Each missing run with its numbers, in the order in which they end."""
    if not missing:
        return
    from joblib import delayed

    owner = os.getpid() if backend == "loky" else 0
    tasks = [delayed(_work)(n, m.cell.spec, m.cell.updates, owner) for n, m in enumerate(missing)]
    useful = min(workers or Limits().workers, len(tasks))
    with computing(backend, useful, address) as options:
        step = CHUNK if backend in AS_LIST else len(tasks)
        for begin in range(0, len(tasks), step):
            with closing(_results(tasks[begin : begin + step], options)) as results:
                for number, numbers in results:
                    yield missing[number], numbers


def _results(tasks: list[Any], options: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What joblib finds, each result as soon as it is there where the backend allows that."""
    from joblib import Parallel, parallel_config

    whole = options["backend"] in AS_LIST
    with children_ignore_interrupts(), parallel_config(**options):
        # One cell at a time: a finished one is kept at once, and the rest can be cancelled.
        parallel = Parallel(return_as="list" if whole else "generator_unordered", batch_size=1)
        results = parallel(tasks)
    with nullcontext() if whole else closing(results):
        yield from results


def _work(number: int, spec: RunSpec, updates: int, owner: int) -> tuple[int, dict[str, Any]]:
    """In whatever process: train one cell; what data or machine lack becomes its sentence."""
    end_with(owner)
    try:
        return number, measure(spec, updates)
    except ValueError as error:
        return number, refused(str(error).splitlines()[0])
