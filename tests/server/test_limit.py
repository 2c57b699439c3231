"""Limits: a run or a group stands still at an update that none of it goes beyond."""

from __future__ import annotations

import os
import secrets
import signal
import time

import numpy as np
import pytest

from ebm_engine.run.run import Run
from ebm_engine.server.commands import Limit, Play, Reset, Speed, Step
from tests.server.hub_tools import small_spec, view_at, wait_for, worker_of

SPECS = [small_spec(), small_spec(method={"kind": "cd", "k": 30}), small_spec(seed=4)]


@pytest.fixture
def tokens(hub):
    """A paused group of three runs of different speeds."""
    group = secrets.token_hex(8)
    tokens = [hub.open(spec, play=False, group=group) for spec in SPECS]
    for token in tokens:
        view_at(hub, token, 0)
    yield tokens
    for token in tokens:
        hub.close(token)


def standing(hub, tokens):
    """The updates at which the runs stand, once nobody plays and nothing moves."""

    def quiet():
        before = [hub.view(token).snapshot for token in tokens]
        time.sleep(0.2)
        views = [hub.view(token) for token in tokens]
        same = all(a is v.snapshot for a, v in zip(before, views, strict=True))
        return [s.step for s in before] if same and not any(v.playing for v in views) else None

    return wait_for(quiet)


def test_a_group_that_plays_stops_at_its_limit_with_the_bits_of_runs_alone(hub, tokens):
    """Not one update more in any of them, and their wish to play has ended."""
    hub.command(tokens[0], Limit(40))
    hub.command(tokens[0], Play())
    assert standing(hub, tokens) == [40, 40, 40]
    for spec, token in zip(SPECS, tokens, strict=True):
        run = Run(spec)
        while run.step < 40:
            run.advance()
        positions = run.snapshot(playing=False, updates_per_second=0.0).positions
        assert np.array_equal(positions, hub.view(token).snapshot.positions)


def test_nothing_goes_beyond_a_limit_until_it_is_lifted(hub, tokens):
    """Steps that were refused there are not made up for later; a reset keeps the limit."""
    hub.command(tokens[0], Limit(5))
    hub.command(tokens[0], Step(100))
    assert standing(hub, tokens) == [5, 5, 5]
    hub.command(tokens[1], Step(10))
    hub.command(tokens[1], Play())
    assert standing(hub, tokens) == [5, 5, 5]
    hub.command(tokens[2], Limit(None))
    assert standing(hub, tokens) == [5, 5, 5]
    hub.command(tokens[2], Limit(8))
    hub.command(tokens[0], Reset())
    hub.command(tokens[0], Play())
    assert standing(hub, tokens) == [8, 8, 8]


def test_a_run_that_is_past_its_limit_makes_no_more_updates(hub, tokens):
    hub.command(tokens[0], Step(12))
    assert standing(hub, tokens) == [12, 12, 12]
    hub.command(tokens[0], Limit(7))
    hub.command(tokens[0], Play())
    assert standing(hub, tokens) == [12, 12, 12]


def test_the_speed_counts_on_the_way_to_a_limit(hub, tokens):
    """At 20 updates a second the tenth comes after 0.45 s at the earliest."""
    hub.command(tokens[0], Speed(20.0))
    hub.command(tokens[0], Limit(10))
    start = time.monotonic()
    hub.command(tokens[0], Play())
    view_at(hub, tokens[0], 10)
    assert time.monotonic() - start > 0.45


def test_a_killed_worker_does_not_forget_the_limit(hub, tokens):
    hub.command(tokens[0], Limit(400))
    hub.command(tokens[0], Play())
    view_at(hub, tokens[1], 30)
    os.kill(worker_of(hub, tokens[0]), signal.SIGKILL)
    wait_for(lambda: hub.view(tokens[1]).notice.startswith("restored from update"))
    assert standing(hub, tokens) == [400, 400, 400]


def test_each_play_is_counted_also_one_that_the_limit_ends_at_once(hub, tokens):
    """So a page learns that somebody wanted to go on."""
    hub.command(tokens[0], Limit(0))
    for count in (1, 2):
        hub.command(tokens[1], Play())
        assert standing(hub, tokens) == [0, 0, 0]
        assert [hub.view(token).plays for token in tokens] == [count] * 3


def test_a_limit_below_zero_is_refused():
    with pytest.raises(ValueError, match="until = -1"):
        Limit(-1)
