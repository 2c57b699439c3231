"""Trains the cells of a sweep that its folder lacks, and keeps each one as soon as it is done."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from ebm_engine.batch.backends import Backend, check_backend
from ebm_engine.batch.engine import train_each
from ebm_engine.batch.folder import make_room, path_of, write_text
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.sweep.numbers import Found, measure, refused
from ebm_engine.sweep.store import content_of, recall
from ebm_engine.sweep.sweep_spec import Cell, SweepSpec, cells


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
) -> Generator[Found, None, None]:
    """What is found, first from the folder, then again after each cell, until all are there.

    The same dict grows from yield to yield. A cell that cannot be run has a sentence in place of
    its numbers, and is tried again another time. Closing the iterator stops what runs. Raises
    SpecError when backend, folder or a kept file cannot be used, StudyError when a worker dies.
    """
    check_backend(backend, workers)
    make_room(folder)
    found, missing = _known(cells(sweep), folder)
    yield found
    jobs = [(cell.spec, cell.updates) for cell, _ in missing]
    answers = train_each(_numbers_of, jobs, backend=backend, workers=workers, address=address)
    with closing(answers):
        for place, numbers in answers:
            cell, places = missing[place]
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


def _numbers_of(spec: RunSpec, updates: int) -> dict[str, Any]:
    """In whatever process: train one cell; what data or machine lack becomes its sentence."""
    try:
        return measure(spec, updates)
    except ValueError as error:
        return refused(str(error).splitlines()[0])
