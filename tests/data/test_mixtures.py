"""Training points drawn from a mixture in exact proportions."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.data.densities import mode_counts, sample_mixture


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("masses", "count", "expected"),
    [
        ([0.25, 0.75], 2000, [500, 1500]),
        ([0.25, 0.75], 10, [3, 7]),
        ([1 / 3, 1 / 3, 1 / 3], 10, [4, 3, 3]),
        ([0.1] * 10, 100, [10] * 10),
        ([0.7, 0.2, 0.1], 5, [4, 1, 0]),
        ([0.001, 0.999], 10, [0, 10]),
        ([1.0], 7, [7]),
    ],
)
def test_counts_follow_the_largest_remainders(masses, count, expected):
    """⌊count·pⱼ⌋ each, the rest to the largest fractions, to the first of equals.

    Plain rounding upwards of halves gives 6 points of 5 for (0.7, 0.2, 0.1).
    """
    found = mode_counts(torch.tensor(masses, dtype=torch.float64), count)
    assert found.tolist() == expected


@pytest.mark.parametrize("count", [2, 3, 17, 1001])
def test_counts_always_add_up(count):
    """Within 1 of count·pⱼ for random masses, and the sum is exact."""
    for seed in range(20):
        masses = torch.rand(7, generator=rng(seed), dtype=torch.float64)
        masses /= masses.sum()
        found = mode_counts(masses, count)
        assert found.sum() == count
        assert ((found - count * masses).abs() < 1).all()


def test_points_have_the_mixtures_moments_in_each_mode():
    """Mean aⱼ and covariance I within each mode, within 5 s.e.; exact counts."""
    means = torch.tensor([[-20.0, 0.0, 5.0], [20.0, 3.0, 0.0]], dtype=torch.float64)
    x = sample_mixture(means, torch.tensor([0.3, 0.7], dtype=torch.float64), 20_000, rng(1))
    left = x[:, 0] < 0
    assert int(left.sum()) == 6000
    for side, mean in ((left, means[0]), (~left, means[1])):
        error = 1 / math.sqrt(int(side.sum()))
        assert ((x[side].mean(0) - mean).abs() < 5 * error).all()
        covariance = torch.cov(x[side].T) - torch.eye(3, dtype=torch.float64)
        assert (covariance.abs() < 5 * math.sqrt(2) * error).all()


def test_points_are_in_random_order():
    """The first half holds its share of each mode, within 5 s.e. without replacement."""
    means = torch.tensor([[-20.0], [20.0]])
    x = sample_mixture(means, torch.tensor([0.5, 0.5]), 2000, rng(2))
    left = int((x[:1000, 0] < 0).sum())
    assert left != 1000
    assert abs(left - 500) < 5 * math.sqrt(2000 / 16)


def test_points_are_a_function_of_the_generator():
    """Same seed, same points; another seed, other points; float64 points are the same draws."""
    means, masses = torch.tensor([[-2.0], [2.0]]), torch.tensor([0.5, 0.5])
    first = sample_mixture(means, masses, 100, rng(3))
    assert torch.equal(first, sample_mixture(means, masses, 100, rng(3)))
    assert not torch.equal(first, sample_mixture(means, masses, 100, rng(4)))
    fine = sample_mixture(means.double(), masses, 100, rng(3))
    assert torch.allclose(first.double(), fine, rtol=0, atol=1e-5)


def test_modes_can_have_widths_of_their_own():
    """Standard deviation sⱼ in mode j within 5 s.e. (s/√2n per coordinate); s² would be 0.01, 4."""
    means = torch.tensor([[-20.0, 0.0], [20.0, 3.0]], dtype=torch.float64)
    masses = torch.tensor([0.25, 0.75], dtype=torch.float64)
    stds = torch.tensor([0.1, 2.0], dtype=torch.float64)
    x = sample_mixture(means, masses, 8000, rng(5), stds)
    left = x[:, 0] < 0
    for side, std in ((left, 0.1), (~left, 2.0)):
        error = std / math.sqrt(2 * int(side.sum()))
        assert ((x[side].std(0) - std).abs() < 5 * error).all()


def test_widths_of_one_change_no_bit():
    """stds = 1 and no stds are the same points; the latter are those of earlier releases."""
    means, masses = torch.tensor([[-2.0, 0.0], [2.0, 1.0]]), torch.tensor([0.5, 0.5])
    plain = sample_mixture(means, masses, 100, rng(6))
    assert torch.equal(plain, sample_mixture(means, masses, 100, rng(6), torch.ones(2)))
    order = torch.randperm(100, generator=(again := rng(6)))
    expected = means[(order >= 50).long()] + torch.randn(100, 2, generator=again)
    assert torch.equal(plain, expected)
