"""The fair queue: which runs play now and which wait, first come first served, in turns."""

from __future__ import annotations

from collections.abc import Collection


class FairQueue:
    """Seats for runs that play, and a queue in front of them.

    While others wait, a run that has played for `turn_seconds` goes to the end of the queue.
    """

    def __init__(self, seats: int, turn_seconds: float) -> None:
        self.seats = seats
        self.turn_seconds = turn_seconds
        self.playing: dict[int, float] = {}  # run → since when; in order of that time
        self.waiting: list[int] = []

    def update(self, wanting: Collection[int], now: float) -> None:
        """Seat the runs that want to play, at most `seats` of them; `now` in seconds."""
        self.playing = {run: since for run, since in self.playing.items() if run in wanting}
        self.waiting = [run for run in self.waiting if run in wanting]
        known = self.playing.keys() | set(self.waiting)
        self.waiting += [run for run in wanting if run not in known]
        tired = [run for run, since in self.playing.items() if now - since >= self.turn_seconds]
        needed = len(self.waiting) - (self.seats - len(self.playing))
        for run in tired[: max(needed, 0)]:
            del self.playing[run]
            self.waiting.append(run)
        while self.waiting and len(self.playing) < self.seats:
            self.playing[self.waiting.pop(0)] = now

    def position(self, run: int) -> int:
        """Place in the queue, 1 = next; 0 when the run does not wait."""
        return self.waiting.index(run) + 1 if run in self.waiting else 0
