"""The parts of a neural energy: activations, first weights, spectral limit, units, refusals."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.networks.activations import ACTIVATIONS
from tests.core.reference_network import DEFINITIONS

DOUBLE = torch.zeros(1, dtype=torch.float64)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(count: int = 40) -> torch.Tensor:
    return 2 * torch.randn(count, 2, generator=rng(1), dtype=torch.float64)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_follows_its_definition_and_its_derivative(name):
    """a(z) and a′(z) for |z| ≤ 30 to 1e-13, against the definition and its autograd derivative.

    σ(z) in place of σ + zσ(1 − σ), or a softplus that is cut to z at 20, fails.
    """
    z = torch.linspace(-30, 30, 2401, dtype=torch.float64).requires_grad_()
    exact = DEFINITIONS[name](z)
    (slope,) = torch.autograd.grad(exact.sum(), z)
    value, by_hand = ACTIVATIONS[name].with_slope(z.detach().clone())
    assert torch.allclose(value, exact.detach(), rtol=1e-14, atol=1e-13)
    assert torch.allclose(by_hand, slope, rtol=1e-14, atol=1e-13)
    plain = ACTIVATIONS[name].value(z)
    (again,) = torch.autograd.grad(plain.sum(), z)
    assert torch.allclose(plain.detach(), value, rtol=1e-14, atol=1e-13)
    assert torch.allclose(again, by_hand, rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_activation_overflows_in_float32(name):
    """At z = ±10⁴ the slope is its limit: 0 on the left; 1, or 0 for tanh, on the right."""
    z = torch.tensor([-1e4, 1e4])
    value, slope = ACTIVATIONS[name].with_slope(z.clone())
    right = 0.0 if name == "tanh" else 1.0
    assert slope.tolist() == [0.0, right]
    assert torch.equal(value, ACTIVATIONS[name].value(z))


def test_first_weights_fill_their_range_whatever_the_precision():
    """Uniform in ±1/√inputs: variance 1/(3·inputs) within 5 s.e.; float32 and float64 agree.

    A normal start with variance 1/inputs would leave the range and have three times the variance.
    """
    double = mlp_energy(2, 128, 2, "silu", 3.0, rng(), DOUBLE, "random").parameters
    single = mlp_energy(2, 128, 2, "silu", 3.0, rng(), torch.zeros(1), "random").parameters
    inputs = {"layer0": 2, "layer1": 128, "output": 128}
    for name, parameter in double.items():
        bound = 1 / math.sqrt(inputs[name.split(".")[0]])
        assert parameter.abs().max() <= bound
        # the variance of u² for u uniform in ±b is 4b⁴/45
        error = 5 * math.sqrt(4 / 45 / parameter.numel()) * bound**2
        assert float(parameter.square().mean()) == pytest.approx(bound**2 / 3, abs=error)
        assert single[name].dtype == torch.float32
        assert torch.allclose(single[name].double(), parameter, rtol=0, atol=1e-7)
    assert not torch.equal(double["layer0.bias"], double["layer1.bias"])


def test_the_start_of_the_last_layer_leaves_the_hidden_layers_alone():
    """A zero and a random start differ in the output weights only."""
    zero = mlp_energy(2, 9, 2, "silu", 3.0, rng(), DOUBLE, "zero").parameters
    random = mlp_energy(2, 9, 2, "silu", 3.0, rng(), DOUBLE, "random").parameters
    assert [n for n in zero if not torch.equal(zero[n], random[n])] == ["output.weight"]
    assert not zero["output.weight"].any()


def test_units_do_not_matter():
    """U(cx) with base cσ₀ equals U(x) with base σ₀; ∇U shrinks by c. Inputs not divided fail."""
    x = points()
    one = mlp_energy(2, 9, 2, "silu", 1.5, rng(), DOUBLE, "random").evaluate(x)
    ten = mlp_energy(2, 9, 2, "silu", 15.0, rng(), DOUBLE, "random").evaluate(10 * x)
    assert torch.allclose(ten.energy, one.energy, rtol=0, atol=1e-13)
    assert torch.allclose(10 * ten.gradient, one.gradient, rtol=0, atol=1e-13)


def test_float32_agrees_with_float64():
    """U and ∇U of a 2×128 network to 1e-5; the weights of the two start from the same numbers."""
    x = points(500).float()
    coarse = mlp_energy(2, 128, 2, "silu", 3.0, rng(), x, "random").evaluate(x)
    fine = mlp_energy(2, 128, 2, "silu", 3.0, rng(), DOUBLE, "random").evaluate(x.double())
    assert coarse.energy.dtype == coarse.gradient.dtype == torch.float32
    assert torch.allclose(coarse.energy.double(), fine.energy, rtol=0, atol=1e-5)
    assert torch.allclose(coarse.gradient.double(), fine.gradient, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_spectral_limit_scales_only_what_exceeds_it(dtype):
    """Largest singular value after min(before, limit)(1 ± 1e-6), direction kept, bits if below.

    Dividing by the Frobenius norm would shrink further; a zero matrix must not become NaN.
    """
    made = mlp_energy(3, 20, 3, "silu", 1.0, rng(), torch.zeros(1, dtype=dtype), "zero", 0.8)
    for factor, name in ((5.0, "layer0.weight"), (0.1, "layer1.weight"), (2.0, "layer2.weight")):
        made.parameters[name].mul_(factor)
    before = {name: p.clone() for name, p in made.parameters.items()}
    made.constrain()
    for name, parameter in made.parameters.items():
        if name in ("layer0.weight", "layer2.weight"):
            norm = float(torch.linalg.svdvals(parameter.double())[0])
            assert norm == pytest.approx(0.8, rel=1e-6)
            ratio = (parameter / before[name]).double()
            assert torch.allclose(ratio, ratio.mean(), rtol=1e-6)
        else:
            assert torch.equal(parameter, before[name])
    assert made.exact


def test_the_spectral_limit_bounds_the_force_of_the_network():
    """|∇f| ≤ cᴸ⁺¹ max|a′|ᴸ/σ₀ with max|a′| = 1.09984 for silu, from the first evaluation on."""
    made = mlp_energy(2, 30, 2, "silu", 2.0, rng(), DOUBLE, "random", 0.3)
    x = points(500)
    force = made.evaluate(x).gradient - x / 4
    assert force.norm(dim=1).max() <= 0.3**3 * 1.09984**2 / 2
    free = mlp_energy(2, 30, 2, "silu", 2.0, rng(), DOUBLE, "random")
    assert (free.evaluate(x).gradient - x / 4).norm(dim=1).max() > 0.3**3 * 1.09984**2 / 2


def test_without_a_limit_no_weight_changes():
    """constrain() with spectral_limit 0 leaves every bit."""
    made = mlp_energy(2, 9, 2, "silu", 3.0, rng(), DOUBLE, "random")
    made.parameters["layer1.weight"].mul_(100)
    before = {name: p.clone() for name, p in made.parameters.items()}
    made.constrain()
    assert all(torch.equal(p, before[name]) for name, p in made.parameters.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dim": 0}, "dim must be at least 1; it is 0"),
        ({"width": 0}, "width must be at least 1; it is 0"),
        ({"depth": 0}, "depth must be at least 1; it is 0"),
        ({"activation": "relu"}, "silu, softplus, tanh, gelu; it is 'relu'"),
        ({"base_std": 0.0}, "must be positive and finite; it is 0.0"),
        ({"base_std": math.nan}, "must be positive and finite; it is nan"),
        ({"last_layer": "one"}, "last_layer must be one of .*; it is 'one'"),
        ({"spectral_limit": -1.0}, r"spectral_limit must be 0 \(none\) or more; it is -1.0"),
    ],
)
def test_values_out_of_range_are_refused_at_the_door(changes, message):
    """One sentence with the value and the limit."""
    good = {"dim": 2, "width": 3, "depth": 1, "activation": "silu", "base_std": 1.0}
    with pytest.raises(ValueError, match=message):
        mlp_energy(**(good | {"rng": rng(), "like": DOUBLE} | changes))
