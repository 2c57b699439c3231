"""Studies of trained image models as frozen blocks: what a person chooses, with its limits.

Importing this module never loads torch; what is computed is in `ais_study`, `ood_study`,
`composition_study` and `fetch_study`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ebm_engine.spec.fields import Block, knob
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.specs.chains import MAX_CHECKPOINT, seed_field

MOST_MODELS = 4
Rule = Literal["and", "or", "not"]


def checkpoint_field() -> Any:
    """The checkpoint of a trained model."""
    return Field(default=b"", max_length=MAX_CHECKPOINT, repr=False)


class AisSpec(Block):
    """log Z, cross-entropy and class masses of a trained image model, by annealed walkers."""

    walkers: int = knob(
        1000,
        "Fresh walkers, drawn from the Gaussian base.",
        label="Walkers",
        usual=(200, 5000),
        log=True,
        outside="Few walkers may miss a class altogether.",
        ge=2,
        le=20_000,
    )
    steps: int = knob(
        600,
        "Steps from the base to the model, and as many back.",
        label="Steps",
        unit="steps",
        usual=(100, 3000),
        log=True,
        outside="Few steps leave a wide gap between the forward and the reverse value.",
        ge=1,
        le=20_000,
    )
    seed: int = seed_field()
    checkpoint: bytes = checkpoint_field()


class OodSpec(Block):
    """How well the energy of a trained image model separates strange images from held-out ones."""

    count: int = knob(
        500,
        "Images of each kind, at most: fewer where the held-out part has fewer.",
        label="Images",
        usual=(50, 1000),
        log=True,
        ge=10,
        le=2000,
    )
    seed: int = seed_field()
    checkpoint: bytes = checkpoint_field()


class CompositionSpec(Block):
    """Several trained image models put together by and, or, not; Langevin chains walk on the sum.

    weights: one of each model; “or” takes none.
    """

    rule: Rule = knob(
        "or",
        "and: the product of the densities. or: their sum. not: the first divided by a power of "
        "the others.",
        label="Rule",
    )
    weights: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(
        default=(),
        max_length=MOST_MODELS,
        description="Weight of each model; empty stands for 1 each.",
    )
    step_size: float = knob(
        0.01,
        "First step size h of the Langevin moves, which follows their acceptance.",
        label="Step size h",
        usual=(0.001, 0.1),
        log=True,
        gt=0,
        le=10,
    )
    steps: int = knob(
        2000,
        "Length of every chain.",
        label="Steps",
        unit="steps",
        usual=(200, 5000),
        log=True,
        ge=1,
        le=20_000,
    )
    chains: int = knob(
        64, "Independent chains.", label="Chains", usual=(16, 256), log=True, ge=2, le=1000
    )
    seed: int = seed_field()
    checkpoints: tuple[Annotated[bytes, Field(max_length=MAX_CHECKPOINT)], ...] = Field(
        default=(), max_length=MOST_MODELS, repr=False
    )

    @model_validator(mode="after")
    def _one_weight_each(self) -> CompositionSpec:
        models, weights = len(self.checkpoints), len(self.weights)
        if self.weights and (weights != models or self.rule == "or"):
            allowed = 0 if self.rule == "or" else models
            raise ValueError(f"weights has {weights} entries, {allowed} are needed")
        return self


class FetchSpec(Block):
    """The download of MNIST into the user's cache."""


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
        if not method.has_kl_term:
            raise ValueError(f"the method is {method.title}, only improved CD has a KL term")
        if not (method.kl_weight or method.entropy_weight):
            raise ValueError("the KL weight and the entropy weight are both 0: give one a value")
        return self
