"""Energies put together by and, or, not, against the closed forms of Gaussians."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ebm_engine.core.energies.compose import all_of, any_of, bounded, but_not
from ebm_engine.core.energies.conv import conv_energy
from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy

DOUBLE = torch.zeros(1, dtype=torch.float64)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(mean: float, variance: float) -> NetworkEnergy:
    """(x − m)²/2v on the line: a network that is still zero."""
    made = mlp_energy(1, 2, 1, "silu", math.sqrt(variance), rng(), DOUBLE)
    return replace(made, centre=torch.tensor([mean], dtype=torch.float64))


FIRST, SECOND = gaussian(-1.0, 0.5), gaussian(2.0, 0.25)
GRID = torch.linspace(-30, 30, 60_001, dtype=torch.float64)[:, None]


def log_z(energy: object) -> float:
    """log ∫ exp(−U) dx by the trapezoidal rule, whose error is far below rounding here."""
    return float(torch.logsumexp(-energy.evaluate(GRID).energy, 0)) + math.log(1e-3)


def mean_and_variance(energy: object) -> tuple[float, float]:
    share = torch.softmax(-energy.evaluate(GRID).energy, 0)
    mean = float(share @ GRID[:, 0])
    return mean, float(share @ (GRID[:, 0] - mean) ** 2)


def share_of_first(energy: object) -> float:
    """The weight of the first Gaussian in a mixture of both, from the mean of the mixture."""
    return (2.0 - mean_and_variance(energy)[0]) / 3.0


COMPOSED = {
    "all": all_of((FIRST, SECOND), (0.5, 2.0)),
    "any": any_of((FIRST, SECOND), 1.7, (0.3, -0.2)),
    "not": but_not(FIRST, SECOND, 0.3),
    "nested": but_not(any_of((FIRST, all_of((FIRST, SECOND)))), SECOND, 0.1),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_the_force_is_the_slope_of_the_energy(name):
    """`value`, `evaluate` and ∇ₓU agree to 1e-12; without gradient it is (0, 1)."""
    energy = COMPOSED[name]
    x = torch.linspace(-3, 4, 29, dtype=torch.float64)[:, None]
    leaf = x.clone().requires_grad_()
    value = energy.value(leaf)
    (slope,) = torch.autograd.grad(value.sum(), leaf)
    at = energy.evaluate(x)
    torch.testing.assert_close(at.energy, value.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(at.gradient, slope, rtol=0, atol=1e-12)
    bare = energy.evaluate(x, gradient=False)
    assert torch.equal(bare.energy, at.energy)
    assert bare.gradient.shape == (0, 1)


def test_the_product_of_two_gaussians_is_the_gaussian_of_added_precisions():
    """N(−1, ½)·N(2, ¼): precision 2 + 4, mean (−2 + 8)/6 = 1, variance 1/6; a mean of the energies
    instead of their sum has variance 1/3.
    """
    both = all_of((FIRST, SECOND))
    assert mean_and_variance(both) == pytest.approx((1.0, 1 / 6), abs=1e-12)
    assert both.base_std**2 == pytest.approx(1 / 6, rel=1e-14)
    halves = all_of((FIRST, SECOND), (0.5, 0.5))
    assert mean_and_variance(halves) == pytest.approx((1.0, 1 / 3), abs=1e-12)


def test_a_conjunction_commutes_and_with_itself_halves_the_temperature():
    """U + U = U/T at T = ½: variance ¼ for N(−1, ½)."""
    x = GRID[::500]
    one, other = all_of((FIRST, SECOND)), all_of((SECOND, FIRST))
    assert torch.equal(one.evaluate(x).energy, other.evaluate(x).energy)
    twice = all_of((FIRST, FIRST))
    assert torch.equal(twice.evaluate(x).energy, 2 * FIRST.evaluate(x).energy)
    assert mean_and_variance(twice) == pytest.approx((-1.0, 0.25), abs=1e-12)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 100.0])
def test_the_soft_minimum_lies_within_its_bounds(sharpness):
    """min − log(n)/s ≤ U ≤ min, the lower one reached where both energies are equal."""
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)[:, None]
    parts = torch.stack([e.evaluate(x).energy for e in (FIRST, SECOND)])
    least, found = parts.amin(0), any_of((FIRST, SECOND), sharpness).evaluate(x).energy
    assert (found <= least + 1e-12).all()
    assert (found >= least - math.log(2) / sharpness - 1e-12).all()
    same = any_of((FIRST, FIRST), sharpness).evaluate(x).energy
    expected = FIRST.evaluate(x).energy - math.log(2) / sharpness
    torch.testing.assert_close(same, expected, rtol=0, atol=1e-12)


def test_a_disjunction_weights_its_parts_by_their_normalisers():
    """√.5/(√.5 + √.25) = .5858 without log Zᵢ, .5 with them; −log Zᵢ instead gives .667."""
    found = share_of_first(any_of((FIRST, SECOND)))
    assert found == pytest.approx(math.sqrt(0.5) / (math.sqrt(0.5) + 0.5), abs=1e-10)
    assert found == pytest.approx(0.5858, abs=5e-5)
    normalisers = (FIRST.log_z(), SECOND.log_z())
    corrected = any_of((FIRST, SECOND), log_z=normalisers)
    assert share_of_first(corrected) == pytest.approx(0.5, abs=1e-10)
    assert log_z(corrected) == pytest.approx(math.log(2), abs=1e-10)
    wrong = any_of((FIRST, SECOND), log_z=tuple(-z for z in normalisers))
    assert share_of_first(wrong) == pytest.approx(2 / 3, abs=1e-10)


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.45])
def test_a_negation_subtracts_precisions(weight):
    """N(−1, ½) but not α·N(2, ¼): precision 2 − 4α, mean (−2 − 8α)/(2 − 4α); 2 + 4α fails.

    By the force, which is affine, since at α = .45 the Gaussian reaches beyond the grid.
    """
    rest, precision = but_not(FIRST, SECOND, weight), 2 - 4 * weight
    mean = (-2 - 8 * weight) / precision
    x = torch.linspace(-30, 30, 61, dtype=torch.float64)[:, None]
    expected = precision * (x - mean)
    torch.testing.assert_close(rest.evaluate(x).gradient, expected, rtol=0, atol=1e-12)
    assert rest.base_std**-2 == pytest.approx(precision, rel=1e-12)
    if weight < 0.4:
        assert mean_and_variance(rest) == pytest.approx((mean, 1 / precision), rel=1e-10)


@pytest.mark.parametrize("weight", [0.5, 0.7])
def test_an_unbounded_negation_is_refused_with_the_largest_weight(weight):
    """Proper only for α < σ₂²/σ₁² = ½, so ½ itself is refused; σ₁²/σ₂² = 2 would let it through."""
    with pytest.raises(ValueError, match=rf"must stay below 0\.5; it is {weight}"):
        but_not(FIRST, SECOND, weight)
    assert bounded(FIRST, SECOND, 0.4999) == pytest.approx((2 - 4 * 0.4999) ** -0.5, rel=1e-9)


def test_compositions_of_compositions_know_their_tails():
    """Not B of (A and B), limit (1/σ_A² + 1/σ_B²)σ_B² = 1.5; of (A or B), limit σ_B²/σ_A² = ½.

    The widest part rules the tail of a disjunction.
    """
    with pytest.raises(ValueError, match=r"below 1\.5; it is 1\.6"):
        but_not(all_of((FIRST, SECOND)), SECOND, 1.6)
    with pytest.raises(ValueError, match=r"below 0\.5; it is 0\.6"):
        but_not(any_of((FIRST, SECOND)), SECOND, 0.6)


def test_adding_a_constant_to_every_part_shifts_the_energy_alone():
    """E + c: the same force to 1e-12, U up by c, so p and its samples are the same."""
    x = GRID[::500]
    plain = any_of((FIRST, SECOND)).evaluate(x)
    raised = any_of((FIRST, SECOND), log_z=(3.0, 3.0)).evaluate(x)
    torch.testing.assert_close(raised.energy, plain.energy + 3, rtol=0, atol=1e-11)
    torch.testing.assert_close(raised.gradient, plain.gradient, rtol=0, atol=1e-12)


def test_the_confinement_of_a_sum_is_the_sum_of_confinements():
    """Σ wᵢ(x − mᵢ)²/2vᵢ for and and not; 0 for or."""
    x = GRID[::500]
    first, second = (e.confinement(x) for e in (FIRST, SECOND))
    for found, expected in (
        (COMPOSED["all"], 0.5 * first + 2 * second),
        (COMPOSED["not"], first - 0.3 * second),
        (COMPOSED["any"], torch.zeros_like(first)),
    ):
        torch.testing.assert_close(found.confinement(x), expected, rtol=1e-13, atol=0)


def image_energies() -> tuple[Tensor, list]:
    x = torch.randn(4, 64, generator=rng(1), dtype=torch.float64)
    return x, [conv_energy(8, 4, 1.0, rng(s), DOUBLE, "random") for s in (1, 2)]


def test_image_energies_compose_as_points_do():
    """The force of two networks' product, in inference mode too, is the sum of their forces."""
    x, parts = image_energies()
    with torch.inference_mode():
        found = all_of(tuple(parts)).evaluate(x).gradient
    expected = sum(part.evaluate(x).gradient for part in parts)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("compose", "message"),
    [
        (lambda: all_of(()), "needs at least 1 energy; it has 0"),
        (lambda: any_of(()), "needs at least 1 energy; it has 0"),
        (lambda: all_of((FIRST, SECOND), (1.0,)), "2 energies need as many weights; there are 1"),
        (lambda: any_of((FIRST,), log_z=(1.0, 2.0)), "1 energies need as many values of log Z"),
        (lambda: all_of((FIRST,), (-1.0,)), r"a weight must be positive and finite; it is -1\.0"),
        (lambda: any_of((FIRST,), 0.0), r"the sharpness must be positive and finite; it is 0\.0"),
        (lambda: but_not(FIRST, SECOND, 0.0), "a weight must be positive and finite"),
    ],
)
def test_values_out_of_range_are_refused(compose, message):
    """One sentence with the value and the limit."""
    with pytest.raises(ValueError, match=message):
        compose()
