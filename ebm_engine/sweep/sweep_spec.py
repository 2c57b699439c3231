"""SweepSpec: two knobs with lists of values, methods and seeds around one spec.

A cell is one run: a method, a value of each knob and a seed. Importing this module never loads
torch.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, field_validator, model_validator

from ebm_engine.spec.edit import explain, flatten, with_value
from ebm_engine.spec.fields import Block
from ebm_engine.spec.knobs import Knob, knobs
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.recommended import complete_spec, suited
from ebm_engine.spec.repair import allowed, shown
from ebm_engine.spec.run_spec import RunSpec, SpecError

MAX_CELLS = 2000
MAX_UPDATES = 100_000
MAX_SEEDS = 100
Value = int | float | bool | str
FIXED = ("seed", "device")  # the sweep has its own seeds, and the machine is not a knob


class Axis(Block):
    """One knob of a sweep: the dotted path of a field and the values that it takes, in order."""

    path: str = Field(min_length=1, max_length=100)
    values: tuple[Value, ...] = Field(min_length=1, max_length=MAX_CELLS)

    @model_validator(mode="after")
    def _usable(self) -> Axis:
        if self.path in FIXED or self.path.endswith(".kind"):
            raise ValueError(f"{self.path} cannot be a knob of a sweep")
        if len({repr(value) for value in self.values}) < len(self.values):
            raise ValueError(f"{self.path}: a value is given twice")
        return self


class SweepSpec(Block):
    """Everything that defines a sweep.

    preset: the name of `base` in links; seeds: their number, counted up from the
    seed of `base`; updates: parameter updates of each run.
    """

    preset: str = Field(max_length=100)
    base: RunSpec
    x: Axis
    y: Axis
    methods: tuple[str, ...] = Field(min_length=1)
    seeds: int = Field(1, ge=1, le=MAX_SEEDS)
    updates: int = Field(300, ge=1, le=MAX_UPDATES)

    @field_validator("base", mode="before")
    @classmethod
    def _one_sentence(cls, content: Any) -> RunSpec:
        """What a base leaves out is recommended; one that is wrong says so in one sentence."""
        return content if isinstance(content, RunSpec) else complete_spec(content)

    @model_validator(mode="after")
    def _fits(self) -> SweepSpec:
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown:
            raise ValueError(f"method {unknown[0]!r} is unknown, allowed are {', '.join(METHODS)}")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("a method is given twice")
        if self.x.path == self.y.path:
            raise ValueError(f"both knobs are {self.x.path}, they must differ")
        if self.count > MAX_CELLS:
            raise ValueError(f"the sweep has {self.count} cells, at most {MAX_CELLS} are allowed")
        return self

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.methods) * len(self.y.values) * len(self.x.values) * self.seeds

    @property
    def key(self) -> str:
        """A name that is the same for the same sweep."""
        return _digest(self.model_dump(mode="json"))


class Cell(NamedTuple):
    """One run of a sweep: where it stands, what is trained, or why it cannot be.

    row and column: its place on the axes y and x; problem: one sentence where `spec` is None.
    """

    method: str
    row: int
    column: int
    seed: int
    updates: int
    spec: RunSpec | None
    problem: str = ""

    @property
    def key(self) -> str:
        """The name of this run's file: the same for the same spec and updates; "" if illegal."""
        if self.spec is None:
            return ""
        return _digest([self.spec.model_dump(mode="json"), self.updates])


def parse_sweep(content: Any) -> SweepSpec:
    """A SweepSpec from parsed JSON; raises SpecError with one sentence on anything wrong."""
    try:
        sweep = SweepSpec.model_validate(content)
    except ValidationError as error:
        raise SpecError(explain(error)) from None
    for axis in (sweep.x, sweep.y):
        _check_path(sweep, axis.path)
    return sweep


def cells(sweep: SweepSpec) -> list[Cell]:
    """All cells: method by method, row by row, with the seeds of one place side by side."""
    found = []
    for method in sweep.methods:
        for row in range(len(sweep.y.values)):
            for column in range(len(sweep.x.values)):
                found += place(sweep, method, row, column)
    return found


