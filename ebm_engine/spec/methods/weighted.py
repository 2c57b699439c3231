"""Walkers that start from the model: with log-weights, and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import Kit, Line, MethodBlock
from ebm_engine.spec.fields import knob
from ebm_engine.spec.methods.contrastive import MORE_TIME

if TYPE_CHECKING:
    from ebm_engine.core.types import Method


class WeightedULA(MethodBlock):
    """ULA walkers that carry log-weights (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1)."""

    kind: Literal["weighted-ula"] = "weighted-ula"
    title: ClassVar[str] = "Weighted ULA"
    label: ClassVar[str] = "weighted ULA"
    line: ClassVar[Line] = Line("#0B5FA5", "#5C93FF", "solid", ())
    help: ClassVar[str] = (
        "lets the walkers walk on and gives each a weight that makes up for the lag"
    )
    weighted: ClassVar[bool] = True
    ess_threshold: float = knob(
        0.5,
        "Resample when the effective sample size falls below this share of the walkers.",
        label="Resample below ESS/N",
        live=True,
        basic=True,
        usual=(0.0, 1.0),
        outside="0 never resamples; close to 1 it resamples forever and ancestors die out.",
        ge=0.0,
        le=1.0,
    )
    resampling: Literal["multinomial", "residual", "stratified", "systematic"] = knob(
        "systematic",
        "How copies are drawn when resampling; systematic adds the least noise.",
        label="Resampling scheme",
        live=True,
    )
    correction: bool = knob(
        True,
        "The exact discretisation terms of the weights. Off is WRONG on purpose: a biased weight.",
        label="Discretisation correction",
        live=True,
    )
    witness: int = knob(
        0,
        "Size of a second, independent population that judges and never trains; 0 means none.",
        label="Witness walkers",
        usual=(0, 2000),
        ge=0,
        le=100_000,
    )
    refresh_every: int = knob(
        0,
        "Replace the walkers by a fresh annealed run every this many updates; 0 means never.",
        label="Refresh every",
        unit="updates",
        live=True,
        usual=(0, 2000),
        outside="Very frequent refreshes cost more than the training.",
        ge=0,
        le=1_000_000,
    )
    refresh_steps: int = knob(
        300,
        "Number of annealing steps from the initial model to the present one in a refresh.",
        label="Refresh length",
        unit="steps",
        live=True,
        usual=(50, 1000),
        outside="Too few steps give few effective walkers.",
        ge=2,
        le=10_000,
    )
    backward: Literal["new", "old"] = knob(
        "new",
        "Which gradient the backward kernel of the weight uses at the new point. Both are exact; "
        "the old one has a higher ESS at a large step size and costs a second evaluation.",
        label="Backward gradient",
        live=True,
        only={"sampler.kernel": ("ula",)},
    )
    steps: int = knob(
        1,
        "Steps of each walker per update. From two on, the weights change first and the walkers "
        "then move at the new parameters.",
        label="Steps per update",
        live=True,
        usual=(1, 20),
        outside=MORE_TIME,
        ge=1,
        le=200,
    )
    walker_batch: int = knob(
        0,
        "Number of walkers that move at each update, drawn at random; 0 moves all.",
        label="Walkers that move",
        live=True,
        usual=(0, 2000),
        outside="Walkers that stay are only reweighted, which lowers the ESS.",
        ge=0,
        le=100_000,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.weighted_ula import WeightedULA

        return WeightedULA(
            kit.kernel,
            kit.count,
            kit.base,
            self.ess_threshold,
            self.resampling,
            self.correction,
            self.witness,
            self.refresh_every,
            self.refresh_steps,
            walker_batch=self.walker_batch,
            steps=self.steps,
            adapt=kit.adapt,
        )


class Unweighted(MethodBlock):
    """Walkers from the model that walk on without weights (Carbone et al. 2023)."""

    kind: Literal["unweighted"] = "unweighted"
    title: ClassVar[str] = "Unweighted"
    label: ClassVar[str] = "unweighted"
    line: ClassVar[Line] = Line(
        "#4A7A1E", "#9CCB5A", "15px,3px,3px,3px,3px,3px", (12, 3, 2, 3, 2, 3)
    )
    help: ClassVar[str] = "starts the walkers from the model and lets them walk on, without weights"

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it: PCD from the model."""
        from ebm_engine.core.methods.pcd import PCD

        return PCD(kit.kernel, kit.count, kit.base)
