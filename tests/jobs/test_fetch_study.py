"""The download of MNIST as a task: progress, its end, its failure, and being dropped."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from ebm_engine.data.mnist import MnistUnavailable
from ebm_engine.jobs import fetch_mnist
from ebm_engine.jobs.fetch_mnist import SIZES, brought, fetch
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.specs.images import FetchSpec


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(fetch_mnist, "LOOK_GAP", 0.02)


def four_files(split, download, progress):
    """Two files a split, in chunks of a quarter, as pooch reports them."""
    first = 0 if split == "train" else 2
    for size in SIZES[first : first + 2]:
        for quarter in range(1, 5):
            progress(size * quarter // 4, size)
            time.sleep(0.01)
    count = {"train": 60, "test": 10}[split]
    return np.zeros((count, 2, 2)), np.zeros(count)


def test_progress_grows_over_four_files_and_the_end_tells_the_numbers():
    """Shares never fall, although each file counts from 0; 60 and 10 images at the end."""
    seen = list(fetch(FetchSpec(), four_files))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert any(0.5 < share < 1 for share in shares)
    assert seen[-1] == (1.0, {"train": 60, "test": 10})


def test_a_download_that_fails_says_what_to_do():
    """The sentence of the loader, for the task and for the command line."""

    def broken(split, download, progress):
        raise MnistUnavailable("MNIST could not be downloaded: try again later.")

    with pytest.raises(TaskError, match=r"could not be downloaded: try again later$"):
        list(fetch(FetchSpec(), broken))
    with pytest.raises(SpecError, match="try again later"):
        brought(lambda done, total: None, broken)


def test_a_dropped_task_ends_its_download():
    """The thread ends with the next report."""
    ended = threading.Event()

    def endless(split, download, progress):
        try:
            while True:
                progress(1, 100)
                time.sleep(0.005)
        finally:
            ended.set()

    steps = fetch(FetchSpec(), endless)
    next(steps)
    steps.close()
    assert ended.wait(2.0)
