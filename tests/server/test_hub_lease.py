"""The hub with real worker processes: leases, dropped runs, the fair queue and its limits."""

import time
from collections.abc import Callable, Iterator

import pytest

from ebm_engine.server.commands import Pause, Play, Step
from ebm_engine.server.hub.hub import Hub, HubFull, UnknownRun
from ebm_engine.server.limits import Limits
from tests.server.hub_tools import patient, ready, small_spec, view_at, wait_for

UNWATCHED = "paused: nobody was watching"


@pytest.fixture(scope="module")
def short() -> Iterator[Hub]:
    """A hub with short leases."""
    hub = Hub(Limits(workers=1, lease_seconds=0.5, drop_seconds=1.5, checkpoint_seconds=1.5))
    hub.start()
    yield ready(hub)
    hub.stop()


@pytest.fixture(scope="module")
def narrow() -> Iterator[Hub]:
    """A hub with one seat and room for three runs."""
    hub = Hub(patient(workers=1, max_playing=1, max_runs=3, turn_seconds=0.5))
    hub.start()
    yield ready(hub)
    hub.stop()


@pytest.fixture
def three(narrow: Hub) -> Iterator[list[str]]:
    """Three runs that want to play, in this order."""
    tokens = [narrow.open(small_spec(seed=seed), play=True) for seed in range(3)]
    yield tokens
    for token in tokens:
        narrow.close(token)


def state(hub: Hub, token: str) -> str:
    return hub.stats()["runs"][token]["state"]


def watched(hub: Hub, token: str, condition: Callable[[], object]) -> object:
    """Wait for a condition as somebody who watches."""

    def look() -> object:
        hub.touch(token)
        return condition()

    return wait_for(look)


def test_an_unwatched_run_pauses_and_resumes_by_itself(short):
    token = short.open(small_spec(), play=True)
    view = watched(short, token, lambda: (v := short.view(token)).snapshot and v)
    watched(short, token, lambda: short.view(token).snapshot.step > view.snapshot.step + 100)
    slept = wait_for(lambda: (v := short.view(token)).notice == UNWATCHED and v)
    assert slept.playing
    still = wait_for(lambda: not (v := short.view(token)).snapshot.playing and v).snapshot.step
    time.sleep(0.2)
    assert short.view(token).snapshot.step == still
    watched(short, token, lambda: short.view(token).snapshot.step > still)
    assert short.view(token).notice == ""
    short.close(token)


def test_a_watched_run_outlives_its_lease(short):
    token = short.open(small_spec(), play=True)
    end = time.monotonic() + 1.2
    watched(short, token, lambda: time.monotonic() > end)
    assert state(short, token) == "playing"
    short.close(token)


def test_a_dropped_run_comes_back_when_somebody_looks(short):
    token = short.open(small_spec(), play=True)
    wait_for(lambda: state(short, token) == "asleep")
    last = wait_for(lambda: not (v := short.view(token)).snapshot.playing and v).snapshot.step
    wait_for(lambda: state(short, token) == "dropped")
    assert short.stats()["workers"][0]["runs"] == 0
    view = wait_for(lambda: (v := short.view(token)).snapshot and v.notice and v)
    assert view.notice == f"restored from update {last}"
    watched(short, token, lambda: short.view(token).snapshot.step > last)
    short.close(token)


def test_a_dropped_paused_run_carries_out_the_next_command(short):
    token = short.open(small_spec(), play=False)
    short.command(token, Step(7))
    view_at(short, token, 7)
    wait_for(lambda: state(short, token) == "dropped")
    short.command(token, Step(3))
    assert view_at(short, token, 8).snapshot.step <= 10
    assert view_at(short, token, 10).snapshot.step == 10
    assert not short.view(token).playing
    short.close(token)


def test_a_run_is_forgotten_in_the_end(short):
    token = short.open(small_spec(), play=False)
    wait_for(lambda: token not in short.stats()["runs"])
    with pytest.raises(UnknownRun):
        short.touch(token)


def test_leaving_pauses_at_once_and_returning_resumes(narrow):
    token = narrow.open(small_spec(), play=True)
    view_at(narrow, token, 10)
    narrow.leave(token)
    view = wait_for(lambda: not (v := narrow.view(token)).snapshot.playing and v)
    assert (view.playing, view.notice) == (True, UNWATCHED)
    narrow.touch(token)
    view_at(narrow, token, view.snapshot.step + 10)
    narrow.close(token)


def test_waiting_runs_see_their_place_and_move_up(narrow, three):
    assert [narrow.view(t).queue_position for t in three] == [0, 1, 2]
    assert [narrow.view(t).playing for t in three] == [True] * 3
    narrow.command(three[0], Pause())
    assert [narrow.view(t).queue_position for t in three] == [0, 0, 1]
    narrow.leave(three[1])
    assert [narrow.view(t).queue_position for t in three] == [0, 0, 0]
    narrow.command(three[0], Play())
    assert [narrow.view(t).queue_position for t in three] == [1, 0, 0]


def test_waiting_runs_get_their_turn(narrow, three):
    for token in three:
        view_at(narrow, token, 50)
    assert sorted(narrow.view(t).queue_position for t in three) == [0, 1, 2]


def test_a_waiting_run_can_be_stepped(narrow, three):
    narrow.command(three[2], Step(5))
    assert view_at(narrow, three[2], 5).snapshot.step == 5


def test_a_full_hub_says_so_but_gives_the_place_of_an_unwatched_run(narrow, three):
    with pytest.raises(HubFull, match="all 3 places"):
        narrow.open(small_spec(), play=False)
    view_at(narrow, three[1], 1)
    narrow.leave(three[1])
    fourth = narrow.open(small_spec(), play=False)
    assert state(narrow, three[1]) == "dropped"
    assert "all 3 places" in narrow.view(three[1]).notice
    narrow.close(fourth)
    assert wait_for(lambda: narrow.view(three[1]).notice.startswith("restored from update"))
