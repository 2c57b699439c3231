"""The mixture energy: values, derivatives, partition function and exact draws; fact 13."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy

MEANS = torch.tensor([[-2.0, 0.5], [1.0, 1.5], [0.3, -2.2]], dtype=torch.float64)
Z = torch.tensor([0.0, 0.7, -0.4], dtype=torch.float64)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def definition(x: torch.Tensor, means: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """U = −log Σⱼ exp(−½|x − aⱼ|² − zⱼ), term by term."""
    squared = ((x[:, None] - means) ** 2).sum(2)
    return -torch.logsumexp(-0.5 * squared - z, 1)


def plane(half: float = 12.0, points: int = 241) -> tuple[torch.Tensor, float]:
    axis = torch.linspace(-half, half, points, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis), float(axis[1] - axis[0]) ** 2


def test_energy_follows_its_definition():
    """Equal to the term-by-term sum to 1e-12; +zⱼ in place of −zⱼ would differ by 0.1 and more."""
    x = 3 * torch.randn(300, 2, generator=rng(1), dtype=torch.float64)
    found = MixtureEnergy(MEANS, Z).evaluate(x)
    assert torch.allclose(found.energy, definition(x, MEANS, Z), rtol=0, atol=1e-12)
    assert (definition(x, MEANS, -Z) - found.energy).abs().max() > 0.1
    assert torch.allclose(found.responsibilities.sum(1), torch.ones(300, dtype=torch.float64))


def test_gradient_in_x_agrees_with_central_differences():
    """∇ₓU = x − Σⱼ rⱼaⱼ against (U(x + ε) − U(x − ε))/2ε, to 1e-8."""
    x = 3 * torch.randn(300, 2, generator=rng(2), dtype=torch.float64)
    gradient, eps = MixtureEnergy(MEANS, Z).evaluate(x).gradient, 1e-5
    for i in range(2):
        e = eps * torch.eye(2, dtype=torch.float64)[i]
        slope = (definition(x + e, MEANS, Z) - definition(x - e, MEANS, Z)) / (2 * eps)
        assert torch.allclose(gradient[:, i], slope, rtol=0, atol=1e-8)


def test_parameter_gradients_agree_with_central_differences():
    """Σᵢ wᵢ rⱼ(aⱼ − xᵢ) and Σᵢ wᵢ rⱼ, with unequal weights, to 1e-8.

    The sign slip ∂_aU = rⱼ(xᵢ − aⱼ) fails, and so does forgetting the weights.
    """
    x = 3 * torch.randn(200, 2, generator=rng(3), dtype=torch.float64)
    weights = torch.softmax(torch.randn(200, generator=rng(4), dtype=torch.float64), 0)
    energy, eps = MixtureEnergy(MEANS, Z), 1e-5
    found = energy.parameter_gradient(x, energy.evaluate(x), weights)
    for j in range(3):
        e = torch.zeros(3, dtype=torch.float64)
        e[j] = eps
        slope = weights @ (definition(x, MEANS, Z + e) - definition(x, MEANS, Z - e)) / (2 * eps)
        assert float(found["log_masses"][j]) == pytest.approx(float(slope), abs=1e-8)
        for i in range(2):
            e = torch.zeros(3, 2, dtype=torch.float64)
            e[j, i] = eps
            step = definition(x, MEANS + e, Z) - definition(x, MEANS - e, Z)
            slope = weights @ step / (2 * eps)
            assert float(found["means"][j, i]) == pytest.approx(float(slope), abs=1e-8)


def test_log_z_agrees_with_quadrature():
    """log Z = (d/2) log 2π + logsumexp(−z) against a 241² grid sum, to 1e-10."""
    x, cell = plane()
    energy = MixtureEnergy(MEANS, Z)
    total = torch.logsumexp(-energy.evaluate(x).energy, 0) + math.log(cell)
    assert energy.log_z() == pytest.approx(float(total), abs=1e-10)


def test_model_expectations_of_the_parameter_gradient_are_known():
    """E_θ[∂_aU] = 0 and E_θ[∂_zU] = softmax(−z), by quadrature to 1e-10; softmax(+z) fails."""
    x, cell = plane()
    energy = MixtureEnergy(MEANS, Z)
    at = energy.evaluate(x)
    found = energy.parameter_gradient(x, at, torch.exp(-at.energy - energy.log_z()) * cell)
    masses = torch.softmax(-Z, 0)
    assert torch.allclose(found["means"], torch.zeros_like(MEANS), atol=1e-10)
    assert torch.allclose(found["log_masses"], masses, rtol=0, atol=1e-10)
    assert (torch.softmax(Z, 0) - masses).abs().max() > 0.1


@pytest.mark.parametrize("distance", [50.0, 1e4])
def test_far_points_neither_underflow_nor_overflow_in_float32(distance):
    """At distance r the energy is ½r² and its gradient x − aⱼ of the nearest mode.

    exp(−½r²) itself underflows in float32 from r = 15 on and would give U = ∞.
    """
    energy = MixtureEnergy(MEANS.float(), Z.float())
    x = torch.tensor([[distance, 0.0], [-distance, 0.0]])
    found = energy.evaluate(x)
    exact = definition(x.double(), MEANS, Z)
    assert torch.allclose(found.energy.double(), exact, rtol=1e-6)
    assert torch.allclose(found.gradient, x - MEANS.float()[[1, 0]], rtol=1e-6, atol=1e-5)


def test_float32_agrees_with_float64_on_widely_separated_modes():
    """U to 1e-4 nats for modes 16 apart: what expanding |x − a|² costs in digits."""
    means = torch.tensor([[-10.0, 0.0], [6.0, 0.0]], dtype=torch.float64)
    z = torch.tensor([0.0, -1.1], dtype=torch.float64)
    x = means[[0, 1] * 50] + torch.randn(100, 2, generator=rng(5), dtype=torch.float64)
    coarse = MixtureEnergy(means.float(), z.float()).evaluate(x.float()).energy
    assert torch.allclose(coarse.double(), definition(x, means, z), rtol=0, atol=1e-4)


def test_draws_come_from_the_model():
    """Mean Σ pⱼaⱼ and covariance I + Σ pⱼ(aⱼ − ā)(aⱼ − ā)ᵀ of 200 000 draws, within 5 s.e."""
    n = 200_000
    x = MixtureEnergy(MEANS, Z).sample(n, rng(6))
    masses = torch.softmax(-Z, 0)
    mean = masses @ MEANS
    spread = torch.eye(2, dtype=torch.float64) + (masses * (MEANS - mean).T) @ (MEANS - mean)
    assert ((x.mean(0) - mean).abs() < 5 * (spread.diagonal() / n).sqrt()).all()
    assert torch.allclose(torch.cov(x.T), spread, rtol=0, atol=5 * 4 / math.sqrt(n))


def test_draws_hold_each_mode_in_floor_or_ceiling_of_its_share():
    """N pⱼ not an integer: copies are ⌊N pⱼ⌋ or ⌈N pⱼ⌉, their mean over 4000 draws is N pⱼ.

    Rounding N pⱼ (always 3 for 3.4) would be biased; independent draws leave the two values.
    """
    means = torch.tensor([[-100.0], [0.0], [100.0]], dtype=torch.float64)
    masses = torch.tensor([0.34, 0.09, 0.57], dtype=torch.float64)
    energy, noise, repeats = MixtureEnergy(means, -masses.log()), rng(7), 4000
    counts = torch.stack(
        [
            torch.bincount(((energy.sample(10, noise)[:, 0] + 150) / 100).long(), minlength=3)
            for _ in range(repeats)
        ]
    ).double()
    assert (counts.sum(1) == 10).all()
    assert (counts >= (10 * masses).floor()).all()
    assert (counts <= (10 * masses).ceil()).all()
    error = counts.std(0) / math.sqrt(repeats)
    assert ((counts.mean(0) - 10 * masses).abs() < 5 * error).all()


def test_draws_are_in_random_order():
    """The first half of the draws holds both modes: no stripe by mode that a split would see."""
    energy = MixtureEnergy(
        torch.tensor([[-9.0], [9.0]], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    )
    left = (energy.sample(1000, rng(8))[:, 0] < 0).double()
    assert float(left.mean()) == 0.5
    assert abs(float(left[:500].mean()) - 0.5) < 5 * 0.5 / math.sqrt(500)


def test_path_between_energies_is_straight_in_the_parameters():
    """toward(goal, ¼) holds ¾θ₀ + ¼θ₁; a frozen copy ignores later updates of θ."""
    start, goal = MixtureEnergy(MEANS, Z), MixtureEnergy(MEANS + 4, Z - 2)
    between = start.toward(goal, 0.25)
    assert torch.allclose(between.means, MEANS + 1)
    assert torch.allclose(between.z, Z - 0.5)
    live = MixtureEnergy(MEANS.clone(), Z.clone())
    copy = live.frozen()
    live.means += 1
    assert torch.equal(copy.means, MEANS)
