"""Where runs are trained: by processes of this machine, by a Dask or by a Ray cluster.

All of them go through joblib, so the same code trains a run everywhere. A run uses one thread; its
numbers follow from its spec alone, whatever computes it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from logging import ERROR
from typing import Any, Literal, get_args

from ebm_engine.spec.run_spec import SpecError

Backend = Literal["loky", "dask", "ray"]
BACKENDS = get_args(Backend)
PACKAGES = {"loky": "joblib", "dask": "distributed", "ray": "ray"}
MAX_WORKERS = 256
IDLE_SECONDS = 10  # a local process without a job ends itself
CONNECT_SECONDS = 20
DIED = "a worker process died; the finished runs are kept"
LOOK_SECONDS = 0.5  # between two looks at whether the owner still lives


class StudyError(RuntimeError):
    """A study that could not be finished; the message is one sentence."""


def check_backend(backend: str, workers: int | None) -> None:
    """Raise SpecError for an unknown backend, one that is not installed, or a bad number."""
    if backend not in BACKENDS:
        raise SpecError(f"backend {backend!r} is unknown, allowed are {', '.join(BACKENDS)}")
    if find_spec(PACKAGES[backend]) is None:
        raise SpecError(f"backend {backend!r} needs the package {PACKAGES[backend]!r}: install it")
    if workers is not None and not 1 <= workers <= MAX_WORKERS:
        raise SpecError(f"workers = {workers}: must be between 1 and {MAX_WORKERS}")


@contextmanager
def computing(backend: Backend, workers: int, address: str) -> Iterator[dict[str, Any]]:
    """The options of joblib's parallel_config; a cluster of our own ends with the block.

    workers: processes on this machine; address: of a running scheduler, "" for
    DASK_SCHEDULER_ADDRESS or a cluster on this machine. Raises SpecError when a cluster does not
    answer, StudyError when a worker dies within the block.
    """
    start = {"loky": _local, "dask": _dask, "ray": _ray}[backend]
    with start(workers, address) as options:
        yield options


@contextmanager
def _local(workers: int, address: str) -> Iterator[dict[str, Any]]:
    """Processes of this machine; with one worker, this process itself."""
    if address:
        raise SpecError(f"address = {address!r}: local processes have none")
    idle = {"idle_worker_timeout": IDLE_SECONDS} if workers > 1 else {}
    try:
        yield {"backend": "loky", "n_jobs": workers, **idle}
    except BrokenExecutor:
        raise StudyError(DIED) from None


@contextmanager
def _dask(workers: int, address: str) -> Iterator[dict[str, Any]]:
    """The scheduler at `address`, or a new cluster of processes on this machine."""
    from distributed import Client, KilledWorker, LocalCluster

    address = address or os.environ.get("DASK_SCHEDULER_ADDRESS", "")
    try:
        with ExitStack() as stack:
            if not address:
                cluster = LocalCluster(
                    workers,
                    threads_per_worker=1,
                    # None for no dashboard; Dask's annotation knows only the default, a string.
                    dashboard_address=None,  # pyright: ignore[reportArgumentType]
                    silence_logs=ERROR,
                )
                stack.enter_context(cluster)
                address = cluster.scheduler_address
            stack.enter_context(_client(Client, address))
            yield {"backend": "dask", "n_jobs": -1}
    except KilledWorker:
        raise StudyError(DIED) from None


def _client(make: Callable[..., Any], address: str) -> Any:
    try:
        return make(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SpecError(f"no Dask scheduler answers at {address!r}: {reason}") from None


@contextmanager
def _ray(workers: int, address: str) -> Iterator[dict[str, Any]]:
    """The Ray cluster at `address`, or a new one on this machine."""
    # Ray is optional, and a machine that checks types may lack it.
    import ray  # pyright: ignore[reportMissingImports]
    from ray.util.joblib import register_ray  # pyright: ignore[reportMissingImports]

    where = {"address": address} if address else {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(**where, log_to_driver=False)
    except (ConnectionError, ValueError) as error:
        raise SpecError(f"no Ray cluster answers at {address!r}: {error}") from None
    try:
        register_ray()
        yield {"backend": "ray", "n_jobs": -1}
    except ray.exceptions.RayError:
        raise StudyError(DIED) from None
    finally:
        ray.shutdown()


@contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C for good: their parent alone answers to it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_guarded = False


def end_with(owner: int) -> None:
    """In a child of the process `owner`: end it, mid-run or not, once the owner is gone.

    Does nothing in the owner itself, and for owner = 0, where a cluster looks after its processes.
    """
    global _guarded
    if owner and not _guarded and os.getpid() != owner:
        _guarded = True
        threading.Thread(target=_watch, args=(owner,), name="guard", daemon=True).start()


def _watch(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
