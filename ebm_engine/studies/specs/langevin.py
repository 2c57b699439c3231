"""Small studies of Langevin sampling as frozen blocks: what a person chooses, with its limits.

Importing this module never loads torch; what is computed is in `bias_study` and `missing_term`.
"""

from __future__ import annotations

from typing import Annotated

from ebm_engine.spec.fields import Block, OneOf, knob
from ebm_engine.studies.recipes import RECIPES
from ebm_engine.studies.specs.chains import seed_field


class BiasSpec(Block):
    """The stationary variance of Langevin chains on one Gaussian against the step size."""

    variance: float = knob(
        1.0,
        "Variance s² of the Gaussian that the chains should sample.",
        label="Variance s²",
        usual=(0.1, 4),
        log=True,
        ge=0.01,
        le=100.0,
    )
    temperature: float = knob(
        1.0,
        "Temperature T = σ²/2h: with each step size the noise is σ = √(2hT).",
        label="Temperature T",
        usual=(0.1, 10),
        log=True,
        ge=0.001,
        le=100.0,
    )
    chains: int = knob(
        20_000,
        "Independent chains behind every measured point.",
        label="Chains per point",
        usual=(1000, 50_000),
        log=True,
        ge=10,
        le=50_000,
    )
    seed: int = seed_field()


class RecipeSpec(Block):
    """One published recipe, whose temperature is looked at."""

    recipe: Annotated[str, OneOf(RECIPES)] = knob(
        "anatomy-plane", "A published step size and noise, as it stands in code.", label="Recipe"
    )


class MissingSpec(Block):
    """The Gaussian of the term that contrastive divergence leaves out."""

    data_variance: float = knob(
        1.0,
        "Variance s² of the data.",
        label="Data variance s²",
        usual=(0.1, 4),
        ge=0.01,
        le=100.0,
    )
    step_size: float = knob(
        0.1, "Step size η of the one Langevin step.", label="Step η", usual=(0.01, 1), gt=0, le=10
    )
    theta: float = knob(
        2.0, "Precision θ of the model N(0, 1/θ).", label="Precision θ", usual=(0.1, 4), gt=0, le=50
    )


class EvidenceSpec(Block):
    """JALA-EM on a Gaussian latent variable, and a rival model of the same observations."""

    dim: int = knob(
        20, "Number of observations d.", label="Observations d", usual=(2, 50), ge=1, le=200
    )
    truth: float = knob(
        1.0,
        "Mean θ of the latent variables that the observations are drawn with.",
        label="True θ",
        usual=(-3, 3),
        ge=-10,
        le=10,
    )
    noise: float = knob(
        1.0,
        "Noise σ of the observations, in truth and in the first model.",
        label="Noise σ",
        usual=(0.3, 3),
        ge=0.1,
        le=10,
    )
    rival: float = knob(
        2.0,
        "Noise σ of the rival model of the same observations.",
        label="Rival's σ",
        usual=(0.3, 3),
        ge=0.1,
        le=10,
    )
    walkers: int = knob(
        1000, "Weighted particles.", label="Particles", usual=(100, 5000), log=True, ge=2, le=20_000
    )
    steps: int = knob(
        400,
        "Updates of θ.",
        label="Updates",
        unit="updates",
        usual=(50, 2000),
        log=True,
        ge=1,
        le=5000,
    )
    step_size: float = knob(
        0.05,
        "Step size h of the particles' Langevin moves.",
        label="Step size h",
        usual=(0.001, 0.2),
        log=True,
        outside="From σ²/(1 + σ²) on the weights have infinite variance, and it is refused.",
        gt=0,
        le=1,
    )
    rate: float = knob(
        0.002,
        "Rate γ of the ascent in θ.",
        label="Rate γ",
        usual=(0.0001, 0.05),
        log=True,
        outside="From 2(1 + σ²)/d on even exact ascent does not converge, and it is refused.",
        gt=0,
        le=10,
    )
    seed: int = seed_field()
