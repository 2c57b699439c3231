"""Score matching: training without a model sample.

Exact form (Hyvärinen 2005, JMLR 6): J(θ) = E_data[½|∇ₓU|² − ΔₓU], which is ½E_data|∇U − ∇U*|² up to
a constant. Denoising form (Vincent 2011, Neural Computation 23): with x̃ = x + σξ,
J_σ(θ) = ½E|∇ₓU(x̃) − (x̃ − x)/σ²|², which fits the data blurred by N(0, σ²I).
Both see ∇U only where the data are, so the relative masses of separated modes are hardly learned.
U (n,), x (n, d), σ in units of x. Walkers are only shown: they follow the model by plain kernel
steps and never enter a gradient.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.methods.parts.derivatives import copied, laplacian, parameter_derivative, slope
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.population import move, plain_start
from ebm_engine.core.types import Batch, Energy, Kernel, Parameters, Populations


def score_matching_loss(energy: Energy, x: Tensor, theta: Parameters) -> Tensor:
    """J = mean(½|∇U|² − ΔU) at x (n, d), a function of θ; d + 1 backward passes."""
    leaf, gradient = slope(energy, x, theta)
    return (0.5 * gradient.square().sum(1) - laplacian(leaf, gradient)).mean()


def denoising_loss(energy: Energy, noisy: Tensor, pull: Tensor, theta: Parameters) -> Tensor:
    """½ mean|∇U(x̃) − pull|² at x̃ (n, d) with pull = (x̃ − x)/σ² (n, d), a function of θ."""
    _, gradient = slope(energy, noisy, theta)
    return 0.5 * (gradient - copied(pull)).square().sum(1).mean()


class ScoreMatching(NamedTuple):
    """Descent of Hyvärinen's J; `count` walkers from `base` are shown."""

    kernel: Kernel
    count: int
    base: Energy

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on draws from the base."""
        return Populations(plain_start(energy, self.base.sample(self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """∂J/∂θ on the training points."""
        return parameter_derivative(
            energy, lambda theta: score_matching_loss(energy, batch.x, theta)
        )

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """One kernel step of the walkers that are shown."""
        return Populations(move(walkers.train, energy, self.kernel, rngs["walkers"]))


class DenoisingScoreMatching(NamedTuple):
    """Descent of Vincent's J_σ with σ = `noise`; `count` walkers from `base` are shown."""

    kernel: Kernel
    count: int
    base: Energy
    noise: float

    def start(self, energy: Energy, data: Tensor, rngs: dict[str, Generator]) -> Populations:
        """Walkers on draws from the base; raises ValueError unless σ > 0."""
        if not self.noise > 0:
            raise ValueError(f"the noise of denoising score matching is {self.noise}, not above 0")
        return Populations(plain_start(energy, self.base.sample(self.count, rngs["walkers"])))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Tensor, rngs: dict[str, Generator]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Generator]
    ) -> Parameters:
        """∂J_σ/∂θ on the training points, each with new noise."""
        noise = gaussian(batch.x, rngs["noise"])
        noisy, pull = batch.x + self.noise * noise, noise / self.noise
        return parameter_derivative(
            energy, lambda theta: denoising_loss(energy, noisy, pull, theta)
        )

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Tensor,
        step: int,
        rngs: dict[str, Generator],
    ) -> Populations:
        """One kernel step of the walkers that are shown."""
        return Populations(move(walkers.train, energy, self.kernel, rngs["walkers"]))
