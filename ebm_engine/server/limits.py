"""Limits of the run hub: how many runs, how long unwatched; read from EBM_… variables."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

MAX_DEFAULT_WORKERS = 16  # each holds its own copy of torch in memory


class LimitsError(ValueError):
    """A limit that cannot be used; the message is one sentence with variable, value and range."""


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))  # those of this process
    return os.cpu_count() or 1


def _default_workers() -> int:
    return min(_cores(), MAX_DEFAULT_WORKERS)


def _limit(default: float | None, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class Limits:
    """What the hub allows; each field is read from EBM_ and its name in capitals.

    workers: processes for runs on the CPU, by default one per core and at most 16; max_runs: runs
    in memory; max_playing: runs that play at once, None for four per worker; turn_seconds: length
    of a turn while others wait; lease_seconds: unwatched this long, a run pauses; drop_seconds: …
    leaves memory; checkpoint_seconds: … is forgotten, counted from the drop; max_kept: dropped runs
    whose checkpoints are kept. Raises LimitsError on a value outside its range.
    """

    workers: int = field(default_factory=_default_workers, metadata={"low": 1, "high": 256})
    max_runs: int = _limit(60, 1, 10_000)
    max_playing: int | None = _limit(None, 1, 10_000)
    turn_seconds: float = _limit(20.0, 0.01, 86_400)
    lease_seconds: float = _limit(15.0, 0.01, 86_400)
    drop_seconds: float = _limit(180.0, 0.01, 7 * 86_400)
    checkpoint_seconds: float = _limit(3600.0, 0.0, 30 * 86_400)
    max_kept: int = _limit(240, 0, 100_000)

    def __post_init__(self) -> None:
        for item in fields(self):
            value, low, high = getattr(self, item.name), item.metadata["low"], item.metadata["high"]
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                name = _variable(item.name)
                raise LimitsError(f"{name} = {value:g}, allowed are {low:g} to {high:g}")
        if self.drop_seconds < self.lease_seconds:
            raise LimitsError(
                f"EBM_DROP_SECONDS = {self.drop_seconds:g} must not be below "
                f"EBM_LEASE_SECONDS = {self.lease_seconds:g}"
            )

    @property
    def seats(self) -> int:
        """How many runs may play at once."""
        return 4 * self.workers if self.max_playing is None else self.max_playing

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """The limits that the environment asks for; raises LimitsError on a bad value."""
        given = {}
        for item in fields(cls):
            text = environment.get(_variable(item.name), "").strip()
            if text:
                given[item.name] = _parse(item.name, text, whole="int" in str(item.type))
        return cls(**given)


def _variable(name: str) -> str:
    return f"EBM_{name.upper()}"


def _parse(name: str, text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise LimitsError(f"{_variable(name)} = {text!r} is not {kind}") from None
