"""The fair queue, with a clock of its own."""

from ebm_engine.server.hub.fair_queue import Turns


def test_seats_go_to_those_who_came_first():
    turns = Turns(2, 20.0)
    turns.update([1, 2, 3, 4], now=0.0)
    assert list(turns.playing) == [1, 2]
    assert [turns.position(run) for run in (1, 2, 3, 4)] == [0, 0, 1, 2]


def test_a_free_seat_goes_to_the_first_in_the_queue_not_to_a_newcomer():
    turns = Turns(1, 20.0)
    turns.update([1, 2], now=0.0)
    turns.update([9, 2], now=1.0)
    assert list(turns.playing) == [2]
    assert turns.position(9) == 1


def test_nobody_has_to_stop_while_nobody_waits():
    turns = Turns(2, 20.0)
    turns.update([1, 2], now=0.0)
    turns.update([1, 2], now=1000.0)
    assert turns.playing == {1: 0.0, 2: 0.0}


def test_after_its_turn_a_run_goes_to_the_end_of_the_queue():
    turns = Turns(1, 20.0)
    turns.update([1, 2, 3], now=0.0)
    turns.update([1, 2, 3], now=19.9)
    assert list(turns.playing) == [1]
    order = []
    for now in (20.0, 40.0, 60.0):
        turns.update([1, 2, 3], now)
        order.append((*turns.playing, *turns.waiting))
    assert order == [(2, 3, 1), (3, 1, 2), (1, 2, 3)]


def test_only_as_many_stop_as_are_needed():
    turns = Turns(3, 20.0)
    turns.update([1, 2, 3], now=0.0)
    turns.update([1, 2, 3, 4], now=30.0)
    assert sorted(turns.playing) == [2, 3, 4]
    assert turns.waiting == [1]


def test_a_free_seat_is_used_before_anybody_stops():
    turns = Turns(2, 20.0)
    turns.update([1], now=0.0)
    turns.update([1, 2], now=50.0)
    assert sorted(turns.playing) == [1, 2]


def test_who_no_longer_wants_to_play_leaves_the_queue():
    turns = Turns(1, 20.0)
    turns.update([1, 2, 3], now=0.0)
    turns.update([1, 3], now=1.0)
    assert turns.waiting == [3]
    assert turns.position(2) == 0
