"""Studies of the energies of an image model as frozen blocks: what a person chooses.

Importing this module never loads torch; what is computed is in `energy_study` and `kl_term_study`.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.specs.chains import seed_field
from ebm_engine.studies.specs.images import checkpoint_field


class EnergiesSpec(Block):
    """Energies of data, walkers and noise under the model of a checkpoint."""

    count: int = knob(
        1000,
        "Images of each kind, at most: fewer where there are fewer.",
        label="Images",
        usual=(100, 2000),
        log=True,
        outside="Few images give a coarse histogram.",
        ge=10,
        le=5000,
    )
    seed: int = seed_field()
    checkpoint: bytes = checkpoint_field()


class KlTermSpec(Block):
    """The same run of improved CD twice, with its KL term and without."""

    updates: int = knob(
        300,
        "Updates of either run.",
        label="Updates",
        unit="updates",
        usual=(50, 1000),
        log=True,
        outside="Few updates may end before the runs differ.",
        ge=1,
        le=5000,
    )
    run: RunSpec = Field(repr=False)

    @model_validator(mode="after")
    def _has_a_term(self) -> KlTermSpec:
        method = self.run.method
        if method.kind != "improved-cd":
            raise ValueError(f"the method is {method.title}, only improved CD has a KL term")
        if not (method.kl_weight or method.entropy_weight):
            raise ValueError("the KL weight and the entropy weight are both 0: give one a value")
        return self
