"""The neural energy: derivatives written by hand, kept layers and the exact start."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy
from ebm_engine.core.energies.networks.activations import ACTIVATIONS
from tests.core.reference_network import leaves, network

STD = 1.7


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def energy(
    activation: str = "silu", depth: int = 2, dim: int = 2, last: str = "random", limit: float = 0
) -> NetworkEnergy:
    like = torch.zeros(1, dtype=torch.float64)
    return mlp_energy(dim, 7, depth, activation, STD, rng(5), like, last, limit)


def points(count: int = 40, dim: int = 2, seed: int = 1) -> torch.Tensor:
    return 2 * torch.randn(count, dim, generator=rng(seed), dtype=torch.float64)


def signed_weights(count: int = 40) -> torch.Tensor:
    return torch.randn(count, generator=rng(2), dtype=torch.float64)


def reference(x: torch.Tensor, parameters: dict[str, torch.Tensor], activation: str):
    """|x|²/2σ₀² + f(3x/σ₀), term by term."""
    return (x**2).sum(1) / (2 * STD**2) + network(3 * x / STD, parameters, activation)


CASES = [(activation, depth) for activation in ACTIVATIONS for depth in (1, 2, 3)]


@pytest.mark.parametrize(("activation", "depth"), CASES)
def test_energy_and_both_gradients_agree_with_autograd_of_a_second_network(activation, depth):
    """U, ∇ₓU and Σ wᵢ ∂U/∂θ to 1e-12, with weights of any sign, in three dimensions.

    ∇ₓf without its 1/σ₀, or the chain with a′(zₗ₊₁) in place of a′(zₗ), differs by 0.1 and more.
    """
    made, x, weights = energy(activation, depth, dim=3), points(dim=3), signed_weights()
    inputs, theta = x.clone().requires_grad_(), leaves(made.parameters)
    exact = reference(inputs, theta, activation)
    (slope,) = torch.autograd.grad(exact.sum(), inputs, retain_graph=True)
    by_theta = torch.autograd.grad((weights * exact).sum(), list(theta.values()))
    at = made.evaluate(x)
    assert torch.allclose(at.energy, exact.detach(), rtol=0, atol=1e-12)
    assert torch.allclose(made.value(x), exact.detach(), rtol=0, atol=1e-12)
    assert torch.allclose(at.gradient, slope, rtol=0, atol=1e-12)
    found = made.parameter_gradient(x, at, weights)
    assert list(found) == list(made.parameters)
    for name, expected in zip(theta, by_theta, strict=True):
        assert found[name].shape == made.parameters[name].shape
        assert torch.allclose(found[name], expected, rtol=0, atol=1e-12)


def test_both_gradients_agree_with_central_differences():
    """(U(+ε) − U(−ε))/2ε in every coordinate of x and of θ, to 1e-8."""
    made, x, weights, eps = energy(), points(), signed_weights(), 1e-5
    at = made.evaluate(x)
    for i in range(2):
        e = eps * torch.eye(2, dtype=torch.float64)[i]
        slope = (made.evaluate(x + e).energy - made.evaluate(x - e).energy) / (2 * eps)
        assert torch.allclose(at.gradient[:, i], slope, rtol=0, atol=1e-8)
    found = made.parameter_gradient(x, at, weights)
    for name, parameter in made.parameters.items():
        for i in range(parameter.numel()):
            entry = parameter.view(-1)
            sides = []
            for sign in (1, -2, 1):
                entry[i] += sign * eps
                sides.append(weights @ made.evaluate(x, gradient=False).energy)
            slope = (sides[0] - sides[1]) / (2 * eps)
            assert float(found[name].reshape(-1)[i]) == pytest.approx(float(slope), abs=1e-8)


def test_the_start_is_the_gaussian_base_exactly():
    """f = 0 to the bit: U = |x|²/2σ₀², ∇U = x/σ₀²; log Z₀ = (d/2) log 2πσ₀² by quadrature to 1e-10.

    A random output bias would shift U, and (d/2) log 2π without σ₀² is off by log σ₀² = 1.06.
    """
    made, x = energy(last="zero"), points()
    at = made.evaluate(x)
    assert made.exact
    assert torch.equal(at.energy, made.confinement(x))
    assert torch.allclose(at.energy, (x**2).sum(1) / (2 * STD**2), rtol=1e-15, atol=0)
    assert torch.equal(at.gradient, x / STD**2)
    axis = torch.linspace(-20, 20, 201, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    total = torch.logsumexp(-made.evaluate(grid).energy, 0) + 2 * math.log(float(axis[1] - axis[0]))
    assert made.log_z() == pytest.approx(float(total), abs=1e-10)


def test_the_first_draws_follow_the_base():
    """Mean 0, covariance σ₀²I and E|x|⁴ = 8σ₀⁴ (d = 2) of 200 000 draws, within 5 s.e."""
    n = 200_000
    x = energy(last="zero").sample(n, rng(3))
    assert x.shape == (n, 2)
    assert x.dtype == torch.float64
    assert (x.mean(0).abs() < 5 * STD / math.sqrt(n)).all()
    # Var(xᵢxⱼ) ≤ 2σ₀⁴, Var|x|⁴ = (384 − 64)σ₀⁸
    spread = torch.cov(x.T) - STD**2 * torch.eye(2, dtype=torch.float64)
    assert spread.abs().max() < 5 * STD**2 * math.sqrt(2 / n)
    fourth = float((x**2).sum(1).square().mean())
    assert fourth == pytest.approx(8 * STD**4, abs=5 * STD**4 * math.sqrt(320 / n))


def test_a_zero_last_layer_still_learns():
    """At the start ∂U/∂w = Σ wᵢh_L(xᵢ) ≠ 0 and every hidden gradient is 0."""
    made, x, weights = energy(last="zero"), points(), signed_weights()
    found = made.parameter_gradient(x, made.evaluate(x), weights)
    assert found["output.weight"].abs().min() > 1e-3
    assert all(not g.any() for name, g in found.items() if name != "output.weight")


def test_layers_dropped_by_a_resampling_come_back_with_the_same_bits():
    """∂U/∂θ from kept layers, from recomputed ones and from an evaluation without ∇ₓU agree."""
    made, x, weights = energy(), points(), signed_weights()
    at = made.evaluate(x)
    kept = made.parameter_gradient(x, at, weights)
    short = made.evaluate(x, gradient=False)
    assert short.gradient.shape == (0, 2)
    assert torch.equal(short.energy, at.energy)
    bare = at.take(torch.arange(len(x)))
    assert bare.layers == ()
    for again in (bare, short):
        found = made.parameter_gradient(x, again, weights)
        assert all(torch.equal(found[name], kept[name]) for name in kept)


def test_the_layout_of_the_points_in_memory_changes_no_bit():
    """Columns along memory, as a gather or a file may leave them, in 50 dimensions."""
    made, x = energy(dim=50), points(dim=50)
    turned = x.T.contiguous().T
    at, again = made.evaluate(x), made.evaluate(turned)
    assert torch.equal(again.energy, at.energy)
    assert torch.equal(again.gradient, at.gradient)
    found = made.parameter_gradient(turned, again, signed_weights())
    kept = made.parameter_gradient(x, at, signed_weights())
    assert all(torch.equal(found[name], kept[name]) for name in kept)


def test_kept_layers_belong_to_their_rows():
    """Walkers repeated by a resampling: the gradient is that of the repeated points, to 1e-12."""
    made, x, weights = energy(), points(), signed_weights()
    index = torch.randint(0, len(x), (len(x),), generator=rng(4))
    found = made.parameter_gradient(x[index], made.evaluate(x).take(index), weights)
    gathered = torch.zeros_like(weights).index_add(0, index, weights)
    expected = made.parameter_gradient(x, made.evaluate(x), gathered)
    assert all(torch.allclose(found[n], expected[n], rtol=0, atol=1e-12) for n in found)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_derivatives_by_hand_need_no_autograd(mode):
    """The same bits without gradient tracking."""
    made, x, weights = energy(), points(), signed_weights()
    outside = made.parameter_gradient(x, made.evaluate(x), weights)
    with mode():
        at = made.evaluate(x)
        inside = made.parameter_gradient(x, at, weights)
    assert torch.equal(at.gradient, made.evaluate(x).gradient)
    assert all(torch.equal(inside[name], outside[name]) for name in outside)


def test_value_can_be_differentiated_twice_from_within_an_update():
    """∂/∂θ of Σ vᵢ·∇ₓU(xᵢ), through a copy made in inference mode, by central differences to 1e-7.

    This is what a gradient through a Langevin step needs; a detached ∇ₓU would give 0.
    """
    made, eps = energy(), 1e-5
    x, v = points(), points(seed=8)
    with torch.inference_mode():
        copy = made.frozen()
        with torch.inference_mode(False), torch.enable_grad():
            inputs, theta = x.clone().requires_grad_(), leaves(made.parameters)
            slope = torch.autograd.grad(copy.value(inputs).sum(), inputs)[0]
            total = made.value(inputs, theta).sum()
            (graph,) = torch.autograd.grad(total, inputs, create_graph=True)
            found = torch.autograd.grad((v * graph).sum(), list(theta.values()))
    assert torch.allclose(slope, made.evaluate(x).gradient, rtol=0, atol=1e-12)
    for (name, parameter), hand in zip(made.parameters.items(), found, strict=True):
        direction = torch.randn(parameter.shape, generator=rng(9), dtype=torch.float64)
        parameter += eps * direction
        above = (v * made.evaluate(x).gradient).sum()
        parameter -= 2 * eps * direction
        below = (v * made.evaluate(x).gradient).sum()
        parameter += eps * direction
        slope = float((above - below) / (2 * eps))
        assert float((hand * direction).sum()) == pytest.approx(slope, abs=1e-7), name


def test_a_centre_moves_the_whole_energy():
    """U with centre c at x + c equals U without one at x; the base alone moved would not."""
    made, x, centre = energy(), points(), torch.tensor([40.0, -7.0], dtype=torch.float64)
    moved = replace(made, centre=centre)
    here, there = made.evaluate(x), moved.evaluate(x + centre)
    for name in ("energy", "gradient"):
        assert torch.allclose(getattr(there, name), getattr(here, name), atol=1e-11)
    assert torch.allclose(moved.value(x + centre), made.value(x), atol=1e-11)
    pulls = made.parameter_gradient(x, here, signed_weights())
    for name, pull in moved.parameter_gradient(x + centre, there, signed_weights()).items():
        assert torch.allclose(pull, pulls[name], atol=1e-11)


def test_walkers_start_around_the_centre():
    """2000 draws of N(c, σ₀²I): their mean is c within 5 s.e."""
    centre = torch.tensor([40.0, -7.0], dtype=torch.float64)
    draws = replace(energy(last="zero"), centre=centre).sample(2000, rng(3))
    assert ((draws.mean(0) - centre).abs() < 5 * STD / math.sqrt(2000)).all()
