"""The pinwheel and the checkerboard in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.data.shapes import checkerboard, pinwheel
from tests.data.cases import F64


def test_an_untwisted_pinwheel_is_a_mixture_of_long_gaussians():
    """Rate 0, two arms: ½ N((±2, 0), diag(0.5², 0.2²)), on both sides of the origin.

    A radial Gaussian cut off at 0 or folded there would differ near the origin.
    """
    x = torch.tensor([[2.0, 0.0], [0.0, 0.0], [-0.3, 0.1], [-2.5, -0.4], [0.5, 3.0]], dtype=F64)
    terms = [
        torch.exp(-(((x[:, 0] - a) / 0.5) ** 2 + (x[:, 1] / 0.2) ** 2) / 2) for a in (2.0, -2.0)
    ]
    expected = 0.5 * (terms[0] + terms[1]) / (2 * math.pi * 0.5 * 0.2)
    found = pinwheel(2, 0.5, 0.2, 0.0).log_density(x)
    assert torch.allclose(found.exp(), expected, rtol=1e-12, atol=0)


def test_the_twist_keeps_the_entropy():
    """A turn by an angle of the radius keeps areas: −E log p is the same at every rate, to 10⁻⁶.

    Turning by the first coordinate, with Jacobian 1 − φ′z₂, would change it.
    """
    entropies = []
    for rate in (0.0, 0.15, 0.3):
        d = pinwheel(5, 0.5, 0.15, rate)
        points, weights = d.grid()
        entropies.append(-float(weights @ d.log_density(points)))
    assert entropies[1] == pytest.approx(entropies[0], abs=1e-6)
    assert entropies[2] == pytest.approx(entropies[0], abs=1e-6)


def test_a_sampled_arm_turned_back_is_the_gaussian_it_came_from():
    """Turned back by φ(r) = rate · exp(r/2): mean (2, 0), stds 0.5 and 0.3, in 5 s.e.

    Points turned by the first coordinate come back 0.016 beside the axis, more than ten s.e.
    """
    d = pinwheel(2, 0.5, 0.3, 0.25)
    x = d.sample(50_000, torch.Generator().manual_seed(3), torch.zeros(1, dtype=F64))
    radius = x.norm(dim=1)
    angle = torch.atan2(x[:, 1], x[:, 0]) - 0.25 * torch.exp(radius / 2)
    z = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    z = z * torch.where(z[:, :1] > 0, 1.0, -1.0)  # the second arm on to the first
    expected = torch.tensor([0.5, 0.3], dtype=F64)
    error = expected / math.sqrt(len(z))
    assert ((z.mean(0) - torch.tensor([2.0, 0.0])).abs() < 5 * error).all()
    assert ((z.std(0) - expected).abs() < 5 * error / math.sqrt(2)).all()


def test_a_pinwheel_looks_the_same_after_a_turn_by_one_arm():
    """p(x) = p(turned by 2π/K), and its regions have mass 1/K each, to 10⁻⁴."""
    d = pinwheel(3, 0.5, 0.2, 0.3)
    x = d.sample(50, torch.Generator().manual_seed(0), torch.zeros(1, dtype=F64))
    cos, sin = math.cos(2 * math.pi / 3), math.sin(2 * math.pi / 3)
    turned = x @ torch.tensor([[cos, sin], [-sin, cos]], dtype=F64)
    assert torch.allclose(d.log_density(x), d.log_density(turned), rtol=0, atol=1e-9)
    assert torch.allclose(d.masses, torch.full((3,), 1 / 3, dtype=F64), atol=1e-4)


def test_the_pinwheel_is_finite_far_away():
    """A lost walker at distance 10⁶ has a finite log p, without overflow of the twist."""
    far = torch.tensor([[1e6, 0.0], [-1e6, 1e6]], dtype=F64)
    assert torch.isfinite(pinwheel(5, 0.5, 0.15, 0.3).log_density(far)).all()


def test_the_thinnest_pinwheel_is_still_integrated():
    """The grid of the hardest allowed arms sums to 1 within 10⁻⁶."""
    _, weights = pinwheel(12, 0.6, 0.1, 0.4).grid()
    assert abs(float(weights.sum()) - 1) < 1e-6


def test_the_board_is_flat_on_its_dark_squares():
    """−log 32 on dark squares and their edges, −∞ on light ones and outside."""
    x = torch.tensor(
        [[-3.0, -3.0], [-2.0, -3.0], [3.9, 3.9], [4.0, 4.0], [-1.0, -3.0], [3.0, -3.0], [5.0, 5.0]]
    )
    expected = [-math.log(32)] * 4 + [-math.inf] * 3
    found = checkerboard().log_density(x)
    assert found.dtype == F64
    assert found.tolist() == expected


def test_the_board_has_eight_squares_of_mass_one_eighth():
    """Masses exactly 1/8; its quadrature has equal weights, all on dark squares."""
    d = checkerboard()
    assert d.masses.tolist() == [0.125] * 8
    points, weights = d.grid()
    assert torch.isfinite(d.log_density(points)).all()
    assert weights.tolist() == [1 / 7200] * 7200
    assert float(weights @ d.log_density(points)) == pytest.approx(-math.log(32), rel=1e-12)


def test_every_point_of_the_board_lies_on_a_dark_square():
    """100 000 float32 points, rounded to edges or not, have the density of a dark square."""
    d = checkerboard()
    x = d.sample(100_000, torch.Generator().manual_seed(2), torch.zeros(1))
    assert torch.isfinite(d.log_density(x)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0.5, 0.2, 0.2), "number of arms is 1, and it must lie between 2 and 12"),
        ((5, 2.0, 0.2, 0.2), "radial width of an arm is 2"),
        ((5, 0.5, 0.01, 0.2), "tangential width of an arm is 0.01"),
        ((5, 0.5, 0.2, -1.0), "rate of the twist is -1"),
    ],
)
def test_impossible_pinwheels_are_refused(arguments, message):
    """One sentence with the value and its limit."""
    with pytest.raises(ValueError, match=message):
        pinwheel(*arguments)
