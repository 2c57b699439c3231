"""Groups: runs of one group go in lockstep by update, each with the bits it has alone."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import Change, Pause, Play, Reset, Rewind, Speed, Step
from ebm_engine.server.hub.hub import Hub
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.run_spec import RunSpec
from tests.server.hub_tools import small_spec, view_at, wait_for, worker_of

SHARED = {"seed": 3, "target": {"samples": 200}}
SPECS = [
    parse_spec(SHARED | {"walkers": {"count": 1000}}),
    parse_spec(SHARED | {"walkers": {"count": 60}, "method": {"kind": "cd", "k": 30}}),
    parse_spec(SHARED | {"walkers": {"count": 60}, "method": {"kind": "pcd"}}),
]


def opened(hub: Hub, specs: list[RunSpec]) -> list[str]:
    group = secrets.token_hex(8)
    tokens = [hub.open(spec, play=False, group=group) for spec in specs]
    for token in tokens:
        view_at(hub, token, 0)
    return tokens


@pytest.fixture
def tokens(hub: Hub) -> Iterator[list[str]]:
    """A paused group of three runs of very different speeds."""
    tokens = opened(hub, SPECS)
    yield tokens
    for token in tokens:
        hub.close(token)


def steps(hub: Hub, tokens: list[str]) -> list[int]:
    return [hub.view(token).snapshot.step for token in tokens]


def at_rest(hub: Hub, tokens: list[str]) -> list[Snapshot]:
    """The pictures of a group that is paused, once nothing moves any more."""

    def quiet() -> list[Snapshot] | None:
        before = [hub.view(token).snapshot for token in tokens]
        time.sleep(0.3)
        after = [hub.view(token).snapshot for token in tokens]
        same = all(a is b for a, b in zip(before, after, strict=True))
        return after if same and not any(s.playing for s in after) else None

    return wait_for(quiet)


def alone(spec: RunSpec, step: int) -> Snapshot:
    """The same run, trained by itself."""
    run = Run(spec)
    while run.step < step:
        run.advance()
    return run.snapshot(playing=False, updates_per_second=0.0)


def same_bits(first: Snapshot, second: Snapshot) -> bool:
    names = ("positions", "log_w", "energies", "means")
    return first.step == second.step and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in names
    )


def test_a_group_stands_at_one_update_after_a_pause_with_the_bits_of_runs_alone(hub, tokens):
    """Runs that are 30 times faster than others would be far ahead without the lockstep."""
    hub.command(tokens[2], Play())
    view_at(hub, tokens[1], 25)
    hub.command(tokens[0], Pause())
    pictures = at_rest(hub, tokens)
    assert len({picture.step for picture in pictures}) == 1
    assert pictures[0].step >= 25
    for spec, picture in zip(SPECS, pictures, strict=True):
        assert same_bits(picture, alone(spec, picture.step))


def test_the_views_of_a_group_are_of_one_update_at_any_moment(hub, tokens):
    """Each run reports for itself: without waiting for the last, one in ten looks differed."""
    hub.command(tokens[0], Play())
    looks, end, worker = [], time.monotonic() + 3, worker_of(hub, tokens[0])
    while time.monotonic() < end:
        looks.append([view.snapshot.step for view in hub.views(tokens)])
        if len(looks) % 50 == 0:
            os.kill(worker, signal.SIGSTOP)
            time.sleep(0.02)
            looks.append([view.snapshot.step for view in hub.views(tokens)])
            os.kill(worker, signal.SIGCONT)
        time.sleep(0.001)
    assert hub.mates(tokens[2]) == tuple(tokens)
    assert all(len(set(steps)) == 1 for steps in looks)
    assert len({steps[0] for steps in looks}) > 10
    hub.command(tokens[0], Pause())
    at_rest(hub, tokens)
    assert len({hub.tape(token) for token in tokens}) == 1


def test_a_command_to_one_reaches_all_and_a_change_only_one(hub, tokens):
    """Step, Speed, Rewind and Reset for all; the step size of one run; a new seed for one run."""
    assert len({worker_of(hub, token) for token in tokens}) == 1
    hub.command(tokens[1], Step(12))
    for token in tokens:
        view_at(hub, token, 12)
    hub.command(tokens[0], Speed(40.0))
    assert {hub.view(token).speed for token in tokens} == {40.0}
    changed = with_value(SPECS[0], "sampler.step_size", 0.05)
    hub.command(tokens[0], Change(changed))
    hub.command(tokens[2], Rewind(5))
    wait_for(lambda: steps(hub, tokens) == [7, 7, 7])
    assert [p.step for p in at_rest(hub, tokens)] == [7, 7, 7]
    assert [hub.view(token).spec for token in tokens] == [changed, *SPECS[1:]]
    other = with_value(SPECS[2], "seed", 9)
    hub.command(tokens[2], Reset(other))
    assert [p.step for p in at_rest(hub, tokens)] == [0, 0, 0]
    assert [hub.view(token).spec for token in tokens] == [changed, SPECS[1], other]


def test_a_member_that_diverges_stops_alone_and_the_others_go_on(hub):
    """Its wish to play ends with it; a reset brings it back into the group."""
    good, bad = small_spec(), small_spec(sampler={"step_size": 50.0})
    tokens = opened(hub, [good, bad, small_spec(seed=5)])
    hub.command(tokens[0], Play())
    view_at(hub, tokens[0], 60)
    view_at(hub, tokens[2], 60)
    assert wait_for(lambda: hub.view(tokens[1]).snapshot.divergence)
    assert [hub.view(token).playing for token in tokens] == [True, False, True]
    hub.command(tokens[0], Pause())
    ends = at_rest(hub, tokens)
    assert ends[0].step == ends[2].step > ends[1].step
    hub.command(tokens[1], Reset(good))
    hub.command(tokens[1], Step(3))
    assert wait_for(lambda: steps(hub, tokens) == [3, 3, 3])
    for token in tokens:
        hub.close(token)


def test_what_is_left_of_a_group_goes_on_when_one_is_closed(hub):
    """Nobody waits for a run that is gone."""
    tokens = opened(hub, [small_spec(), small_spec(method={"kind": "cd", "k": 30})])
    hub.command(tokens[0], Play())
    view_at(hub, tokens[0], 5)
    hub.close(tokens[1])
    view_at(hub, tokens[0], steps(hub, tokens[:1])[0] + 100)
    hub.close(tokens[0])


def test_a_killed_worker_brings_the_group_back_in_lockstep(hub, tokens):
    """From checkpoints of different updates; the bits are those of runs that nobody killed."""
    hub.command(tokens[0], Play())
    view_at(hub, tokens[1], 30)
    os.kill(worker_of(hub, tokens[0]), signal.SIGKILL)
    for token in tokens:
        wait_for(lambda token=token: hub.view(token).notice.startswith("restored from update"))
    assert len({worker_of(hub, token) for token in tokens}) == 1
    view_at(hub, tokens[1], 60)
    hub.command(tokens[1], Pause())
    pictures = at_rest(hub, tokens)
    assert len({picture.step for picture in pictures}) == 1
    for spec, picture in zip(SPECS, pictures, strict=True):
        assert same_bits(picture, alone(spec, picture.step))


def test_a_group_takes_one_seat_and_waits_as_a_whole(hub):
    """With all seats but one taken, three runs of a group play together."""
    seats = hub.limits.seats
    others = [hub.open(small_spec(seed=s), play=True) for s in range(seats - 1)]
    tokens = opened(hub, [small_spec(seed=s) for s in range(3)])
    hub.command(tokens[0], Play())
    states = {hub.stats()["runs"][token]["state"] for token in tokens}
    assert states == {"playing"}
    late = hub.open(small_spec(), play=True)
    assert hub.view(late).queue_position == 1
    for token in (*others, *tokens, late):
        hub.close(token)
