"""The image models of a lesson, measured by annealed walkers in the background."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from ebm_engine.lessons.numbers import Annealed
from ebm_engine.server.hub.hub import UnknownRun, hub
from pages.common.lesson.flow import Progress
from pages.common.tab import jobs
from pages.common.tab.lockstep import LockstepRuns
from pages.live.stage import Measured

SLOT = "lesson-ais"
AIS = {"walkers": 400, "steps": 200}  # as in the claims of the lessons


def measure(progress: Progress, runs: LockstepRuns) -> bool:
    """Have every model measured by annealed walkers; False while one is not saved yet."""
    contents = []
    for held in runs.members:
        with suppress(UnknownRun):
            contents.append(hub().checkpoint(held.token))
    if len(contents) < len(runs.members) or not all(contents):
        return False
    for run, held, content in zip(progress.lesson.runs, runs.members, contents, strict=True):
        given = AIS | {"seed": progress.seed, "checkpoint": content}
        jobs.start(_job(run.name), "ais", given, (progress.lesson.id, held.token))
    return True


def follow(progress: Progress, runs: LockstepRuns) -> None:
    """Draw how far the measurements are; the page runs again when one has come to its end."""
    for run, held in zip(progress.lesson.runs, runs.members, strict=True):
        if jobs.about(_job(run.name)) == (progress.lesson.id, held.token):
            if jobs.found(_job(run.name)) is None:
                st.caption(run.title)
            jobs.follow(_job(run.name), lambda _: None)


def annealed(progress: Progress, runs: LockstepRuns | None) -> dict[str, Annealed]:
    """What annealed walkers have found of each run of this lesson, by its name."""
    if runs is None:
        return {}
    found = {}
    for run, held in zip(progress.lesson.runs, runs.members, strict=True):
        if jobs.about(_job(run.name)) == (progress.lesson.id, held.token):
            result = jobs.found(_job(run.name))
            found |= {run.name: result} if result is not None else {}
    return found


def _job(name: str) -> str:
    return f"{SLOT}-{name}"


def measured(found: Annealed | None) -> Measured | None:
    """What the stage of a run draws of its measurement."""
    if found is None:
        return None
    masses, errors = found["mass"].tolist(), found["mass_se"].tolist()
    return Measured(
        found["step"], masses, errors, found["cross_entropy"], found["cross_entropy_se"]
    )
