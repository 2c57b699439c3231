"""Updates per second, counted over the last second."""

from __future__ import annotations

from collections import deque
from time import perf_counter

WINDOW = 1.0  # seconds


class Rate:
    """A speedometer that is read now and then."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int]] = deque()

    def restart(self) -> None:
        """Forget what was read before."""
        self._readings.clear()

    def at(self, step: int) -> float:
        """Updates per second up to now, where the run has made `step` updates."""
        now = perf_counter()
        self._readings.append((now, step))
        while len(self._readings) > 2 and self._readings[1][0] < now - WINDOW:
            self._readings.popleft()
        before, first = self._readings[0]
        return (step - first) / (now - before) if now > before else 0.0
