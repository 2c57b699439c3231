"""The hub with real worker processes: what a person's commands do to a run."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.server.commands import Change, Pause, Play, Reset, Rewind, Speed, Step
from ebm_engine.server.hub.hub import Hub, UnknownRun
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import RunSpec
from tests.server.hub_tools import patient, small_spec, view_at, wait_for, worker_of


@pytest.fixture
def token(hub: Hub) -> Iterator[str]:
    """A paused run."""
    token = hub.open(small_spec(), play=False)
    view_at(hub, token, 0)
    yield token
    hub.close(token)


def broken_spec() -> RunSpec:
    """A spec that got past its validation and makes the run fail with an unforeseen error."""
    spec = small_spec()
    walkers = spec.walkers.model_copy(update={"count": -5})
    return spec.model_copy(update={"walkers": walkers})


def test_steps_are_counted_exactly(hub, token):
    for count in (1, 10, 100):
        hub.command(token, Step(count))
    assert view_at(hub, token, 111).snapshot.step == 111
    time.sleep(0.2)
    assert hub.view(token).snapshot.step == 111
    assert not hub.view(token).playing


def test_a_step_while_playing_pauses_first(hub, token):
    hub.command(token, Play())
    view_at(hub, token, 5)
    hub.command(token, Step(3))
    view = wait_for(lambda: not (v := hub.view(token)).snapshot.playing and v)
    assert not view.playing
    assert not view.snapshot.playing
    time.sleep(0.2)
    at_rest = hub.view(token).snapshot.step
    time.sleep(0.2)
    assert hub.view(token).snapshot.step == at_rest


def test_a_paused_run_stays_where_it_is_and_play_goes_on(hub, token):
    hub.command(token, Play())
    view_at(hub, token, 20)
    hub.command(token, Pause())
    stopped = wait_for(lambda: not (v := hub.view(token)).snapshot.playing and v)
    time.sleep(0.3)
    assert hub.view(token).version == stopped.version
    hub.command(token, Play())
    view_at(hub, token, stopped.snapshot.step + 20)


def test_pictures_of_a_playing_run_keep_coming_with_growing_versions(hub, token):
    hub.command(token, Play())
    views = [view_at(hub, token, step) for step in (1, 100, 200, 300)]
    steps = {view.version: view.snapshot.step for view in views}  # a late look may see one twice
    assert list(steps) == sorted(steps)
    assert list(steps.values()) == sorted(set(steps.values()))
    assert hub.view(token).snapshot.updates_per_second > 0


def test_a_live_change_is_marked_and_goes_on(hub, token):
    hub.command(token, Play())
    before = view_at(hub, token, 30).snapshot
    faster = with_value(before.spec, "optimizer.lr_means", 0.02)
    hub.command(token, Change(faster))
    after = wait_for(lambda: (s := hub.view(token).snapshot).marks and s)
    assert after.spec == hub.view(token).spec == faster
    assert after.step >= before.step
    assert before.step <= after.marks[0][0] <= after.step


def test_a_change_that_needs_a_reset_is_refused_in_words(hub, token):
    other = with_value(small_spec(), "walkers.count", 70)
    hub.command(token, Change(other))
    assert "needs a reset" in hub.view(token).notice
    hub.command(token, Step(1))
    assert view_at(hub, token, 1).spec == small_spec()
    assert hub.view(token).notice == ""


def test_a_reset_repeats_the_same_bits_and_a_new_seed_does_not(hub, token):
    def twenty_steps() -> np.ndarray:
        wait_for(lambda: hub.view(token).snapshot.step == 0)
        hub.command(token, Step(20))
        return view_at(hub, token, 20).snapshot.positions

    first = twenty_steps()
    hub.command(token, Reset())
    assert np.array_equal(twenty_steps(), first)
    hub.command(token, Reset(with_value(small_spec(), "seed", 1)))
    assert not np.array_equal(twenty_steps(), first)
    assert hub.view(token).spec.seed == 1


def test_a_reset_of_a_playing_run_goes_on_playing(hub, token):
    hub.command(token, Play())
    view_at(hub, token, 200)
    hub.command(token, Reset())
    low = wait_for(lambda: (s := hub.view(token).snapshot).step < 200 and s)
    assert hub.view(token).playing
    view_at(hub, token, low.step + 50)


def test_a_rewind_goes_back_to_the_same_bits(hub, token):
    hub.command(token, Step(10))
    ten = view_at(hub, token, 10).snapshot
    hub.command(token, Step(50))
    view_at(hub, token, 60)
    hub.command(token, Rewind(50))
    back = wait_for(lambda: (s := hub.view(token).snapshot).step == 10 and s)
    assert np.array_equal(back.positions, ten.positions)


def test_the_speed_is_a_cap(hub, token):
    hub.command(token, Speed(20.0))
    hub.command(token, Play())
    start = time.monotonic()
    wait_for(lambda: hub.view(token) and time.monotonic() > start + 1.0)
    steps, seconds = hub.view(token).snapshot.step, time.monotonic() - start
    assert 5 <= steps <= 20 * seconds + 2
    hub.command(token, Speed(None))
    view_at(hub, token, steps + 200)


def test_a_diverged_run_stops_by_itself_and_can_be_rewound(hub, token):
    hub.command(token, Step(30))
    view_at(hub, token, 30)
    hub.command(token, Change(with_value(small_spec(), "sampler.step_size", 50.0)))
    hub.command(token, Play())
    view = wait_for(lambda: (v := hub.view(token)).snapshot.divergence and not v.playing and v)
    hub.command(token, Rewind(view.snapshot.step))
    back = wait_for(lambda: (v := hub.view(token)).snapshot.step == 0 and v)
    assert back.snapshot.divergence is None
    assert back.spec.sampler.step_size == back.snapshot.spec.sampler.step_size


def test_a_run_that_fails_leaves_its_worker_and_the_other_runs_alone(hub):
    others = [hub.open(small_spec(), play=True) for _ in range(2)]
    for other in others:
        view_at(hub, other, 1)
    pids = [w["pid"] for w in hub.stats()["workers"]]
    token = hub.open(broken_spec(), play=True)
    view = wait_for(lambda: (v := hub.view(token)).notice and v)
    assert view.notice.startswith("stopped by an error: ")
    assert "\n" not in view.notice
    assert not view.playing
    for other in others:
        view_at(hub, other, hub.view(other).snapshot.step + 50)
    assert [w["pid"] for w in hub.stats()["workers"]] == pids
    hub.command(token, Reset(small_spec()))
    hub.command(token, Step(2))
    assert view_at(hub, token, 2).notice == ""
    for each in (*others, token):
        hub.close(each)


def test_looking_often_or_rarely_on_different_workers_gives_the_same_bits(hub):
    often, rarely = (hub.open(small_spec(seed=7), play=False) for _ in range(2))
    assert worker_of(hub, often) != worker_of(hub, rarely)
    for token in (rarely, often):
        hub.command(token, Step(150))
    watched = view_at(hub, often, 150).snapshot
    other = view_at(hub, rarely, 150).snapshot
    assert (watched.step, other.step) == (150, 150)
    assert np.array_equal(watched.positions, other.positions)
    assert np.array_equal(watched.log_w, other.log_w)
    for token in (often, rarely):
        hub.close(token)


def test_pictures_arrive_read_only(hub, token):
    snapshot = hub.view(token).snapshot
    for array in (snapshot.positions, snapshot.history["step"], snapshot.mode_mass.model):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_tokens_hold_128_bits_and_differ(hub, token):
    other = hub.open(small_spec(), play=False)
    assert len(base64.urlsafe_b64decode(other + "==")) == 16
    assert other != token
    hub.close(other)


def test_a_closed_run_is_unknown_and_leaves_no_file(hub):
    folder = Path(hub.stats()["folder"])
    token = hub.open(small_spec(), play=True)
    view_at(hub, token, 60)
    hub.close(token)
    with pytest.raises(UnknownRun):
        hub.view(token)
    wait_for(lambda: not list(folder.glob("*.safetensors")))


def test_runs_for_a_gpu_share_one_worker_of_their_own(hub):
    first, second = (hub.open(small_spec(device="auto"), play=False) for _ in range(2))
    assert worker_of(hub, first) == worker_of(hub, second)
    assert [w["gpu"] for w in hub.stats()["workers"]] == [False, False, True]
    hub.command(second, Step(3))
    view_at(hub, second, 3)
    hub.command(second, Reset(small_spec()))
    assert worker_of(hub, first) != worker_of(hub, second)
    hub.command(second, Step(4))
    assert wait_for(lambda: (s := hub.view(second).snapshot).step == 4 and s).device == "cpu"
    for token in (first, second):
        hub.close(token)


def test_waiting_for_workers_tells_when_they_are_not_ready_yet():
    """Loading torch takes longer than no time at all; in the end all workers are ready."""
    starting = Hub(patient(workers=1))
    starting.start()
    assert starting.wait_until_ready(0.0) is False
    assert starting.wait_until_ready(60.0) is True
    assert [worker["ready"] for worker in starting.stats()["workers"]] == [True]
    starting.stop()
