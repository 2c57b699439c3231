"""Small helpers for the tests of the hub: specs, waiting, and killing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ebm_engine.server.hub.hub import Hub, RunView
from ebm_engine.server.limits import Limits
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import RunSpec


def small_spec(**changes: Any) -> RunSpec:
    """A run whose updates take about a millisecond."""
    return parse_spec({"walkers": {"count": 60}, "target": {"samples": 60}} | changes)


def patient(**limits: Any) -> Limits:
    """Limits under which a run that no test touches stays awake, on a slow machine too."""
    return Limits(lease_seconds=3600.0, drop_seconds=3600.0, **limits)


def endless_spec() -> RunSpec:
    """A run whose first update takes half a minute or more."""
    method = {"kind": "weighted-ula", "refresh_every": 1, "refresh_steps": 10_000}
    return parse_spec({"walkers": {"count": 50_000}, "method": method})


def wait_for(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of a condition; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)
    return value


def ready(hub: Hub) -> Hub:
    """The hub, once all its workers have loaded."""
    assert hub.wait_until_ready(60.0)
    return hub


def view_at(hub: Hub, token: str, step: int) -> RunView:
    """The first view with a picture at this update or later."""
    return wait_for(lambda: (v := hub.view(token)).snapshot and v.snapshot.step >= step and v)


def worker_of(hub: Hub, token: str) -> int:
    """Process id of the worker that has this run."""
    stats = hub.stats()
    return stats["workers"][stats["runs"][token]["worker"]]["pid"]


def alive(pid: int) -> bool:
    """Whether this process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"
