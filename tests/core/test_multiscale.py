"""The energy of several networks at different length scales."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.multiscale import multi_scale_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy
from tests.core.reference_network import leaves, network

STD = 1.7
DOUBLE = torch.zeros(1, dtype=torch.float64)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def energy(last: str = "random", limit: float = 0.0) -> NetworkEnergy:
    return multi_scale_energy(2, 6, 2, "silu", STD, rng(5), DOUBLE, last, limit)


def points(count: int = 40) -> torch.Tensor:
    return 2 * torch.randn(count, 2, generator=rng(1), dtype=torch.float64)


def reference(x: torch.Tensor, parameters: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """fₛ(x/ℓₛ) for ℓₛ = σ₀, σ₀/2, σ₀/4."""
    return [network(x * 2**s / STD, parameters, "silu", f"scale{s}.") for s in range(3)]


def test_the_energy_is_the_base_plus_the_sum_of_three_parts():
    """U − |x|²/2σ₀² = Σₛ fₛ(x/ℓₛ) to 1e-12; their mean, or ℓₛ = 2ˢσ₀, differs by 0.1 and more."""
    made, x = energy(), points()
    parts = reference(x, made.parameters)
    found = made.evaluate(x).energy - (x**2).sum(1) / (2 * STD**2)
    assert torch.allclose(found, sum(parts), rtol=0, atol=1e-12)
    assert (found - sum(parts) / 3).abs().max() > 0.1
    assert all(part.abs().max() > 0.01 for part in parts)


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_zeroed_scales_leave_one_part(kept):
    """With two output layers at zero, U and ∇U are those of one network at ℓₛ = σ₀/2ˢ."""
    made, x = energy(), points()
    for s in {0, 1, 2} - {kept}:
        made.parameters[f"scale{s}.output.weight"].zero_()
    inputs = x.clone().requires_grad_()
    part = reference(inputs, made.parameters)[kept]
    (slope,) = torch.autograd.grad(part.sum(), inputs)
    at = made.evaluate(x)
    assert torch.allclose(at.energy, made.confinement(x) + part.detach(), rtol=0, atol=1e-12)
    assert torch.allclose(at.gradient, x / STD**2 + slope, rtol=0, atol=1e-12)


def test_the_force_and_the_parameter_gradient_are_those_of_the_sum():
    """∇ₓU and Σ wᵢ ∂U/∂θ against autograd of the sum, to 1e-12, with weights of any sign."""
    made, x = energy(), points()
    weights = torch.randn(len(x), generator=rng(2), dtype=torch.float64)
    inputs, theta = x.clone().requires_grad_(), leaves(made.parameters)
    exact = (inputs**2).sum(1) / (2 * STD**2) + sum(reference(inputs, theta))
    (slope,) = torch.autograd.grad(exact.sum(), inputs, retain_graph=True)
    by_theta = torch.autograd.grad((weights * exact).sum(), list(theta.values()))
    at = made.evaluate(x)
    assert torch.allclose(at.gradient, slope, rtol=0, atol=1e-12)
    assert torch.allclose(made.value(x), exact.detach(), rtol=0, atol=1e-12)
    found = made.parameter_gradient(x, at, weights)
    again = made.parameter_gradient(x, at.take(torch.arange(len(x))), weights)
    assert list(found) == list(theta)
    for name, expected in zip(theta, by_theta, strict=True):
        assert torch.allclose(found[name], expected, rtol=0, atol=1e-12)
        assert torch.equal(found[name], again[name])


def test_value_differentiates_in_given_parameters_of_every_scale():
    """∂ΣU/∂θ through value(x, θ) equals the hand-written gradient with weights 1, to 1e-12."""
    made, x = energy(), points()
    theta = leaves(made.parameters)
    found = torch.autograd.grad(made.value(x, theta).sum(), list(theta.values()))
    ones = torch.ones(len(x), dtype=torch.float64)
    by_hand = made.parameter_gradient(x, made.evaluate(x), ones)
    for gradient, expected in zip(found, by_hand.values(), strict=True):
        assert torch.allclose(gradient, expected, rtol=0, atol=1e-12)


def test_the_networks_are_independent():
    """Three sets of own tensors, no two scales with equal weights."""
    made = energy()
    assert len(made.parameters) == 3 * 5
    for kind in ("layer0.weight", "layer1.bias", "output.weight"):
        tensors = [made.parameters[f"scale{s}.{kind}"] for s in range(3)]
        assert not torch.equal(tensors[0], tensors[1])
        assert not torch.equal(tensors[1], tensors[2])


def test_one_scale_is_the_plain_network():
    """The same draws, hence the same bits, under names that start with "scale0."."""
    x = points()
    one = multi_scale_energy(2, 6, 2, "silu", STD, rng(5), DOUBLE, "random", scales=1)
    plain = mlp_energy(2, 6, 2, "silu", STD, rng(5), DOUBLE, "random", length=STD)
    assert [n.removeprefix("scale0.") for n in one.parameters] == list(plain.parameters)
    assert torch.equal(one.evaluate(x).gradient, plain.evaluate(x).gradient)


def test_the_start_is_exact_only_while_every_scale_is_zero():
    """log Z₀ = log 2πσ₀² in the plane; one live scale out of three ends that."""
    made = energy("zero")
    assert made.log_z() == pytest.approx(math.log(2 * math.pi * STD**2), abs=1e-14)
    made.parameters["scale2.output.weight"][0, 0] = 1e-3
    assert not made.exact
    with pytest.raises(ValueError, match=r"largest output weight 0\.001"):
        made.sample(5, rng())


def test_path_copy_and_limit_reach_every_scale():
    """Share ½ halves the sum; a copy keeps its bits; constrain() bounds all nine matrices."""
    made, x = energy(limit=0.4), points()
    f = made.evaluate(x).energy - made.confinement(x)
    half = made.origin().toward(made, 0.5).evaluate(x).energy - made.confinement(x)
    assert torch.allclose(half, 0.5 * f, rtol=0, atol=1e-13)
    copy, before = made.frozen(), made.evaluate(x).energy
    for parameter in made.parameters.values():
        parameter.mul_(3)
    assert torch.equal(copy.evaluate(x).energy, before)
    made.constrain()
    matrices = [p for name, p in made.parameters.items() if name.endswith("weight")]
    assert len(matrices) == 9
    assert all(float(torch.linalg.svdvals(p)[0]) <= 0.4 * (1 + 1e-6) for p in matrices)


def test_no_scales_are_refused():
    """One sentence with the value."""
    with pytest.raises(ValueError, match="scales must be at least 1; it is 0"):
        multi_scale_energy(2, 6, 2, "silu", STD, rng(), DOUBLE, scales=0)
