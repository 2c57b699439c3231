"""Improved contrastive divergence (Du et al. 2021, arXiv 2012.01316)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import ChainWords, Kit, Line, MethodBlock, Words
from ebm_engine.spec.fields import knob
from ebm_engine.spec.methods.contrastive import MORE_TIME

if TYPE_CHECKING:
    from ebm_engine.core.types import Method


class ImprovedCD(MethodBlock):
    """Improved contrastive divergence (Du et al. 2021, arXiv 2012.01316)."""

    kind: Literal["improved-cd"] = "improved-cd"
    title: ClassVar[str] = "Improved CD"
    label: ClassVar[str] = "improved CD"
    line: ClassVar[Line] = Line("#00796B", "#35C4A8", "dashdot", (7, 3, 2, 3))
    any_kernel: ClassVar[bool] = False
    help: ClassVar[str] = (
        "starts the walkers from a replay buffer and adds a term that keeps the sampler near the "
        "model"
    )
    has_kl_term: ClassVar[bool] = True
    chains: ClassVar[ChainWords | None] = ChainWords(
        "at a state of the replay buffer, or anew",
        "Improved CD has no weights: the ends of the chains go into the replay buffer, from which "
        "later chains start.",
    )
    extra_term: ClassVar[Words | None] = Words(
        " Improved CD adds what its KL and entropy terms send back through the last Langevin step.",
        r"+\text{last step}",
    )
    k: int = knob(
        10,
        "Number of Langevin steps at each update.",
        label="Steps, k",
        live=True,
        basic=True,
        usual=(1, 60),
        outside=MORE_TIME,
        ge=1,
        le=1000,
    )
    kl_weight: float = knob(
        1.0,
        "Weight of the KL term, which sends the energy at the samples back through the last "
        "Langevin step. It regularises the sampler; it is not the gradient that CD leaves out.",
        label="KL weight",
        live=True,
        basic=True,
        usual=(0, 2),
        outside="Its gradient grows with the step size.",
        ge=0.0,
        le=100.0,
    )
    entropy_weight: float = knob(
        0.3,
        "Weight of the nearest-neighbour entropy of the samples, which spreads them out.",
        label="Entropy weight",
        live=True,
        usual=(0, 1),
        outside="Large weights push samples away from the data.",
        ge=0.0,
        le=100.0,
    )
    entropy: Literal["nearest", "kozachenko-leonenko"] = knob(
        "nearest",
        "Estimator of the entropy: log distance to the nearest of 100 buffer samples, as in the "
        "authors' code, or the textbook estimator within the batch.",
        label="Entropy estimator",
        live=True,
    )
    buffer: Literal["fifo", "reservoir", "same-slot"] = knob(
        "reservoir",
        "How end points enter the replay buffer: newest over oldest, evenly over all history, or "
        "back into the slot they came from.",
        label="Replay buffer",
    )
    capacity: int = knob(
        10_000,
        "States that the replay buffer holds at most.",
        label="Buffer size",
        usual=(500, 20_000),
        log=True,
        ge=2,
        le=100_000,
    )
    restart: float = knob(
        0.05,
        "Probability that a chain starts from noise instead of the buffer.",
        label="Restart probability",
        live=True,
        usual=(0, 0.2),
        outside="At 1 this is short-run Langevin.",
        ge=0.0,
        le=1.0,
    )
    augment: Literal["none", "rotation", "reflection", "jitter"] = knob(
        "none",
        "What is done to a state as it is read from the buffer: a move between modes that "
        "Langevin steps cannot make.",
        label="Augmentation",
        live=True,
    )
    augment_scale: float = knob(
        15.0,
        "Size of the augmentation: degrees of the rotation, or hundredths of a unit of jitter.",
        label="Augmentation size",
        live=True,
        usual=(1, 180),
        ge=0.0,
        le=360.0,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.kernels.ula import ULA
        from ebm_engine.core.methods.improved_cd import ICDSettings, ImprovedCD

        scale = self.augment_scale / 100 if self.augment == "jitter" else self.augment_scale
        settings = ICDSettings(
            kl_weight=self.kl_weight,
            entropy_weight=self.entropy_weight,
            entropy=self.entropy,
            scheme=self.buffer,
            capacity=self.capacity,
            restart=self.restart,
            augment=self.augment,
            augment_scale=scale,
        )
        assert isinstance(kit.kernel, ULA)  # see any_kernel
        return ImprovedCD(kit.kernel, kit.count, kit.base, self.k, settings)
