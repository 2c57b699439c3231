"""Convolutional energies of images: the network, its two gradients, the scales, attention."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ebm_engine.core.energies.conv import conv_energy
from ebm_engine.core.energies.networks.layers import Attention
from ebm_engine.core.energies.networks.pyramid import Pyramid, halved, halved_transposed
from ebm_engine.core.kernels.metropolis import chosen_rows
from ebm_engine.core.methods.parts.derivatives import parameter_derivative, slope
from tests.core.small_images import DOUBLE, STD, VARIANTS, energy, leaves, normal, points, rng


def modules(hidden: int) -> nn.Sequential:
    """The reference network for 28×28, by the library's modules."""
    h = hidden
    sizes = ((1, h // 2, 5, 4), (h // 2, h, 3, 1), (h, 2 * h, 3, 1), (2 * h, 2 * h, 3, 1))
    parts = [(nn.Conv2d(i, o, k, stride=2, padding=p), nn.SiLU()) for i, o, k, p in sizes]
    flat = [part for pair in parts for part in pair]
    return nn.Sequential(
        *flat, nn.Flatten(), nn.Linear(8 * h, 2 * h), nn.SiLU(), nn.Linear(2 * h, 1)
    )


def test_the_reference_network_has_76993_parameters_and_maps_of_16_8_4_2():
    """416 + 4640 + 18496 + 36928 + 16448 + 65; a first padding of 2 gives maps of 14, 7, 4, 2."""
    made = conv_energy(28, 32, 1.0, rng(), torch.zeros(1))
    assert sum(p.numel() for p in made.parameters.values()) == 76_993
    assert [layer.output_side for layer in made.learned.networks[0].layers[:4]] == [16, 8, 4, 2]
    small = conv_energy(28, 16, 1.0, rng(), torch.zeros(1))
    assert sum(p.numel() for p in small.parameters.values()) == 19_425


def test_the_network_is_that_of_the_librarys_modules():
    """U − |x|²/2σ₀² with the same tensors in nn.Conv2d, nn.SiLU and nn.Linear, to 1e-12."""
    made, x = conv_energy(28, 4, STD, rng(2), DOUBLE, "random"), normal(3, 784)
    network = modules(4).double()
    for ours, theirs in zip(made.parameters.values(), network.parameters(), strict=True):
        theirs.data.copy_(ours)
    expected = network(x.reshape(-1, 1, 28, 28))[:, 0].detach()
    found = made.evaluate(x).energy - (x**2).sum(1) / (2 * STD**2)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12 * float((x**2).sum()))
    assert expected.std() > 1e-4


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_force_is_the_slope_of_the_energy(variant):
    """∇ₓU·v against (U(x + εv) − U(x − εv))/2ε, ε = 1e-5, to 1e-7: no autograd on either side."""
    made = energy(variant)
    x, v, small = points(made), normal(6, made.learned.pyramid.dim, seed=7), 1e-5
    rise = made.evaluate(x + small * v).energy - made.evaluate(x - small * v).energy
    along = (made.evaluate(x).gradient * v).sum(1)
    torch.testing.assert_close(along, rise / (2 * small), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("side", [5, 7, 8, 14])
@pytest.mark.parametrize("variant", VARIANTS)
def test_both_gradients_are_those_of_autograd_at_every_size(variant, side):
    """∇ₓU and Σ wᵢ ∂U/∂θ, weights of any sign, against autograd of `value`, to 1e-11."""
    made = energy(variant, side=side)
    x, weights = points(made), normal(6, seed=8)
    leaf, theta = x.clone().requires_grad_(), leaves(made)
    value = made.value(leaf, theta)
    (force,) = torch.autograd.grad(value.sum(), leaf, retain_graph=True)
    expected = torch.autograd.grad(weights @ value, list(theta.values()))
    at = made.evaluate(x)
    torch.testing.assert_close(at.energy, value.detach(), rtol=0, atol=1e-11)
    torch.testing.assert_close(at.gradient, force, rtol=0, atol=1e-11)
    found = made.parameter_gradient(x, at, weights)
    for name, gradient in zip(theta, expected, strict=True):
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=1e-11)
        assert gradient.abs().max() > 1e-6


@pytest.mark.parametrize("variant", VARIANTS)
def test_inference_mode_changes_no_bit(variant):
    """Under torch.inference_mode, at a copy made there, both gradients are the same to the bit."""
    made, weights = energy(variant), normal(6, seed=8)
    x = points(made)
    at = made.evaluate(x)
    expected = made.parameter_gradient(x, at, weights)
    with torch.inference_mode():
        copy, inside = made.frozen(), x.clone()
        found_at = copy.evaluate(inside)
        found = copy.parameter_gradient(inside, found_at, weights)
    assert torch.equal(found_at.gradient, at.gradient)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert not any(p.requires_grad for p in made.parameters.values())
    assert copy.value(x).isfinite().all()


def test_layers_follow_the_rows_that_a_metropolis_test_keeps():
    """∂U/∂θ from the mixed layers equals that from the mixed points; from either side it does not.

    Dropped layers are computed again, to the same bits.
    """
    made, weights = energy("attention"), normal(6, seed=8)
    x, y = points(made), normal(6, 64, seed=9)
    first = torch.tensor([True, False, True, True, False, False])
    mixed = torch.where(first[:, None], y, x)
    rows = chosen_rows(first, made.evaluate(y), made.evaluate(x))
    found = made.parameter_gradient(mixed, rows, weights)
    again = made.parameter_gradient(mixed, made.evaluate(mixed)._replace(layers=()), weights)
    wrong = made.parameter_gradient(x, made.evaluate(x), weights)
    for name in found:
        torch.testing.assert_close(found[name], again[name], rtol=0, atol=1e-12)
    kernel = "conv0.weight"
    assert (wrong[kernel] - found[kernel]).abs().max() > 1e-3 * found[kernel].abs().max()


def test_halving_gives_28_14_7_and_its_transpose_is_its_adjoint():
    """⟨Dx, y⟩ = ⟨x, Dᵀy⟩ to 1e-12; a corner pixel is the sum of 4 pixels over 9, not over 4."""
    assert Pyramid(28, 4).sides == (28, 14, 7, 4)
    for side, half in ((28, 14), (7, 4)):
        x, y = normal(5, side**2), normal(5, half**2, seed=2)
        left, right = (halved(x, side) * y).sum(1), (x * halved_transposed(y, side)).sum(1)
        torch.testing.assert_close(left, right, rtol=0, atol=1e-12)
        corner = x.reshape(5, side, side)[:, :2, :2].sum((1, 2)) / 9
        torch.testing.assert_close(halved(x, side)[:, 0], corner, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_zeroed_scales_leave_the_network_on_one_resolution(kept):
    """With two output layers at 0, U and ∇U are the base plus one network on Dˢx alone."""
    made = energy("scales")
    x = points(made)
    for s in {0, 1, 2} - {kept}:
        for kind in ("weight", "bias"):
            made.parameters[f"scale{s}.output.{kind}"].zero_()
    leaf = x.clone().requires_grad_()
    pixels, side = leaf, 8
    for _ in range(kept):
        pixels, side = halved(pixels, side), side // 2
    part = made.learned.networks[kept].value(pixels)
    (force,) = torch.autograd.grad(part.sum(), leaf)
    at = made.evaluate(x)
    torch.testing.assert_close(at.energy, made.confinement(x) + part.detach(), rtol=0, atol=1e-11)
    torch.testing.assert_close(at.gradient, x / STD**2 + force, rtol=0, atol=1e-11)
    assert force.abs().max() > 1e-4


def test_the_force_of_three_scales_is_the_sum_of_their_forces():
    """∇ₓU − x/σ₀² at all scales = the sum of the three with the others zeroed, not their mean."""
    made = energy("scales")
    x = points(made)

    def learned(live: set[int]) -> Tensor:
        only = made.frozen()
        for s in {0, 1, 2} - live:
            only.parameters[f"scale{s}.output.weight"].zero_()
        return only.evaluate(x).gradient - x / STD**2

    total = learned({0, 1, 2})
    torch.testing.assert_close(total, sum(learned({s}) for s in range(3)), rtol=0, atol=1e-11)
    assert total.abs().max() > 1e-3


def test_attention_with_gain_zero_is_no_attention():
    """γ = 0 at the start: the same U whatever Q, K and V; ∂U/∂γ is not 0, so it can leave."""
    made = energy("attention")
    x, ones = points(made), torch.ones(6, dtype=torch.float64)
    made.parameters["attention.gain"].zero_()
    before = made.evaluate(x).energy
    made.parameters["attention.value.weight"].mul_(3)
    assert torch.equal(made.evaluate(x).energy, before)
    gradient = made.parameter_gradient(x, made.evaluate(x), ones)
    assert gradient["attention.gain"].abs() > 1e-6
    fresh = conv_energy(8, 4, STD, rng(), DOUBLE, attention=True)
    assert float(fresh.parameters["attention.gain"]) == 0


def test_attention_is_that_of_the_library():
    """y − h = γ·softmax(QᵀK)V over positions, by torch's own attention with scale 1, to 1e-12.

    A softmax over p instead of q, or scores divided by the root of the dimension, differ.
    """
    layer = Attention("a", 16)
    theta = {
        name: normal(*size, seed=seed) for seed, (name, size) in enumerate(layer.sizes.items())
    }
    h = normal(3, 16 * 9, seed=9)
    columns = h.reshape(3, 16, 9)
    query, key, value = (
        (theta[f"a.{kind}.weight"] @ columns).mT for kind in ("query", "key", "value")
    )
    mixed = functional.scaled_dot_product_attention(query, key, value, scale=1.0)
    expected = h + theta["a.gain"] * mixed.mT.flatten(1)
    torch.testing.assert_close(layer.forward(h, theta), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", ["scales", "decoded"])
def test_a_loss_made_of_forces_has_its_derivative_in_inference_mode(variant):
    """∂/∂θ Σ|∇ₓU|² through `value`, against central differences along θ itself, to 1e-6."""
    made, small = energy(variant), 1e-5
    x = points(made)

    def squares(theta: dict[str, Tensor]) -> Tensor:
        return slope(made, x, theta)[1].square().sum()

    with torch.inference_mode():
        found = parameter_derivative(made, squares)
    along = sum(float((found[name] * p).sum()) for name, p in made.parameters.items())

    def at(factor: float) -> float:
        other = made.frozen()
        for parameter in other.parameters.values():
            parameter.mul_(factor)
        return float(other.evaluate(x).gradient.square().sum())

    assert along == pytest.approx((at(1 + small) - at(1 - small)) / (2 * small), rel=1e-6)
    assert abs(along) > 1e-3
