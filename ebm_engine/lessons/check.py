"""Measures the claims of a lesson: its runs, headless, over several seeds.

    python -m ebm_engine.lessons.check two-forces --seeds 10

A claim of a run holds when it holds on at least nine of ten seeds; one of a figure has no seed.
A lesson that names mass_annealed or tv_annealed has its image models measured by annealed walkers.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from typing import NamedTuple

from ebm_engine.lessons.claims import Claim, Measurement
from ebm_engine.lessons.figures import figure_numbers
from ebm_engine.lessons.lesson import Lesson
from ebm_engine.lessons.numbers import numbers
from ebm_engine.lessons.read import lessons
from ebm_engine.run.run import Run, prepare_process
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.ais import measure

SEEDS = 10
NEEDED = 0.9  # share of the seeds on which a claim must hold
WALKERS, STEPS = 400, 200  # of the annealed walkers

Table = dict[tuple[str, int], dict[str, float]]  # (run, update) → its numbers


class Outcome(NamedTuple):
    """A claim with, for each seed, the number measured and whether the claim held."""

    claim: Claim
    values: tuple[float, ...]
    held: tuple[bool, ...]

    @property
    def holds(self) -> bool:
        """Whether it held on enough seeds."""
        return sum(self.held) >= NEEDED * len(self.held)

    def line(self) -> str:
        """The outcome in one line: verdict, seeds, range of the number, the claim."""
        known = [v for v in self.values if not math.isnan(v)]
        span = f"{min(known):.4g} to {max(known):.4g}" if known else "no number"
        verdict = "holds" if self.holds else "FAILS"
        where = self.claim.run or self.claim.figure
        seeds = f"{sum(self.held)}/{len(self.held)}"
        return f"{verdict} {seeds:5} {where}.{self.claim.number} {span}: {self.claim.text}"


def check(lesson: Lesson, seeds: int = SEEDS) -> list[Outcome]:
    """The outcome of each claim of a lesson with the seeds 0 to seeds − 1.

    Raises ValueError when seeds is below 1, SpecError when a run cannot be built here.
    """
    if seeds < 1:
        raise ValueError(f"seeds = {seeds}: at least 1 is needed")
    if lesson.runs:
        prepare_process()
    tables = [measure_runs(lesson, seed) for seed in range(seeds if lesson.runs else 1)]
    return [_outcome(claim, lesson.until, tables) for claim in lesson.claims]


def measure_runs(lesson: Lesson, seed: int) -> Table:
    """The numbers that the claims of a lesson compare, with one seed."""
    needed = [m for claim in lesson.claims for m in (claim, claim.rival()) if m and m.run]
    numbers_of_runs: Table = {}
    for name, spec in lesson.specs(seed).items():
        of_run = [m for m in needed if m.run == name]
        annealed = {_update(m, lesson.until) for m in of_run if "annealed" in m.number}
        for update, run in _played(spec, {_update(m, lesson.until) for m in of_run}):
            numbers_of_runs[name, update] = _numbers(run, update in annealed)
    return numbers_of_runs


def _played(spec: RunSpec, updates: set[int]) -> Iterator[tuple[int, Run]]:
    """A run at each of the updates in turn; one that diverges never reaches the later ones."""
    run = Run(spec)
    for update in sorted(updates):
        while run.step < update and not run.divergence:
            run.advance()
        if run.divergence:
            return
        yield update, run


def _numbers(run: Run, with_annealed: bool) -> dict[str, float]:
    annealed = None
    if with_annealed:
        *_, (_, annealed) = measure(run, WALKERS, STEPS, run.spec.seed)
    return numbers(run.snapshot(playing=False, updates_per_second=0.0), annealed)


def _outcome(claim: Claim, until: int, tables: list[Table]) -> Outcome:
    values, held = [], []
    for table in tables[:1] if claim.figure else tables:

        def measured(what: Measurement, table: Table = table) -> float:
            if what.figure:
                return figure_numbers(what.figure, what.values)[what.number]
            return table.get((what.run, _update(what, until)), {}).get(what.number, math.nan)

        values.append(measured(claim))
        held.append(claim.holds(measured))
    return Outcome(claim, tuple(values), tuple(held))


def _update(measurement: Measurement, until: int) -> int:
    return until if measurement.at is None else measurement.at


def main(arguments: list[str] | None = None) -> int:
    """Measure one lesson or all and print a line for each claim: 0 when all hold, 1 when one fails.

    2 on bad input, with one sentence on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m ebm_engine.lessons.check")
    parser.add_argument("lesson", nargs="?", help="id of a lesson; without it, all lessons")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="number of seeds, 0, 1 and so on")
    options = parser.parse_args(arguments)
    known = {lesson.id: lesson for lesson in lessons()}
    if options.seeds < 1 or options.lesson not in {None, *known}:
        sys.stderr.write(
            f"lesson {options.lesson!r} on {options.seeds} seeds cannot be measured: at least 1 "
            f"seed is needed, and the lessons are {', '.join(known)}\n"
        )
        return 2
    failed = 0
    for lesson in [known[options.lesson]] if options.lesson else known.values():
        sys.stdout.write(f"{lesson.number}. {lesson.title}\n")
        for outcome in check(lesson, options.seeds):
            failed += not outcome.holds
            sys.stdout.write(f"   {outcome.line()}\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
