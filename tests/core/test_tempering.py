"""Tempered paths whose steps the weights choose, and the starts they give."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.weighted_ula import WeightedULA
from ebm_engine.core.rng import generators
from ebm_engine.core.smc.ais import conditional_ess, next_beta, temper
from ebm_engine.core.smc.population import log_z_estimate, weighted_start
from ebm_engine.core.smc.weights import normalised, weighted_mean
from tests.core.quadratic import gaussian_energy

DOUBLE = {"dtype": torch.float64}
GAUSSIAN = MixtureEnergy(torch.zeros(2, 2, **DOUBLE), torch.zeros(2, **DOUBLE))
GOAL = MixtureEnergy(
    torch.tensor([[-3.0, 0.0], [3.0, 1.0]], **DOUBLE), torch.tensor([0.5, -0.6], **DOUBLE)
)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kernel", [ULA(0.3), ULA(0.3, backward="old"), MALA(0.5)], ids=repr)
def test_log_z_and_masses_of_a_mixture_from_one_gaussian(kernel):
    """log Ẑ = log Z and Σ p r₁ = 0.25, each within 5 s.e.; both modes hold half the raw walkers."""
    walkers = temper(GAUSSIAN, GOAL, 4000, kernel, 0.95, "systematic", rng(1))
    value, error = log_z_estimate(walkers)
    assert abs(value - GOAL.log_z()) < 5 * error
    assert error < 0.1 < abs(GOAL.log_z() - GAUSSIAN.log_z())
    p = normalised(walkers.log_w)
    mass, spread = weighted_mean(walkers.at.responsibilities[:, :1], p, walkers.ancestors)
    assert abs(float(mass) - float(torch.softmax(-GOAL.z, 0)[0])) < 5 * float(spread)
    assert torch.allclose(walkers.at.energy, GOAL.evaluate(walkers.x).energy, rtol=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_the_first_step_keeps_the_asked_share_of_the_ess(share):
    """Toward precision 31 ESS/N = √(1 + 2c)/(1 + c) at c = 30β: β to 10 %, from below."""
    start, goal = gaussian_energy(1.0), gaussian_energy(1 / 31)
    beta = next_beta(weighted_start(start, 200_000, rng(2)), start, goal, 0.0, share)
    # (1 + c)² s² = 1 + 2c, so (1 + c) = (1 + √(1 − s²))/s².
    c = (1 + math.sqrt(1 - share**2)) / share**2 - 1
    assert 0.88 < beta / (c / 30) < 1.02


def test_a_near_goal_is_reached_in_one_step_and_a_cliff_in_the_smallest():
    """β′ = 1 where all weights stay; β + 10⁻⁶ where any step at all loses too much."""
    start = gaussian_energy(1.0)
    walkers = weighted_start(start, 1000, rng(3))
    assert next_beta(walkers, start, gaussian_energy(1.01), 0.3, 0.8) == 1.0
    steep = gaussian_energy(1e-12)
    assert next_beta(walkers, start, steep, 0.3, 0.8) == pytest.approx(0.3 + 1e-6, abs=1e-12)


def test_conditional_ess_has_its_brute_force_value():
    """(Σ pv)²/Σ pv² with unequal p, 1 for a constant shift; equal p gives another number."""
    walkers = weighted_start(gaussian_energy(1.0), 6, rng(4))
    walkers = walkers._replace(log_w=torch.tensor([0.0, 1.0, -2.0, 0.5, 0.3, 700.0], **DOUBLE) / 2)
    there = walkers.at.energy + torch.tensor([0.1, 2.0, -1.0, 0.0, 0.4, 0.0], **DOUBLE)
    p, v = normalised(walkers.log_w), (walkers.at.energy - there).exp()
    brute = float((p @ v) ** 2 / (p @ v**2))
    assert conditional_ess(walkers, there) == pytest.approx(brute, rel=1e-12)
    assert conditional_ess(walkers, walkers.at.energy + 800) == pytest.approx(1, rel=1e-12)
    assert abs(float(v.mean() ** 2 / v.square().mean()) - brute) > 0.01


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, math.nan])
def test_a_share_that_no_step_can_keep_is_refused(share):
    """0 and 1 themselves are outside."""
    with pytest.raises(ValueError, match="must be between 0 and 1; it is"):
        temper(GAUSSIAN, GOAL, 10, ULA(0.1), share, "systematic", rng())


def test_a_goal_without_a_finite_energy_is_not_reached():
    """The path ends after 1000 steps with one sentence."""
    goal = MixtureEnergy(GOAL.means, torch.full((2,), math.nan, **DOUBLE))
    with pytest.raises(ValueError, match=r"reached only β = 0\.001 of 1 in 1000 steps"):
        temper(GAUSSIAN, goal, 4, ULA(0.1), 0.8, "systematic", rng())


def test_a_network_that_cannot_be_sampled_starts_with_exact_weights():
    """log Ẑ of walkers and witnesses within 5 s.e. of quadrature, for a random last layer.

    Raw Gaussian draws with log Z of the Gaussian would be off by far more.
    """
    like = torch.zeros(1, **DOUBLE)
    energy = mlp_energy(2, 16, 2, "silu", 2.0, rng(5), like, "random", length=2.0)
    energy.parameters["output.weight"].mul_(12.0)
    method = WeightedULA(ULA(0.1), 2000, energy.frozen(), witnesses=1000)
    with torch.no_grad():
        walkers = method.start(energy, like, generators(6, "cpu"))
    axis = torch.arange(-20, 20.01, 0.1, **DOUBLE)
    total = torch.exp(-energy.evaluate(torch.cartesian_prod(axis, axis)).energy).sum() * 0.01
    exact = math.log(float(total))
    for population, count in ((walkers.train, 2000), (walkers.witness, 1000)):
        value, error = log_z_estimate(population)
        assert abs(value - exact) < 5 * error
        assert error < 0.15
        assert len(population.x) == count
        assert not population.resampled
        assert population.parents is None
        assert abs(energy.origin().log_z() - exact) > 10 * error


def test_an_exact_start_is_left_alone():
    """A network of zeros is its Gaussian: equal weights, exact log Z, the same draws."""
    energy = mlp_energy(2, 8, 1, "tanh", 2.0, rng(7), torch.zeros(1, **DOUBLE))
    method = WeightedULA(ULA(0.1), 100, energy.frozen())
    walkers = method.start(energy, torch.zeros(1, 2), generators(8, "cpu")).train
    assert (walkers.log_w == 0).all()
    assert walkers.log_norm == energy.log_z()
    assert torch.equal(walkers.x, energy.sample(100, generators(8, "cpu")["walkers"]))
