"""What every test shares: one thread for torch, and how the tests are divided among processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from xdist.scheduler import LoadScopeScheduling

from ebm_engine.server.hub.hub import Hub
from tests.server.hub_tools import patient, ready

PROCESSES = 2
BROWSER = "tests/browser"
APART = ("tests/test_any_spec.py",)  # long tests that share nothing


def group_of(nodeid: str) -> str:
    """The group of a test, which one process runs: its file, so that what it shares is made once.

    All tests in a browser are one group: two browsers and two apps at a time would starve each
    other.
    """
    file = nodeid.partition("::")[0]
    if file.startswith(BROWSER):
        return BROWSER
    return nodeid if file in APART else file


class Groups(LoadScopeScheduling):
    """The groups as a process asks for the next; xdist names this method as the one to replace."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small operations get many times slower with more threads than free cores."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A hub with real workers; each module has its own."""
    hub = Hub(patient(workers=2))
    hub.start()
    yield ready(hub)
    hub.stop()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for folders of tests; single files run in this one, which starts at once."""
    return 0 if any(".py" in argument for argument in config.args) else PROCESSES


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Who gets which tests."""
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups first, so that both processes end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (group_of(item.nodeid) != BROWSER, item.path not in slow))
