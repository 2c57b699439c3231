"""Claims of a lesson: one measured number against limits, or against another measured number."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator

from pydantic import Field, model_validator

from ebm_engine.lessons.figures import FIGURES, sliders
from ebm_engine.lessons.numbers import mistake
from ebm_engine.spec.fields import Block


class Measurement(Block):
    """A number of a run at an update (None: the lesson's last) or of a figure with its sliders."""

    run: str = ""
    at: int | None = Field(None, ge=0)
    figure: str = ""
    values: dict[str, float] = Field(default_factory=dict)
    number: str = ""


class Rival(Measurement):
    """Another measurement, times a factor; what it does not name is as in the claim."""

    times: float = 1.0


Measure = Callable[[Measurement], float]


class Claim(Measurement):
    """text: what is claimed, in words; then exactly one of between, below and above."""

    text: str = Field(min_length=1, max_length=300)
    between: tuple[float, float] | None = None
    below: Rival | None = None
    above: Rival | None = None

    def holds(self, measure: Measure) -> bool:
        """Whether the claim holds for what `measure` returns; never for NaN."""
        value, rival = measure(self), self.rival()
        if rival is None:
            low, high = self.between or (math.nan, math.nan)
            return low <= value <= high
        limit = rival.times * measure(rival)
        return value < limit if self.below is not None else value > limit

    def rival(self) -> Rival | None:
        """What the number is compared with, in full; None for limits."""
        given = self.below or self.above
        if given is None:
            return None
        fields = {name: getattr(self, name) for name in Measurement.model_fields}
        named = given.model_fields_set & fields.keys()
        if "run" in named:
            fields |= {"figure": "", "values": {}}
        return Rival(**fields | {name: getattr(given, name) for name in named}, times=given.times)

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
            raise ValueError(f"exactly one of between, below and above is needed, not {shown}")
        low, high = self.between or (0.0, 0.0)
        if not low <= high or math.isnan(low + high):
            raise ValueError(f"between = {[low, high]}: the first must not be above the second")
        return self


def _mistakes(measurement: Measurement, runs: Collection[str], until: int) -> Iterator[str]:
    """What is wrong with a measurement in a lesson with these runs and `until` updates."""
    if bool(measurement.run) == bool(measurement.figure):
        yield "exactly one of run and figure is needed"
    elif measurement.figure:
        yield from _figure_mistakes(measurement)
    elif measurement.run not in runs:
        yield f"run = {measurement.run!r} is not a run of this lesson, which has {', '.join(runs)}"
    elif mistake(measurement.number):
        yield f"number = {measurement.number!r} {mistake(measurement.number)}"
    elif measurement.at is not None and measurement.at > until:
        yield f"at = {measurement.at} lies beyond the last update, which is {until}"


def _figure_mistakes(measurement: Measurement) -> Iterator[str]:
    if measurement.figure not in FIGURES:
        yield f"figure = {measurement.figure!r} is unknown, allowed are {', '.join(FIGURES)}"
        return
    known = FIGURES[measurement.figure].numbers
    if measurement.number not in known:
        has = f"this figure, which has {', '.join(known)}"
        yield f"number = {measurement.number!r} is not a number of {has}"
    try:
        sliders(measurement.figure, measurement.values)
    except ValueError as error:
        yield str(error)
