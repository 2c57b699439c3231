"""The job queue: background jobs of the server, done one after the other in a helper process.

The process is started when it is first needed. When it dies, the job it worked on says so and the
next job starts a new one. Everybody who holds a job's id (128 random bits) may look at it; a job
that nobody looks at is cancelled, and a finished one is forgotten after a while. Importing this
module never loads torch.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ebm_engine.jobs.messages import Begin, Drop, Ended, Progress
from ebm_engine.jobs.tasks import STUDIES, parse_task
from ebm_engine.server.commands import Ready, Stop
from ebm_engine.server.process import WorkerProcess

HELPER = "ebm_engine.jobs.helper"
CANCELLED = "cancelled"
DIED = "the helper process died while it worked on this: start it again in a new one"
TICK = 0.25  # seconds between two checks of which jobs are still watched
PATIENCE = 5.0  # seconds that a dropped job may take to notice
END_SECONDS = 1.0

log = logging.getLogger(__name__)


class QueueFull(RuntimeError):  # noqa: N818 - names what happened
    """Too many jobs wait already; the message is one sentence."""


class UnknownJob(KeyError):  # noqa: N818 - names what the id is
    """No job has this id: it was forgotten or never existed."""


@dataclass(frozen=True)
class QueueLimits:
    """waiting: jobs that may queue; lease_seconds: unwatched this long, a job is cancelled;
    keep_seconds: … a finished one is forgotten.
    """

    waiting: int = 20
    lease_seconds: float = 15.0
    keep_seconds: float = 600.0


@dataclass(frozen=True)
class JobView:
    """What a viewer sees of a job.

    progress: 0 to 1; result: numpy arrays and numbers by name, None before the first, partial until
    `done`; error: "" or one sentence; position: place in the queue, 0 = not waiting.
    """

    progress: float = 0.0
    result: Mapping[str, Any] | None = None
    done: bool = False
    error: str = ""
    position: int = 0


@dataclass(eq=False)
class _Job:
    """The queue's side of one job; all changes happen under the queue's lock."""

    number: int
    begin: Begin
    view: JobView = field(default_factory=JobView)
    seen_at: float = field(default_factory=time.monotonic)
    dropped_at: float | None = None


class JobQueue:
    """All jobs, by id; its methods may be called from any thread."""

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self.limits = limits or QueueLimits()
        self._lock = threading.RLock()
        self._jobs: dict[str, _Job] = {}
        self._queue: list[_Job] = []
        self._current: _Job | None = None
        self._process: WorkerProcess | None = None
        self._ready = False  # the process has loaded everything
        self._count = 0
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the queue still takes jobs."""
        return not self._ended.is_set()

    @property
    def pid(self) -> int | None:
        """Process id of the helper; None while there is none."""
        process = self._process
        return process.pid if process else None

    def submit(self, name: str, arguments: dict[str, Any]) -> str:
        """Take in a job and return its id.

        Raises TaskError for an unknown task or bad arguments, QueueFull when too many jobs wait.
        """
        block = parse_task(name, arguments)
        with self._lock:
            if not self.running:
                raise RuntimeError("the job queue is closed")
            if self._current is not None and len(self._queue) >= self.limits.waiting:
                raise QueueFull(f"{len(self._queue)} studies wait already; try again in a minute")
            self._count += 1
            job = _Job(self._count, Begin(self._count, name, block))
            token = secrets.token_urlsafe(16)
            self._jobs[token] = job
            self._queue.append(job)
            self._keep_going()
        return token

    def view(self, token: str) -> JobView:
        """The job as it is now, and a sign that somebody watches it. Raises UnknownJob."""
        with self._lock:
            job = self._find(token)
            job.seen_at = time.monotonic()
            place = self._queue.index(job) + 1 if job in self._queue else 0
            return replace(job.view, position=place)

    def cancel(self, token: str) -> None:
        """Stop a job; its partial result stays. Raises UnknownJob."""
        with self._lock:
            self._cancel(self._find(token))

    def stop(self) -> None:
        """End the helper process; for good."""
        with self._lock:
            self._ended.set()
            process = self._process
        if process is not None:
            process.send(Stop())
            if not process.join(END_SECONDS):
                process.kill()
        atexit.unregister(self.stop)

    def _find(self, token: str) -> _Job:
        job = self._jobs.get(token)
        if job is None:
            raise UnknownJob("no job has this id")
        return job

    def _cancel(self, job: _Job) -> None:
        if job.view.done:
            return
        job.view = replace(job.view, done=True, error=CANCELLED)
        if job in self._queue:
            self._queue.remove(job)
        elif self._process is not None:
            job.dropped_at = time.monotonic()
            self._process.send(Drop(job.number))

    def _keep_going(self) -> None:
        """Give the next job to the helper, which is started if there is none."""
        if self._current is not None or not self._queue or not self.running:
            return
        if self._watcher is None:
            atexit.register(self.stop)
            self._watcher = threading.Thread(target=self._watch, name="job-queue", daemon=True)
            self._watcher.start()
        if self._process is None:
            self._ready = False
            self._process = WorkerProcess(None, None, self._hear, self._lose, HELPER)
        self._current = self._queue.pop(0)
        self._process.send(self._current.begin)

    def _hear(self, message: Ready | Progress | Ended) -> None:
        with self._lock:
            job = self._current
            if isinstance(message, Ready):
                self._ready = True
            elif job is None:
                return
            elif isinstance(message, Ended):
                self._current = None
                if not job.view.done:
                    share = job.view.progress if message.error else 1.0
                    job.view = replace(job.view, progress=share, done=True, error=message.error)
                self._keep_going()
            elif not job.view.done:
                result = job.view.result if message.result is None else message.result
                job.view = replace(job.view, progress=message.share, result=result)

    def _lose(self) -> None:
        with self._lock:
            job, self._current, self._process = self._current, None, None
            if not self.running:
                return
            if job is not None and not job.view.done:
                log.warning("the helper process died with job %d", job.number)
                job.view = replace(job.view, done=True, error=DIED)
            self._keep_going()

    def _watch(self) -> None:
        while not self._ended.wait(min(TICK, self.limits.lease_seconds / 4)):
            with self._lock:
                self._tidy(time.monotonic())

    def _tidy(self, now: float) -> None:
        """Cancel jobs that nobody watches, forget those long over, kill a helper that hangs."""
        for token, job in list(self._jobs.items()):
            unseen = now - job.seen_at
            if not job.view.done and unseen > self.limits.lease_seconds:
                self._cancel(job)
            elif job.view.done and job is not self._current and unseen > self.limits.keep_seconds:
                del self._jobs[token]
        stuck = self._current.dropped_at if self._current else None
        waited = 0.0 if stuck is None else now - stuck
        if self._process is not None and self._ready and waited > PATIENCE:
            self._process.kill()


_queues: dict[str, JobQueue] = {}
_queues_lock = threading.Lock()


def job_queue(lane: str = STUDIES) -> JobQueue:
    """The queue of this process for a lane; its helper process is started with the first job.

    Each lane has a process of its own, so that what is done in a moment does not wait for what
    takes minutes.
    """
    with _queues_lock:
        if lane not in _queues or not _queues[lane].running:
            _queues[lane] = JobQueue()
        return _queues[lane]
