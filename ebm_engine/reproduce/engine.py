"""Trains the runs of a study that its folder lacks, and keeps each one as soon as it is done."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from ebm_engine.batch.backends import check_backend
from ebm_engine.batch.engine import train_each
from ebm_engine.batch.folder import make_room, path_of, write_text
from ebm_engine.batch.progress import Progress, counters
from ebm_engine.reproduce.probes import ProbeRecorder
from ebm_engine.reproduce.study import Job, Result
from ebm_engine.run.headless import check, train
from ebm_engine.spec.run_spec import SpecError


def train_all(
    jobs: list[Job], folder: Path, workers: int | None, progress: Progress
) -> list[Result]:
    """The results of all jobs, in their order, trained where no file holds them yet.

    workers: processes, None for one per core; progress(n) is called when n more updates are done or
    were found done. Ctrl-C, raised as KeyboardInterrupt, stops what runs. Raises SpecError when a
    job cannot be run or a kept run cannot be read, StudyError when a worker process dies.
    """
    check_backend("loky", workers)
    for job in jobs:
        check(job.spec, job.updates)
    make_room(folder)
    missing = [job for job in jobs if not path_of(job, folder).is_file()]
    progress(sum(job.updates for job in jobs) - sum(job.updates for job in missing))
    alone = workers == 1 or len(missing) < 2  # no other process: progress can be called directly
    counting = nullcontext([progress] * len(missing)) if alone else counters(len(missing), progress)
    with counting as counts:
        tasks = list(zip(missing, counts, strict=True))
        with closing(train_each(train_one, tasks, workers=workers)) as answers:
            for place, content in answers:
                write_text(path_of(missing[place], folder), json.dumps(content) + "\n")
    return [Result(job, _read(path_of(job, folder))) for job in jobs]


def train_one(job: Job, progress: Progress) -> dict[str, Any]:
    """Train a job in this process and return what its file holds.

    Raises KeyboardInterrupt when interrupted.
    """
    recorder, done = ProbeRecorder(job), 0

    def look(run: Any) -> None:
        nonlocal done
        recorder(run)
        done += 1
        progress(1)

    result = train(job.spec, job.updates, look)
    if result["interrupted"]:
        raise KeyboardInterrupt
    progress(job.updates - done)
    result["final"] |= recorder.ends()
    content = {"group": job.group, "row": job.row, "updates": job.updates, **result}
    return content | {"watched": recorder.columns()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} cannot be read ({error}), remove it to train it again") from None
