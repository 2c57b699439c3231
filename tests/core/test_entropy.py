"""Nearest-neighbour entropy: its constants, its gradient, and that duplicates do no harm."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.methods.parts.entropy import FLOOR, log_nearest, log_spacing


def normal(n: int, d: int, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng, dtype=torch.float64)


def kozachenko_leonenko(x: torch.Tensor) -> float:
    """Ĥ of x (n, d) in nats: the spacing with all constants of Kozachenko and Leonenko (1987)."""
    n, d = x.shape
    log_ball = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1)
    spacing = float(log_spacing(x.double())[0].mean())
    return d * spacing + math.log(n - 1) + log_ball + 0.5772156649015329


@pytest.mark.parametrize("d", [1, 2, 3])
def test_entropy_of_a_standard_normal(d):
    """Ĥ = (d/2) log 2πe within 5 s.e. of 3000 points, √((π²/6 + d/2)/n) each.

    The distance to the second neighbour instead makes it too large by d times 1/d = 1.
    """
    exact, error = 0.5 * d * math.log(2 * math.pi * math.e), math.sqrt((1.645 + d / 2) / 3000)
    assert kozachenko_leonenko(normal(3000, d)) == pytest.approx(exact, abs=5 * error)


def test_entropy_of_a_uniform_square():
    """Ĥ = log 9 for a square of side 3, within 5 s.e. = 0.10 (the border adds less than 0.02)."""
    x = 3 * torch.rand(4000, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert kozachenko_leonenko(x) == pytest.approx(math.log(9), abs=0.12)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_scaling_adds_its_log_to_log_nearest_and_d_logs_to_the_entropy(d):
    """c = 3: mean log ρ + log 3 and Ĥ + d log 3, to rounding; they differ for d > 1."""
    x, past = normal(300, d), normal(100, d, seed=2)
    shift = log_nearest(3 * x, 3 * past)[0].mean() - log_nearest(x, past)[0].mean()
    assert float(shift) == pytest.approx(math.log(3), abs=1e-12)
    difference = kozachenko_leonenko(3 * x) - kozachenko_leonenko(x)
    assert difference == pytest.approx(d * math.log(3), abs=1e-10)


def test_entropy_is_the_sum_of_its_parts():
    """Points at 0, 1, 3 on a line: ρ = 1, 1, 2 and V₁ = 2, so Ĥ = log(2)/3 + 2 log 2 + γ."""
    x = torch.tensor([[0.0], [1.0], [3.0]])
    assert kozachenko_leonenko(x) == pytest.approx(math.log(2) * 7 / 3 + 0.5772156649, abs=1e-9)


def test_gradient_of_log_nearest_is_that_of_autograd():
    """(x − b)/|x − b|² against autograd through the minimum; (x − b)/|x − b| is another one."""
    x, past = normal(40, 3).requires_grad_(), normal(25, 3, seed=3)
    values, gradient = log_nearest(x.detach(), past)
    reference = torch.linalg.vector_norm(x[:, None] - past, dim=2).amin(1).log()
    assert torch.allclose(values, reference.detach(), atol=1e-14)
    (expected,) = torch.autograd.grad(reference.sum(), x)
    assert torch.allclose(gradient, expected, atol=1e-12)


def test_gradient_of_log_spacing_counts_both_ends():
    """∂(Σ log ρ)/∂x by autograd over the batch; a point's own distance alone is another one."""
    x = normal(40, 2).requires_grad_()
    values, gradient = log_spacing(x.detach())
    apart = (x[:, None] - x).square().sum(2) + torch.diag(torch.full((40,), math.inf)).double()
    reference = 0.5 * apart.amin(1).log()
    (expected,) = torch.autograd.grad(reference.sum(), x)
    assert torch.allclose(values, reference.detach(), atol=1e-12)
    assert torch.allclose(gradient, expected, atol=1e-10)
    assert not torch.allclose(log_nearest(x.detach(), x.detach())[1], expected, atol=1e-3)


def test_the_gradient_pushes_a_sample_away_from_its_neighbour():
    """x = 1 beside b = 0: the slope is +1/|x − b|."""
    _, gradient = log_nearest(torch.tensor([[0.5, 0.0]]), torch.tensor([[0.0, 0.0], [9.0, 9.0]]))
    assert gradient.tolist() == [[2.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_duplicates_give_no_nan(dtype):
    """A sample's own copy does not count; with nothing else ρ is the floor and the slope 0."""
    x = normal(6, 2).to(dtype)
    values, gradient = log_nearest(x, torch.cat([x, x + 5]))
    assert torch.isfinite(values).all()
    assert torch.equal(gradient, log_nearest(x, torch.cat([x + 5, x]))[1])
    assert (values > math.log(FLOOR) + 1).all()
    alone, still = log_nearest(x[:1], x[:1].repeat(3, 1))
    assert float(alone) == pytest.approx(math.log(FLOOR), rel=1e-6)
    assert torch.equal(still, torch.zeros(1, 2, dtype=dtype))
    assert log_spacing(x[:1])[1].tolist() == [[0.0, 0.0]]


def test_a_distance_below_the_floor_has_a_bounded_slope():
    """At a tenth of the floor the slope is 0.1/FLOOR, not 10/FLOOR."""
    _, gradient = log_nearest(torch.tensor([[0.1 * FLOOR]]), torch.zeros(1, 1))
    assert float(gradient) == pytest.approx(0.1 / FLOOR, rel=1e-5)
