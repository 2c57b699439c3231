"""The run over seeds as a frozen block: what a person chooses, with its limits.

Importing this module never loads torch; the study itself is `studies.seeds`.
"""

from __future__ import annotations

from pydantic import Field

from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.run_spec import RunSpec

MOST_UPDATES = 20_000


class SeedsSpec(Block):
    """The same run with other seeds: other data, another start and other noise."""

    seeds: int = knob(
        8,
        "Runs with other seeds: seed + 1, seed + 2 and so on. Each has its own data, start and "
        "noise.",
        label="Seeds",
        usual=(2, 30),
        outside="Each seed costs a whole run; two say little about the spread.",
        ge=2,
        le=30,
    )
    updates: int = knob(
        1000,
        "Length of each run.",
        label="Updates",
        unit="updates",
        usual=(100, MOST_UPDATES),
        log=True,
        outside="Long runs of a network take minutes.",
        ge=1,
        le=MOST_UPDATES,
    )
    spec: RunSpec = Field(default_factory=RunSpec, description="The run, with its own seed.")
