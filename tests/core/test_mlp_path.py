"""Copies of a neural energy, the path to it from its Gaussian base, and where exactness ends."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy

STD = 1.7


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def energy() -> NetworkEnergy:
    like = torch.zeros(1, dtype=torch.float64)
    return mlp_energy(2, 7, 2, "silu", STD, rng(5), like, "random")


def points(count: int = 40) -> torch.Tensor:
    return 2 * torch.randn(count, 2, generator=rng(1), dtype=torch.float64)


def signed_weights(count: int = 40) -> torch.Tensor:
    return torch.randn(count, generator=rng(2), dtype=torch.float64)


def test_a_frozen_copy_ignores_later_updates():
    """θ ← θ + 1 in place moves U and leaves the copy's bits alone."""
    made, x = energy(), points()
    copy, before = made.frozen(), made.evaluate(x).energy
    for parameter in made.parameters.values():
        parameter += 1
    assert torch.equal(copy.evaluate(x).energy, before)
    assert (made.evaluate(x).energy - before).abs().min() > 0.1


def test_the_path_runs_straight_from_the_base_to_the_goal():
    """U_λ = |x|²/2σ₀² + λf; at λ = 0 exact, at λ = 1 the goal to the bit, in ∂U/∂θ too.

    Straight in θ instead (the mixture's path) gives λ³f or so for three layers of weights.
    """
    goal, x, weights = energy(), points(), signed_weights()
    start = goal.origin()
    assert start.exact
    assert start.log_z() == pytest.approx(math.log(2 * math.pi * STD**2), abs=1e-14)
    assert torch.equal(start.evaluate(x).energy, goal.confinement(x))
    f = goal.evaluate(x).energy - goal.confinement(x)
    middle = start.toward(goal, 0.3)
    expected = goal.confinement(x) + 0.3 * f
    assert torch.allclose(middle.evaluate(x).energy, expected, rtol=0, atol=1e-13)
    assert torch.allclose(middle.value(x), expected, rtol=0, atol=1e-13)
    slope = x / STD**2 + 0.3 * (goal.evaluate(x).gradient - x / STD**2)
    assert torch.allclose(middle.evaluate(x).gradient, slope, rtol=0, atol=1e-13)
    full = goal.parameter_gradient(x, goal.evaluate(x), weights)
    part = middle.parameter_gradient(x, middle.evaluate(x), weights)
    assert all(torch.allclose(part[n], 0.3 * full[n], rtol=0, atol=1e-12) for n in full)
    quarter = start.toward(start.toward(goal, 0.5), 0.5).evaluate(x).energy
    assert torch.allclose(quarter, goal.confinement(x) + 0.25 * f, rtol=0, atol=1e-13)
    end = start.toward(goal, 1.0)
    assert torch.equal(end.evaluate(x).energy, goal.evaluate(x).energy)
    assert torch.equal(end.evaluate(x).gradient, goal.evaluate(x).gradient)
    ends = end.parameter_gradient(x, end.evaluate(x), weights)
    assert all(torch.equal(ends[n], full[n]) for n in full)


def test_a_path_starts_only_at_the_base_of_its_goal():
    """Another σ₀, or a start that is not Gaussian, is refused with the values."""
    like = torch.zeros(1, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"σ₀ is 2\.0 and 1\.7"):
        mlp_energy(2, 7, 2, "silu", 2.0, rng(), like).toward(energy(), 0.5)
    with pytest.raises(ValueError, match="the start of a path needs share 0"):
        energy().toward(energy(), 0.5)


def test_a_network_that_is_not_zero_has_no_exact_draws():
    """One sentence with the share and the largest output weight; never a silent wrong log Z."""
    made = energy()
    assert not made.exact
    with pytest.raises(ValueError, match="an exact draw needs share 0 or a zero output layer"):
        made.sample(3, rng())
    with pytest.raises(ValueError, match=r"log Z needs .*share is 1 and the largest output weight"):
        made.log_z()
