"""What a study is made of: runs to train, and the tables, numbers and panels made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ebm_engine.batch.folder import path_of
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import RunSpec, SpecError

MAX_SEEDS = 100
OURS = "EBM Lab"


class Options(NamedTuple):
    """Options of a study on the command line: seeds and updates, None for its defaults."""

    seeds: int | None = None
    updates: int | None = None


class Job(NamedTuple):
    """One run: where it stands in the study, what is trained, and what is recorded on the way.

    group: the part of the study, such as a target; row: the method as it is called in tables;
    watch: names of `watch.PROBES` to record, at even steps or, if log_time, at steps that are even
    on a logarithmic axis, and of `watch.ENDS` to compute once at the end.
    """

    group: str
    row: str
    spec: RunSpec
    updates: int
    watch: tuple[str, ...] = ()
    log_time: bool = False

    @property
    def key(self) -> str:
        """A name for the file of this run: the same for the same spec, updates and watch."""
        content = [self.spec.model_dump(mode="json"), *self[3:]]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


class Result(NamedTuple):
    """A job and what run.json holds of it, with its watched numbers under "watched"."""

    job: Job
    run: dict[str, Any]


class Number(NamedTuple):
    """One number of a study: of which run, at which update (None: the last), from which source."""

    group: str
    row: str
    seed: int | None
    quantity: str
    update: int | None
    value: float | None
    source: str = OURS


class Table(NamedTuple):
    """A table for people: cells are text."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Summary(NamedTuple):
    """What a study found.

    panels: the figure as plain values, see `ebm_engine.views.many_runs.reproduce`; notes: sentences
    below the tables, among them where the numbers come from.
    """

    tables: list[Table]
    numbers: list[Number]
    panels: list[dict[str, Any]]
    notes: list[str]


class Study(NamedTuple):
    """A study by its name on the command line."""

    title: str
    columns: int
    runs: Callable[[Options], list[Job]]
    summary: Callable[[list[Result]], Summary]


def kept(jobs: list[Job], folder: Path) -> int:
    """How many of the runs are done."""
    return sum(path_of(job, folder).is_file() for job in jobs)


def changed(spec: RunSpec, changes: dict[str, Any]) -> RunSpec:
    """The spec with fields changed in the given order; raises SpecError on a bad one."""
    for path, value in changes.items():
        spec = with_value(spec, path, value)
    return spec


def seeds_of(options: Options, default: int) -> range:
    """The seeds 0, 1, … of a study; raises SpecError when their number is out of range."""
    count = default if options.seeds is None else options.seeds
    if not 1 <= count <= MAX_SEEDS:
        raise SpecError(f"seeds = {count}: must be between 1 and {MAX_SEEDS}")
    return range(count)


def updates_of(options: Options, default: int) -> int:
    """The updates of each run; raises SpecError below 1."""
    updates = default if options.updates is None else options.updates
    if updates < 1:
        raise SpecError(f"updates = {updates}: must be at least 1")
    return updates


def by_row(results: list[Result], group: str = "") -> dict[str, list[Result]]:
    """The results of a group by row, in the order of the jobs."""
    rows: dict[str, list[Result]] = {}
    for result in results:
        if result.job.group == group:
            rows.setdefault(result.job.row, []).append(result)
    return rows
