"""Calls a function for each of many jobs, in processes of this machine or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, TypeVar

from ebm_engine.batch.backends import (
    Backend,
    children_ignore_interrupts,
    computing,
    end_with,
)
from ebm_engine.server.limits import Limits

AS_LIST = ("ray",)  # backends that give results as one list only
CHUNK = 64  # jobs that such a backend is sent at once

Answer = TypeVar("Answer")


def train_each(
    train: Callable[..., Answer],
    jobs: Sequence[tuple[Any, ...]],
    *,
    backend: Backend = "loky",
    workers: int | None = None,
    address: str = "",
) -> Generator[tuple[int, Answer], None, None]:
    """The answers of `train(*job)` with the place of each job, in the order in which they end.

    With one worker the jobs are done in this process. Ctrl-C, raised here as KeyboardInterrupt, and
    closing the generator stop what runs, mid-job. Raises SpecError when a cluster does not answer,
    StudyError when a worker process dies, and whatever `train` raises.
    """
    if not jobs:
        return
    from joblib import delayed

    owner = os.getpid() if backend == "loky" else 0
    tasks = [delayed(_call)(owner, place, train, job) for place, job in enumerate(jobs)]
    useful = min(workers or Limits().workers or 1, len(tasks))
    with computing(backend, useful, address) as options:
        step = CHUNK if backend in AS_LIST else len(tasks)
        for begin in range(0, len(tasks), step):
            yield from _answers(tasks[begin : begin + step], options)


def _answers(tasks: list[Any], options: dict[str, Any]) -> Generator[Any, None, None]:
    """What joblib finds, each answer as soon as it is there where the backend allows that."""
    from joblib import Parallel, parallel_config

    whole = options["backend"] in AS_LIST
    with children_ignore_interrupts(), parallel_config(**options):
        # One job at a time: a finished one is kept at once, and the rest can be cancelled.
        one_by_one: Any = {"batch_size": 1}
        form = "list" if whole else "generator_unordered"
        answers: Any = Parallel(return_as=form, **one_by_one)(tasks)
    if whole:
        yield from answers
        return
    with closing(answers):
        yield from answers


def _call(owner: int, place: int, train: Callable[..., Any], job: tuple[Any, ...]) -> Any:
    """In whatever process does the job."""
    end_with(owner)
    return place, train(*job)
