"""Methods whose gradient needs no walkers; those on screen only show the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import Kit, Line, MethodBlock, Words
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    from ebm_engine.core.types import Method


class ScoreMatching(MethodBlock):
    """Exact score matching: ½|∇U|² − ΔU on the data (Hyvärinen 2005)."""

    kind: Literal["score-matching"] = "score-matching"
    title: ClassVar[str] = "Score matching"
    label: ClassVar[str] = "score matching"
    line: ClassVar[Line] = Line("#8C4A2F", "#D79A7C", "3px,9px", (3, 7))
    help: ClassVar[str] = "fits the slope of the energy to the data and samples nothing"
    reads_walkers: ClassVar[bool] = False
    most_dims: ClassVar[float] = 64  # it goes back through the network once per dimension
    data_term: ClassVar[Words | None] = Words(
        "Score matching fits the slope of the energy to the data; it has one term, and no sample "
        "of the model enters.",
        r"J(\theta)=\tfrac1m\sum_j\tfrac12|\nabla_x U(x^*_j)|^2-\Delta_x U(x^*_j)",
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.score_matching import ScoreMatching

        return ScoreMatching(kit.kernel, kit.count, kit.base)


class DenoisingScoreMatching(MethodBlock):
    """Denoising score matching: the slope of the data blurred by σ (Vincent 2011)."""

    kind: Literal["denoising-score-matching"] = "denoising-score-matching"
    title: ClassVar[str] = "Denoising score matching"
    label: ClassVar[str] = "denoising score matching"
    line: ClassVar[Line] = Line("#5A5FB0", "#A9AEF5", "3px,3px,3px,9px", (3, 3, 3, 7))
    help: ClassVar[str] = "fits the slope of the energy to blurred data and samples nothing"
    reads_walkers: ClassVar[bool] = False
    data_term: ClassVar[Words | None] = Words(
        "The slope of the energy at blurred data is fitted to the way back to the data; it has one "
        "term, and no sample of the model enters.",
        r"J_\sigma(\theta)=\tfrac1{2m}\sum_j"
        r"\bigl|\nabla_x U(\tilde x_j)-(\tilde x_j-x^*_j)/\sigma^2\bigr|^2",
    )
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
    line: ClassVar[Line] = Line("#3F4650", "#D5DAE2", "18px,6px", (14, 5))
    help: ClassVar[str] = "uses the true gradient, by closed form or quadrature: the ideal"
    reads_walkers: ClassVar[bool] = False
    reads_batch: ClassVar[bool] = False
    on_images: ClassVar[bool] = False
    model_term: ClassVar[Words | None] = Words(
        "No walker enters: the expectation under the model is exact, by closed form or quadrature. "
        "It is what every sampler tries to estimate.",
        r"\mathbb E_{p_{\theta_k}}\!\left[\partial_\theta U_{\theta_k}\right]",
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.exact import Exact

        return Exact(kit.kernel, kit.count, kit.base, kit.exact_gradient)
