"""Studies of a run in time as frozen blocks: one update in slow motion, and the run over seeds.

Importing this module never loads torch; what is computed is in `slow_motion_study` and
`seeds_study`.
"""

from __future__ import annotations

from pydantic import Field

from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.specs.images import checkpoint_field

MOST_UPDATES = 20_000


class SlowMotionSpec(Block):
    """One update of the run in a checkpoint, with the settings that it has come to since."""

    checkpoint: bytes = checkpoint_field()
    spec: RunSpec | None = Field(None, description="The present settings; None keeps the saved.")


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
