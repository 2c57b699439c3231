"""The fair queue, with a clock of its own."""

from ebm_engine.server.hub.fair_queue import FairQueue


def test_seats_go_to_those_who_came_first():
    queue = FairQueue(2, 20.0)
    queue.update([1, 2, 3, 4], now=0.0)
    assert list(queue.playing) == [1, 2]
    assert [queue.position(run) for run in (1, 2, 3, 4)] == [0, 0, 1, 2]


def test_a_free_seat_goes_to_the_first_in_the_queue_not_to_a_newcomer():
    queue = FairQueue(1, 20.0)
    queue.update([1, 2], now=0.0)
    queue.update([9, 2], now=1.0)
    assert list(queue.playing) == [2]
    assert queue.position(9) == 1


def test_nobody_has_to_stop_while_nobody_waits():
    queue = FairQueue(2, 20.0)
    queue.update([1, 2], now=0.0)
    queue.update([1, 2], now=1000.0)
    assert queue.playing == {1: 0.0, 2: 0.0}


def test_after_its_turn_a_run_goes_to_the_end_of_the_queue():
    queue = FairQueue(1, 20.0)
    queue.update([1, 2, 3], now=0.0)
    queue.update([1, 2, 3], now=19.9)
    assert list(queue.playing) == [1]
    order = []
    for now in (20.0, 40.0, 60.0):
        queue.update([1, 2, 3], now)
        order.append((*queue.playing, *queue.waiting))
    assert order == [(2, 3, 1), (3, 1, 2), (1, 2, 3)]


def test_only_as_many_stop_as_are_needed():
    queue = FairQueue(3, 20.0)
    queue.update([1, 2, 3], now=0.0)
    queue.update([1, 2, 3, 4], now=30.0)
    assert sorted(queue.playing) == [2, 3, 4]
    assert queue.waiting == [1]


def test_a_free_seat_is_used_before_anybody_stops():
    queue = FairQueue(2, 20.0)
    queue.update([1], now=0.0)
    queue.update([1, 2], now=50.0)
    assert sorted(queue.playing) == [1, 2]


def test_who_no_longer_wants_to_play_leaves_the_queue():
    queue = FairQueue(1, 20.0)
    queue.update([1, 2, 3], now=0.0)
    queue.update([1, 3], now=1.0)
    assert queue.waiting == [3]
    assert queue.position(2) == 0
