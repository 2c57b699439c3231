"""Methods whose gradient needs no walkers; those on screen only show the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import Kit, MethodBlock
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    from ebm_engine.core.types import Method


class ScoreMatching(MethodBlock):
    """Exact score matching: ½|∇U|² − ΔU on the data (Hyvärinen 2005)."""

    kind: Literal["score-matching"] = "score-matching"
    title: ClassVar[str] = "Score matching"
    label: ClassVar[str] = "score matching"
    help: ClassVar[str] = "fits the slope of the energy to the data and samples nothing"
    reads_walkers: ClassVar[bool] = False
    most_dims: ClassVar[float] = 64  # it goes back through the network once per dimension

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.score_matching import ScoreMatching

        return ScoreMatching(kit.kernel, kit.count, kit.base)


class DenoisingScoreMatching(MethodBlock):
    """Denoising score matching: the slope of the data blurred by σ (Vincent 2011)."""

    kind: Literal["denoising-score-matching"] = "denoising-score-matching"
    title: ClassVar[str] = "Denoising score matching"
    label: ClassVar[str] = "denoising score matching"
    help: ClassVar[str] = "fits the slope of the energy to blurred data and samples nothing"
    reads_walkers: ClassVar[bool] = False
    noise: float = knob(
        0.3,
        "Standard deviation σ of the blur. The model learns the blurred density.",
        label="Blur σ",
        live=True,
        basic=True,
        usual=(0.05, 1),
        log=True,
        outside="A small blur makes a noisy gradient, a large one a blurred model.",
        ge=0.01,
        le=10.0,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.score_matching import DenoisingScoreMatching

        return DenoisingScoreMatching(kit.kernel, kit.count, kit.base, self.noise)


class Exact(MethodBlock):
    """The ideal: the gradient of the cross-entropy without sampling."""

    kind: Literal["exact"] = "exact"
    title: ClassVar[str] = "Exact gradient"
    label: ClassVar[str] = "exact gradient"
    help: ClassVar[str] = "uses the true gradient, by closed form or quadrature: the ideal"
    reads_walkers: ClassVar[bool] = False
    reads_batch: ClassVar[bool] = False
    on_images: ClassVar[bool] = False

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.exact import Exact

        return Exact(kit.kernel, kit.count, kit.base, kit.exact_gradient)
