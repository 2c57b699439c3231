"""Trains the runs of a study, in several processes, and keeps each one as soon as it is done.

A run is a file FOLDER/runs/KEY.json, where the key follows from everything that defines the run:
a study that was interrupted goes on with what is missing.
"""

from __future__ import annotations

import json
import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ebm_engine.files.write import StudyError, make_room, write_text
from ebm_engine.reproduce.probes import Watch
from ebm_engine.reproduce.study import Job, Result, path_of
from ebm_engine.run.headless import check, train
from ebm_engine.spec.run_spec import SpecError

MAX_WORKERS = 256
REPORT_SECONDS = 0.3  # between two messages of a worker on its progress

Progress = Callable[[int], None]


def train_all(jobs: list[Job], folder: Path, workers: int, progress: Progress) -> list[Result]:
    """The results of all jobs, in their order, trained where no file holds them yet.

    progress(n) is called when n more updates are done or were found done. KeyboardInterrupt ends
    the workers and is raised again. Raises SpecError when a job cannot be run or a kept run cannot
    be read, StudyError when a worker process dies.
    """
    if not 1 <= workers <= MAX_WORKERS:
        raise SpecError(f"workers = {workers}: must be between 1 and {MAX_WORKERS}")
    for job in jobs:
        check(job.spec, job.updates)
    make_room(folder)
    missing = [job for job in jobs if not path_of(job, folder).is_file()]
    progress(sum(job.updates for job in jobs) - sum(job.updates for job in missing))
    if workers == 1 or len(missing) < 2:
        for job in missing:
            train_one(job, folder, progress)
    else:
        _in_processes(missing, folder, min(workers, len(missing)), progress)
    return [Result(job, _read(path_of(job, folder))) for job in jobs]


def train_one(job: Job, folder: Path, progress: Progress) -> None:
    """Train a job in this process and keep it; raises KeyboardInterrupt when interrupted."""
    watch, done = Watch(job), 0

    def look(run: Any) -> None:
        nonlocal done
        watch(run)
        done += 1
        progress(1)

    result = train(job.spec, job.updates, look)
    if result["interrupted"]:
        raise KeyboardInterrupt
    progress(job.updates - done)
    result["final"] |= watch.ends()
    content = {"group": job.group, "row": job.row, "updates": job.updates, **result}
    write_text(path_of(job, folder), json.dumps(content | {"watched": watch.columns()}) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} cannot be read ({error}), remove it to train it again") from None


def _in_processes(jobs: list[Job], folder: Path, workers: int, progress: Progress) -> None:
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, _begin, (reports,))
    try:
        with _ignoring_interrupts():
            futures = {pool.submit(_work, job, folder) for job in jobs}
        while futures:
            done, futures = wait(futures, timeout=REPORT_SECONDS)
            _drain(reports, progress)
            _raise_first(done)
        _drain(reports, progress)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    pool.shutdown()


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C for good: their parent alone answers to it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _raise_first(done: set[Future[None]]) -> None:
    for future in done:
        try:
            future.result()
        except BrokenProcessPool:
            raise StudyError("a worker process died, the finished runs are kept") from None


def _drain(reports: Any, progress: Progress) -> None:
    while True:
        try:
            progress(reports.get_nowait())
        except queue.Empty:
            return


_reports: Any = None


def _begin(reports: Any) -> None:
    """In a new worker: where to report."""
    global _reports
    _reports = reports


def _work(job: Job, folder: Path) -> None:
    """In a worker: train a job, and tell now and then how many updates are done."""
    waiting, told = 0, time.monotonic()

    def progress(updates: int) -> None:
        nonlocal waiting, told
        waiting += updates
        if time.monotonic() - told > REPORT_SECONDS:
            _reports.put(waiting)
            waiting, told = 0, time.monotonic()

    train_one(job, folder, progress)
    _reports.put(waiting)