def place(sweep: SweepSpec, method: str, row: int, column: int) -> list[Cell]:
    """The cells of one place of a phase diagram, one per seed."""
    seeds = range(sweep.base.seed, sweep.base.seed + sweep.seeds)
    try:
        spec = of_method(sweep.base, method)
        spec = with_value(spec, sweep.y.path, sweep.y.values[row])
        spec = with_value(spec, sweep.x.path, sweep.x.values[column])
        specs = [with_value(spec, "seed", seed) for seed in seeds]
    except SpecError as error:
        problem = str(error)
        return [Cell(method, row, column, s, sweep.updates, None, problem) for s in seeds]
    return [Cell(method, row, column, s.seed, sweep.updates, s) for s in specs]


def of_method(base: RunSpec, method: str) -> RunSpec:
    """The spec with a method: its own settings stay, another one comes with what suits it."""
    return base if method == base.method.kind else suited(base, "method", method)


def number_knobs(base: RunSpec, methods: Sequence[str]) -> dict[str, Knob]:
    """The knobs that are numbers and have an effect with any of the methods, by path."""
    specs = [base]
    for method in methods:
        with suppress(SpecError):  # such a method's cells say so themselves
            specs.append(of_method(base, method))
    numbers = (knob for s in specs for knob in knobs(s) if knob.kind in ("float", "int"))
    return {knob.path: knob for knob in numbers if knob.usual and knob.path not in FIXED}


def check_numbers(sweep: SweepSpec, most: int) -> None:
    """Raise SpecError unless both knobs are numbers within their limits, of at most `most` values.

    A knob of a sweep can be any field; on a page it has a range.
    """
    known = number_knobs(sweep.base, sweep.methods)
    for axis in (sweep.x, sweep.y):
        if axis.path not in known:
            raise SpecError(f"{axis.path} is not a number that can be swept here")
        if len(axis.values) > most:
            raise SpecError(f"{axis.path} has {len(axis.values)} values, the limit is {most}")
        for value in axis.values:
            if not _fits(known[axis.path], value):
                limits = allowed(known[axis.path])
                raise SpecError(f"{axis.path} = {shown(value)} is not allowed, it must be {limits}")


def _fits(knob: Knob, value: Value) -> bool:
    if not isinstance(value, int if knob.kind == "int" else (int, float)):
        return False
    low = -math.inf if knob.low is None else knob.low
    high = math.inf if knob.high is None else knob.high
    return low <= value <= high and not (knob.open_low and value == low)


def usual_values(knob: Knob, count: int, digits: int = 3) -> tuple[Value, ...]:
    """`count` values over the usual range of a knob that is a number.

    Raises SpecError where a knob has no usual range.
    """
    if knob.usual is None:
        raise SpecError(f"{knob.path} has no usual range")
    low, high = knob.usual
    return spaced(
        low, high, count, log=knob.log and low > 0, whole=knob.kind == "int", digits=digits
    )


def spaced(
    low: float, high: float, count: int, *, log: bool, whole: bool, digits: int = 3
) -> tuple[Value, ...]:
    """`count` values from low to high, evenly or by equal factors, the inner ones rounded.

    digits: significant ones of the inner values. Whole numbers that fall together count once.
    Raises SpecError on a range that has no values.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise SpecError(f"the range from {low:g} to {high:g} is empty")
    if log and low <= 0:
        raise SpecError(f"a range by equal factors must begin above 0, not at {low:g}")
    if not 1 <= count <= MAX_CELLS:
        raise SpecError(f"number of values = {count}: must be between 1 and {MAX_CELLS}")
    shares = [i / max(1, count - 1) for i in range(count)]
    raw = [low * (high / low) ** s if log else low + (high - low) * s for s in shares]
    ends = {0: low, count - 1: high if count > 1 else low}
    values = [ends.get(i, float(f"{value:.{digits}g}")) for i, value in enumerate(raw)]
    return tuple(dict.fromkeys(round(v) if whole else float(v) for v in values))


def _check_path(sweep: SweepSpec, path: str) -> None:
    """Raise SpecError unless at least one of the methods has this field."""
    reasons = []
    for method in sweep.methods:
        try:
            spec = of_method(sweep.base, method)
        except SpecError as error:
            reasons.append(str(error))
            continue
        if path in flatten(spec):
            return
        reasons.append(f"{path} is not a field of the spec with {method}")
    raise SpecError(reasons[0])


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
