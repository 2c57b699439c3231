"""Claims of a lesson: one measured number against limits, or against another measured number."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator

from pydantic import Field, model_validator

from ebm_engine.lessons.figures import FIGURES, sliders
from ebm_engine.lessons.numbers import mistake
from ebm_engine.spec.fields import Block


class Reading(Block):
    """A number of a run at an update (None: the lesson's last) or of a figure with its sliders."""

    run: str = ""
    at: int | None = Field(None, ge=0)
    figure: str = ""
    values: dict[str, float] = Field(default_factory=dict)
    number: str = ""


class Rival(Reading):
    """Another reading, times a factor; what it does not name is as in the claim."""

    times: float = 1.0


Measure = Callable[[Reading], float]


class Claim(Reading):
    """text: what is claimed, in words; then exactly one of between, below and above."""

    text: str = Field(min_length=1, max_length=300)
    between: tuple[float, float] | None = None
    below: Rival | None = None
    above: Rival | None = None

    def holds(self, measure: Measure) -> bool:
        """Whether the claim holds for what `measure` reads; never for a number that is NaN."""
        value = measure(self)
        if self.between is not None:
            return self.between[0] <= value <= self.between[1]
        rival = self.rival()
        limit = rival.times * measure(rival)
        return value < limit if self.below is not None else value > limit

    def rival(self) -> Rival | None:
        """What the number is compared with, in full; None for limits."""
        given = self.below or self.above
        if given is None:
            return None
        mine = {name: getattr(self, name) for name in Reading.model_fields}
        named = given.model_fields_set & mine.keys()
        if "run" in named:
            mine["figure"], mine["values"] = "", {}
        return Rival(**mine | {name: getattr(given, name) for name in named}, times=given.times)

    def mistakes(self, runs: Collection[str], until: int) -> Iterator[str]:
        """What is wrong with the claim and with what it is compared with."""
        yield from _mistakes(self, runs, until)
        rival = self.rival()
        if rival is not None:
            yield from _mistakes(rival, runs, until)

    @model_validator(mode="after")
    def _one_comparison(self) -> Claim:
        given = [n for n in ("between", "below", "above") if getattr(self, n) is not None]
        if len(given) != 1:
            shown = ", ".join(given) or "none"
            raise ValueError(f"one of between, below and above is needed, there is {shown}")
        low, high = self.between or (0.0, 0.0)
        if not low <= high or math.isnan(low + high):
            raise ValueError(f"between = {[low, high]}: the first must not be above the second")
        return self


def _mistakes(reading: Reading, runs: Collection[str], until: int) -> Iterator[str]:
    """What is wrong with a reading in a lesson with these runs that ends at update `until`."""
    if bool(reading.run) == bool(reading.figure):
        yield "one of run and figure is needed, and only one"
    elif reading.figure:
        yield from _figure_mistakes(reading)
    elif reading.run not in runs:
        yield f"run = {reading.run!r} is no run of the lesson, there are {', '.join(runs)}"
    elif mistake(reading.number):
        yield f"number = {reading.number!r} {mistake(reading.number)}"
    elif reading.at is not None and reading.at > until:
        yield f"at = {reading.at} lies beyond the last update, which is {until}"


def _figure_mistakes(reading: Reading) -> Iterator[str]:
    if reading.figure not in FIGURES:
        yield f"figure = {reading.figure!r} is unknown, there are {', '.join(FIGURES)}"
        return
    known = FIGURES[reading.figure].numbers
    if reading.number not in known:
        yield f"number = {reading.number!r} is not of the figure, it has {', '.join(known)}"
    try:
        sliders(reading.figure, reading.values)
    except ValueError as error:
        yield str(error)
