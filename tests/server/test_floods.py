"""Floods: a thousand commands of one person at once, and the run of another on the same worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ebm_engine.server.commands import Change, Pause, Play, Reset, Rewind, Speed, Step
from ebm_engine.server.hub.hub import Hub
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import presets
from tests.server.hub_tools import patient, ready, small_spec, view_at, wait_for, worker_of

COUNT = 1000
WATCHED = 0.8  # seconds of work from the flood on
STILL = 0.5  # seconds; a flood of resets took more than 10 when they were carried out at once
SPEC = presets()["two-modes"].spec


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A hub whose one worker has all runs."""
    hub = Hub(patient(workers=1, turn_seconds=3600.0))
    hub.start()
    yield ready(hub)
    hub.stop()


@pytest.fixture(scope="module")
def neighbour(hub: Hub) -> str:
    """A run that plays all the time."""
    token = hub.open(small_spec(), play=True)
    view_at(hub, token, 50)
    return token


@pytest.fixture
def flooder(hub: Hub) -> Iterator[str]:
    """A run that plays and has been doing so for some time."""
    token = hub.open(SPEC, play=True)
    view_at(hub, token, 60)
    yield token
    hub.close(token)


def worked(hub: Hub, token: str) -> float:
    """Seconds for which the worker of a run has had a core; other processes do not count."""
    return int(Path(f"/proc/{worker_of(hub, token)}/schedstat").read_text().split()[0]) / 1e9


def longest_standstill(hub: Hub, token: str) -> float:
    """The longest work in seconds for which no picture of a later update came."""
    now = moved = worked(hub, token)
    end, step, longest = now + WATCHED, hub.view(token).snapshot.step, 0.0
    while now < end:
        time.sleep(0.005)
        now = worked(hub, token)
        if hub.view(token).snapshot.step != step:
            step, moved = hub.view(token).snapshot.step, now
        longest = max(longest, now - moved)
    return longest


def changes(index: int) -> Change:
    return Change(with_value(SPEC, "sampler.step_size", 0.01 + 0.001 * (index % 7)))


@pytest.mark.parametrize(
    "command",
    [lambda _: Reset(), lambda _: Rewind(), lambda _: Step(100), changes,
     lambda i: Play() if i % 2 else Pause(), lambda i: Speed(i + 1.0)],
    ids=["reset", "rewind", "step", "change", "play-pause", "speed"],
)  # fmt: skip
def test_a_flood_of_commands_holds_up_nobody_else(hub, neighbour, flooder, command: Callable):
    for index in range(COUNT):
        hub.command(flooder, command(index))
    assert longest_standstill(hub, neighbour) < STILL


def test_a_flood_of_runs_and_branches_holds_up_nobody_else(hub, neighbour, flooder):
    """Ten of each, as many as one tab could want at once, each closed again."""
    step = hub.tape(flooder)[0]
    tokens = [hub.open(SPEC, play=False) for _ in range(10)]
    tokens += [hub.branch(flooder, step) for _ in range(10)]
    assert longest_standstill(hub, neighbour) < STILL
    for token in tokens:
        hub.close(token)
    assert longest_standstill(hub, neighbour) < STILL


def test_the_last_command_of_a_flood_holds(hub, neighbour, flooder):
    """Resets with other seeds: the run ends with the newest spec, at the update asked for."""
    last = with_value(SPEC, "seed", 77)
    for seed in range(200):
        hub.command(flooder, Reset(with_value(SPEC, "seed", seed)))
    for command in (Reset(last), Pause(), Step(3)):
        hub.command(flooder, command)
    wait_for(lambda: hub.view(flooder).snapshot.spec == last)
    view = view_at(hub, flooder, 3)
    assert (view.snapshot.step, view.playing) == (3, False)
