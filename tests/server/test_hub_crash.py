"""The hub when processes die: workers killed, the server killed, and the end of the hub."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.server.commands import Change, Reset, Step
from ebm_engine.server.hub.hub import Hub
from ebm_engine.spec.edit import with_value
from tests.cli.cli_tools import listen_to_ctrl_c
from tests.server.hub_tools import (
    alive,
    endless_spec,
    patient,
    ready,
    small_spec,
    view_at,
    wait_for,
    worker_of,
)

SERVER = """
import time
from ebm_engine.server.hub.hub import hub
from tests.server.hub_tools import endless_spec, ready
ready(hub()).open(endless_spec(), play=True)
stats = hub().stats()
print(stats["folder"], *[w["pid"] for w in stats["workers"]], flush=True)
time.sleep(60)
"""


def kill_worker_of(hub: Hub, token: str) -> None:
    os.kill(worker_of(hub, token), signal.SIGKILL)


def test_a_killed_worker_loses_at_most_50_updates_and_nothing_else(hub):
    victim, other = (hub.open(small_spec(seed=seed), play=True) for seed in (1, 2))
    assert worker_of(hub, victim) != worker_of(hub, other)
    pid_of_other = worker_of(hub, other)
    view_at(hub, other, 1)
    before = view_at(hub, victim, 120).snapshot.step
    kill_worker_of(hub, victim)
    steps = [hub.view(other).snapshot.step]
    while not hub.view(victim).notice:
        steps.append(hub.view(other).snapshot.step)
        time.sleep(0.01)
    view = hub.view(victim)
    assert view.notice.startswith("restored from update ")
    assert int(view.notice.split()[-1]) >= before - 50
    assert view.playing
    view_at(hub, victim, before + 100)
    assert steps == sorted(steps)
    assert steps[-1] > steps[0]
    assert (worker_of(hub, other), hub.view(other).notice) == (pid_of_other, "")
    for token in (victim, other):
        hub.close(token)


def test_steps_in_progress_survive_a_kill_and_end_at_the_same_bits(hub):
    killed, spared = (hub.open(small_spec(seed=3), play=False) for _ in range(2))
    for token in (killed, spared):
        hub.command(token, Step(400))
    view_at(hub, killed, 60)
    kill_worker_of(hub, killed)
    ends = [view_at(hub, token, 400).snapshot for token in (killed, spared)]
    assert hub.view(killed).notice.startswith("restored from update ")
    assert [e.step for e in ends] == [400, 400]
    assert np.array_equal(ends[0].positions, ends[1].positions)
    for token in (killed, spared):
        hub.close(token)


def test_commands_to_a_dead_worker_are_not_lost(hub):
    token = hub.open(small_spec(), play=False)
    hub.command(token, Step(40))
    view_at(hub, token, 40)
    faster = with_value(small_spec(), "optimizer.lr_means", 0.02)
    kill_worker_of(hub, token)
    hub.command(token, Change(faster))
    hub.command(token, Step(30))
    snapshot = view_at(hub, token, 70).snapshot
    assert (snapshot.step, snapshot.spec) == (70, faster)
    assert [step for step, _ in snapshot.marks] == [40]
    hub.close(token)


def test_a_run_that_keeps_killing_its_worker_is_given_up(hub):
    other = hub.open(small_spec(), play=True)
    token = hub.open(endless_spec(), play=True)
    view_at(hub, token, 0)
    for _ in range(3):
        assert hub.stats()["runs"][token]["state"] == "playing"
        time.sleep(0.5)  # into its endless update
        version = hub.view(token).version
        kill_worker_of(hub, token)
        wait_for(lambda seen=version: hub.view(token).version > seen)
    assert hub.stats()["runs"][token]["state"] == "given up"
    assert "its worker process died 3 times in a row" in hub.view(token).notice
    assert not hub.view(token).playing
    view_at(hub, other, hub.view(other).snapshot.step + 50)
    ready(hub)
    hub.command(token, Reset(small_spec()))
    hub.command(token, Step(5))
    assert view_at(hub, token, 5).notice == ""
    for each in (token, other):
        hub.close(each)


def test_stop_ends_workers_in_the_middle_of_an_update_and_removes_their_files():
    hub = Hub(patient(workers=2))
    hub.start()
    for _ in range(2):
        view_at(hub, hub.open(endless_spec(), play=True), 0)
    stats = hub.stats()
    start = time.monotonic()
    hub.stop()
    assert time.monotonic() - start < 10  # the updates take half a minute
    assert not any(alive(w["pid"]) for w in stats["workers"])
    assert not Path(stats["folder"]).exists()
    hub.stop()
    with pytest.raises(RuntimeError, match="not running"):
        hub.open(small_spec(), play=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_when_the_server_ends(number):
    environment = os.environ | {"EBM_WORKERS": "2"}
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=listen_to_ctrl_c,
    ) as server:
        folder, *pids = server.stdout.readline().split()
        os.kill(int(pids[0]), signal.SIGINT)
        time.sleep(0.2)
        assert all(alive(int(pid)) for pid in pids)  # Ctrl-C is the server's business
        server.send_signal(number)
        server.communicate()
    assert server.returncode == -number
    wait_for(lambda: not any(alive(int(pid)) for pid in pids), 5.0)
    wait_for(lambda: not Path(folder).exists(), 5.0)
