"""Lanes: the order in which a worker takes the messages of many runs, without a worker."""

from __future__ import annotations

from ebm_engine.server.commands import (
    Change,
    Close,
    Command,
    Do,
    Fork,
    Open,
    Pause,
    Play,
    Reset,
    Rewind,
    Seen,
    Step,
    Together,
)
from ebm_engine.server.worker.lanes import Lanes, Message
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import RunSpec

SPEC = RunSpec()
OTHER = with_value(SPEC, "seed", 5)


def commands(run: int, *each: Command) -> list[Do]:
    return [Do(run, seq, command) for seq, command in enumerate(each, 1)]


def opened(run: int, fork: Fork | None = None) -> Open:
    return Open(run, SPEC, False, False, None, 0, 0, fork=fork)


def taken(*messages: Message | Together) -> list[Message]:
    """All messages in the order in which a worker takes them that got them at once."""
    lanes = Lanes()
    for message in messages:
        lanes.add(message)
    order = []
    while (message := lanes.take(quick=False)) is not None:
        order.append(message)
    assert not lanes
    return order


def test_the_lanes_of_two_runs_take_turns():
    """First come, first served would put the one command of run 2 behind a thousand of run 1."""
    flood = commands(1, *[Rewind()] * 1000)
    order = taken(*flood, Do(2, 1, Pause()))
    assert order[1] == Do(2, 1, Pause())
    assert [message for message in order if message.run_id == 1] == flood


def test_of_a_thousand_resets_the_newest_is_left():
    """With the spec of the newest one that brings a spec."""
    flood = commands(1, Reset(SPEC), Reset(OTHER), *[Reset()] * 1000)
    assert taken(*flood) == [Do(1, 1002, Reset(OTHER))]


def test_a_reset_keeps_what_its_result_depends_on():
    """Play says whether it goes on, Change what it starts with; Rewind is made pointless."""
    play, change, rewind, reset = commands(1, Play(), Change(OTHER), Rewind(), Reset())
    first = Do(1, 0, Reset(SPEC))
    assert taken(first, play, change, rewind, reset) == [first, play, change, reset]


def test_a_reset_takes_nothing_from_a_branch_of_the_run_before():
    """The branch starts from the run as it is between the two resets, and before a later close."""
    first, second = commands(1, Reset(), Reset())
    branch = opened(2, Fork(1, 30))
    order = [first, branch, second, Do(2, 1, Step(10)), Close(1, keep=True)]
    assert taken(*order) == order


def test_what_came_as_one_is_taken_in_order_also_when_its_runs_had_lanes_of_their_own():
    """Runs in lockstep would drift apart if one went on between a command to it and to the next."""
    lanes = Lanes()
    for message in (Do(1, 1, Pause()), Do(2, 1, Pause()), Do(9, 1, Pause())):
        lanes.add(message)
    lanes.add(Together((Do(1, 2, Reset()), Do(2, 2, Reset()))))
    assert lanes.runs() == {1, 2, 9}
    order = []
    while lanes.runs() & {1, 2}:
        order.append(lanes.take(quick=False))
        assert lanes.runs() >= {1, 2} or not lanes.runs() & {1, 2}
    ours = [message for message in order if message.run_id != 9]
    assert ours == [Do(1, 1, Pause()), Do(2, 1, Pause()), Do(1, 2, Reset()), Do(2, 2, Reset())]


def test_a_quick_command_does_not_wait_for_the_costly_one_of_another_run():
    """While the runs catch up after a reset, a look, a step or play of somebody else passes."""
    lanes = Lanes()
    for message in (Do(1, 1, Reset()), Do(1, 2, Play()), Seen(2), Do(3, 1, Step(1))):
        lanes.add(message)
    assert lanes.take(quick=True) == Seen(2)
    assert lanes.take(quick=True) == Do(3, 1, Step(1))
    assert lanes.take(quick=True) is None
    assert lanes.take(quick=False) == Do(1, 1, Reset())
    assert lanes.take(quick=True) == Do(1, 2, Play())


def test_a_run_that_is_forgotten_needs_no_commands():
    """One that is only dropped does: they are part of what is kept."""
    flood = commands(1, Reset(), *[Rewind()] * 100, Pause())
    assert taken(opened(1), *flood, Close(1, keep=False)) == [opened(1), Close(1, keep=False)]
    assert taken(opened(1), *flood, Close(1, keep=True)) == [opened(1), *flood, Close(1, keep=True)]
