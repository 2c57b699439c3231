"""Lanes: the messages that wait for a worker, so that nobody's commands hold up another's run.

Messages that concern the same runs keep their order: a run and the one it branches from, or the
runs that go in lockstep, share a lane. The lanes take turns.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ebm_engine.server.commands import (
    Change,
    Close,
    Command,
    Do,
    Limit,
    Open,
    Play,
    Reset,
    Rewind,
    Seen,
    Speed,
    Step,
    Together,
)

Message = Open | Do | Seen | Close
QUICK = Play | Step | Speed | Limit  # no work of their own


def is_quick(message: Message) -> bool:
    """Whether a message is carried out in much less than a millisecond."""
    return isinstance(message, Seen) or (
        isinstance(message, Do) and isinstance(message.command, QUICK)
    )


@dataclass(eq=False)
class Lane:
    """Messages in the order of their arrival, and the runs that they concern."""

    runs: set[int]
    messages: deque[Message] = field(default_factory=deque)


class Lanes:
    """The waiting messages of all runs of a worker."""

    def __init__(self) -> None:
        self._lanes: list[Lane] = []  # in the order of their turns

    def __bool__(self) -> bool:
        """Whether any message waits."""
        return bool(self._lanes)

    def runs(self) -> set[int]:
        """The runs for which messages wait."""
        return set().union(*(lane.runs for lane in self._lanes))

    def add(self, message: Message | Together) -> None:
        """Put a message at the end of its lane; several that came as one share a lane."""
        messages = message.messages if isinstance(message, Together) else (message,)
        lane = self._lane_of(set().union(*map(_concerned, messages)))
        for each in messages:
            lane.messages.append(_in_place_of_earlier(lane, each))

    def take(self, *, quick: bool) -> Message | None:
        """The next message, whose lane then goes behind the others; None when there is none.

        With `quick` only one that costs next to nothing.
        """
        for lane in self._lanes:
            if quick and not is_quick(lane.messages[0]):
                continue
            self._lanes.remove(lane)
            message = lane.messages.popleft()
            if lane.messages:
                self._lanes.append(lane)
            return message
        return None

    def _lane_of(self, runs: set[int]) -> Lane:
        """The lane for these runs, made of all lanes that concern one of them."""
        lanes = [lane for lane in self._lanes if lane.runs & runs]
        if not lanes:
            self._lanes.append(Lane(runs))
            return self._lanes[-1]
        first, *others = lanes
        first.runs |= runs
        for other in others:
            first.runs |= other.runs
            first.messages.extend(other.messages)
            self._lanes.remove(other)
        return first


def _concerned(message: Message) -> set[int]:
    fork = message.fork if isinstance(message, Open) else None
    return {message.run_id, fork.parent} if fork else {message.run_id}


def _in_place_of_earlier(lane: Lane, message: Message) -> Message:
    """The message, once those that it makes pointless have been removed from its lane.

    A run that is forgotten needs no commands; one that is reset needs no earlier reset, whose spec
    the new one takes over, and no rewind. What came before a change of the spec, or before the run
    was opened or branched, stays.
    """
    match message:
        case Close(keep=False):
            pointless, bounds = Command, Open | Close
        case Do(command=Reset()):
            pointless, bounds = Reset | Rewind, Open | Close | Change
        case _:
            return message
    for index in reversed(range(len(lane.messages))):
        earlier = lane.messages[index]
        if message.run_id not in _concerned(earlier):
            continue
        act = earlier.command if isinstance(earlier, Do) else earlier
        if isinstance(act, bounds):
            break
        if isinstance(act, pointless):
            del lane.messages[index]
            message = _with_spec_of(act, message)
    return message


def _with_spec_of(earlier: Command, message: Message) -> Message:
    """A reset without a spec of its own brings that of an earlier one."""
    match earlier, message:
        case Reset(spec), Do(run_id, seq, Reset(None)):
            return Do(run_id, seq, Reset(spec))
    return message
