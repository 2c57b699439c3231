"""The energy of a Gaussian latent variable: density, normaliser, posterior and gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from ebm_engine.core.energies.latent_variable import LatentEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.smc.ais import anneal
from ebm_engine.core.smc.population import log_z_estimate


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def energy_at(theta: float, noise: float = 0.7, dim: int = 3) -> LatentEnergy:
    y = 2 + math.sqrt(2) * torch.randn(dim, generator=rng(1), dtype=torch.float64)
    return LatentEnergy(torch.tensor(theta, dtype=torch.float64), y, noise)


def some_points(dim: int = 3) -> torch.Tensor:
    return 2 * torch.randn(7, dim, generator=rng(2), dtype=torch.float64)


def log_evidence(theta: torch.Tensor, y: torch.Tensor, noise: float) -> torch.Tensor:
    """log N(y; θ1, (1 + σ²)I) by the library."""
    covariance = (1 + noise**2) * torch.eye(len(y), dtype=y.dtype)
    return MultivariateNormal(theta.expand(len(y)), covariance).log_prob(y)


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.5])
def test_the_energy_is_minus_the_log_of_the_joint_density(noise):
    """U = −log N(x; θ1, I) − log N(y; x, σ²I), every constant included."""
    energy, x = energy_at(1.3, noise), some_points()
    joint = Normal(energy.theta, 1.0).log_prob(x) + Normal(x, noise).log_prob(energy.observations)
    torch.testing.assert_close(energy.evaluate(x).energy, -joint.sum(1), rtol=1e-13, atol=0)
    prior = -Normal(energy.theta, 1.0).log_prob(x).sum(1) - 1.5 * math.log(2 * math.pi)
    torch.testing.assert_close(energy.value(x) - energy.confinement(x), prior)


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.5])
def test_the_normaliser_is_the_evidence_and_bayes_rule_holds(noise):
    """log Z = log N(y; θ1, (1 + σ²)I) and −U = log p(y) + log N(x; (θ + y/σ²)/λ, I/λ) at any x.

    A variance σ² instead of 1 + σ² in the evidence fails.
    """
    energy, x = energy_at(-0.4, noise), some_points()
    expected = log_evidence(energy.theta, energy.observations, noise)
    assert energy.log_z() == pytest.approx(float(expected), rel=1e-13)
    precision = 1 + 1 / noise**2
    mean = (energy.theta + energy.observations / noise**2) / precision
    posterior = Normal(mean, precision**-0.5).log_prob(x).sum(1)
    torch.testing.assert_close(-energy.value(x), expected + posterior)


def test_draws_have_the_mean_and_variance_of_the_posterior():
    """Mean (θ + y/σ²)/λ and variance 1/λ within 5 s.e.; draws from the prior are far off."""
    energy, count = energy_at(-0.4), 100_000
    x, precision = energy.sample(count, rng(4)), 1 + 1 / 0.7**2
    mean = (energy.theta + energy.observations / 0.7**2) / precision
    assert ((x.mean(0) - mean).abs() < 5 / math.sqrt(count * precision)).all()
    assert ((x.var(0) * precision - 1).abs() < 5 * math.sqrt(2 / count)).all()


def test_both_gradients_are_those_of_autograd():
    """∇ₓU and Σ wᵢ ∂U/∂θ, for weights of any sign."""
    energy, x = energy_at(1.3), some_points().requires_grad_()
    theta, weights = energy.theta.clone().requires_grad_(), torch.linspace(-1, 2, 7).double()
    value = energy.value(x, {"theta": theta})
    (in_x,) = torch.autograd.grad(value.sum(), x, retain_graph=True)
    (in_theta,) = torch.autograd.grad(weights @ value, theta)
    at = energy.evaluate(x.detach())
    torch.testing.assert_close(at.gradient, in_x)
    found = energy.parameter_gradient(x.detach(), at, weights)["theta"]
    torch.testing.assert_close(found, in_theta)
    assert energy.evaluate(x.detach(), gradient=False).gradient.shape == (0, 3)


def test_fishers_identity_holds():
    """∂(−log p_θ(y))/∂θ = E[∂U/∂θ | y]; ∂U/∂θ is linear in x, so one point, the posterior mean,
    has exactly the mean gradient. The prior mean in its place gives 0.
    """
    energy = energy_at(-0.4)
    theta = energy.theta.clone().requires_grad_()
    (expected,) = torch.autograd.grad(-log_evidence(theta, energy.observations, 0.7), theta)
    mean = ((energy.theta + energy.observations / 0.7**2) / (1 + 1 / 0.7**2))[None]
    one = torch.ones(1, dtype=torch.float64)
    found = energy.parameter_gradient(mean, energy.evaluate(mean), one)["theta"]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_annealing_between_two_posteriors_gives_the_new_evidence():
    """`origin`, `toward` and `frozen` serve annealing: log Ẑ = log p_θ(y) within 5 s.e."""
    start, goal = energy_at(0.5, 1.0), energy_at(2.0, 1.0)
    walkers = anneal(start.origin(), goal.frozen(), 4000, 30, ULA(0.1), 0.5, "systematic", rng(8))
    estimate, error = log_z_estimate(walkers)
    assert abs(estimate - goal.log_z()) < 5 * error < 0.5
    assert abs(start.log_z() - goal.log_z()) > 5 * error
