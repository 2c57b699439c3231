"""What a browser may say of a run: messages that become commands or looks, and how many of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ebm_engine.server.commands import Command, Pause, Play, Reset, Rewind, Speed, Step

LONGEST = 1000  # characters of a message
PER_SECOND = 300  # messages; a stage sends at most 30 signs of life and as many looks or steps
AT_ONCE = 620
PRICE = 60  # messages that count as much as one reset or rewind: five a second, ten at once
SHOWN_SECONDS = 3.0
TOO_FAST = "slow down: some of the last resets were left out"


def parse(text: str) -> Any:
    """The JSON of a message, None for anything else."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_command(message: Any) -> Command | None:
    """The command of a parsed message, or None for anything that is not exactly one."""
    match message:
        case {"do": "play"}:
            return Play()
        case {"do": "pause"}:
            return Pause()
        case {"do": "reset"}:
            return Reset(None)
        case {"do": "step", "count": int(count)} if is_one_of(count, 1, 10, 100):
            return Step(count)
        case {"do": "rewind", "count": int(count)} if is_one_of(count, 50):
            return Rewind(count)
        case {"do": "speed", "value": None}:
            return Speed(None)
        case {"do": "speed", "value": int(value)} if is_one_of(value, 1, 10, 60):
            return Speed(value)
    return None


def is_one_of(number: int, *allowed: int) -> bool:
    """Whether it is one of these; true, which equals 1, is not."""
    return number in allowed and not isinstance(number, bool)


def read_look(message: Any) -> tuple[int | None] | None:
    """(update,) of a wish to look back, (None,) of one to see the run again, None for no wish."""
    match message:
        case {"do": "scrub", "step": int(step)} if not isinstance(step, bool):
            return (step,)
        case {"do": "live"}:
            return (None,)
    return None


class Allowance:
    """What one browser may still ask for; it fills up again with time.

    Of costly commands those that are too many are left out. Everything else is only listened to
    more slowly.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left, self._at = float(AT_ONCE), clock()
        self._refused_at = -SHOWN_SECONDS

    @property
    def notice(self) -> str:
        """One sentence for some seconds after a command was left out, else ""."""
        return TOO_FAST if self._clock() - self._refused_at < SHOWN_SECONDS else ""

    def listen(self) -> float:
        """Count one message; seconds to wait before the next one is taken."""
        self._fill()
        self._left -= 1
        return max(0.0, -self._left / PER_SECOND)

    def admits(self, command: Command) -> bool:
        """Count a command; false when it must be left out."""
        if not isinstance(command, Reset | Rewind):
            return True
        self._fill()
        if self._left < PRICE:
            self._refused_at = self._clock()
            return False
        self._left -= PRICE
        return True

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(AT_ONCE, self._left + PER_SECOND * (now - self._at))
        self._at = now
