"""Public recipes of Langevin sampling: step, noise, and the temperature they really have.

T = σ²/(2η) (core.stationary). A cold chain is gradient descent with a tremor: it ends in the wells
of the energy, and exp(−U) is not what it samples. Images in [0, 1] or [−1, 1]. Importing this
module never loads torch.
"""

from __future__ import annotations

from typing import NamedTuple

from ebm_engine.core.stationary import noise_at, stationary_variance, temperature


class Recipe(NamedTuple):
    """A published update x ← x − η∇U + σξ: step size η, noise σ; note: one sentence or ""."""

    title: str
    step_size: float
    noise: float
    note: str = ""

    @property
    def temperature(self) -> float:
        """T = σ²/(2η)."""
        return temperature(self.step_size, self.noise)

    @property
    def proper_noise(self) -> float:
        """√(2η), the noise that would make T = 1."""
        return noise_at(self.step_size, 1.0)

    @property
    def variance(self) -> float:
        """The stationary variance of the recipe on N(0, 1), infinite from η = 2 on."""
        return stationary_variance(1.0, self.step_size, self.noise)


SHORT_RUN = "Its authors define p ∝ exp(−2U/σ²), so in their units this is temperature 1."
RECIPES: dict[str, Recipe] = {
    "textbook": Recipe("Textbook, T = 1", 0.1, 0.2**0.5, "The 2-D examples of torchebm use it."),
    "improved-cd-cifar": Recipe("Improved CD, CIFAR-10", 100.0, 0.001),
    "improved-cd-celeba": Recipe("Improved CD, CelebA", 500.0, 0.001),
    "igebm": Recipe("IGEBM, UvA tutorial", 10.0, 0.005, "The gradient is clipped as well."),
    "jem": Recipe("JEM", 1.0, 0.01),
    "anatomy-images": Recipe("Anatomy of MCMC, images", 1.0, 0.01, SHORT_RUN),
    "anatomy-mnist": Recipe("Anatomy of MCMC, convergent MNIST", 1.0, 0.0075, SHORT_RUN),
    "anatomy-plane": Recipe("Anatomy of MCMC, 2-D", 1.0, 0.125, SHORT_RUN),
}
