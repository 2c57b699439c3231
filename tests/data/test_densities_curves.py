"""Densities around curves: the shapes of scikit-learn, and integrals that are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons, make_swiss_roll

from ebm_engine.data.curves import moons, spirals, swiss_roll
from tests.data.cases import F64


def test_the_moons_are_those_of_scikit_learn():
    """2.5 (x − (½, ¼)) of make_moons without noise, point for point."""
    points, label = make_moons(100, shuffle=False, noise=None)
    u = torch.linspace(0, 1, 50, dtype=F64)
    for k, path in enumerate(moons(0.5, 0.2).paths):
        expected = 2.5 * (points[label == k] - [0.5, 0.25])
        assert np.allclose(path(u).numpy(), expected, rtol=0, atol=1e-12)


def test_the_swiss_roll_is_that_of_scikit_learn_seen_along_its_height():
    """x/π − ½ of columns 0 and 2 of make_swiss_roll without noise, u = (t/1.5π − 1)/2."""
    points, t = make_swiss_roll(200, noise=0.0, random_state=0)
    u = torch.from_numpy((t / (1.5 * math.pi) - 1) / 2)
    found = swiss_roll(0.2).paths[0](u).numpy()
    assert np.allclose(found, points[:, [0, 2]] / math.pi - 0.5, rtol=0, atol=1e-12)


def upper(u, _):
    return 2.5 * np.stack([np.cos(np.pi * u) - 0.5, np.sin(np.pi * u) - 0.25], 1)


def lower(u, _):
    return 2.5 * np.stack([0.5 - np.cos(np.pi * u), 0.25 - np.sin(np.pi * u)], 1)


def arm(u, k):
    r = np.sqrt(0.25 + 15.75 * u)
    angle = 2 * np.pi * (1.5 * (r - 0.5) / 3.5 + k / 2)
    return np.stack([r * np.cos(angle), r * np.sin(angle)], 1)


def roll(u, _):
    t = 1.5 * np.pi * (1 + 2 * u)
    return np.stack([t * np.cos(t), t * np.sin(t)], 1) / np.pi - 0.5


def brute_force(x, curves, shares, noise, nodes):
    """Simpson's rule over u with an odd number of nodes, from the definition; x (n, 2)."""
    u = np.linspace(0, 1, nodes)
    rule = np.where(np.arange(nodes) % 2 == 1, 4.0, 2.0)
    rule[[0, -1]] = 1
    rule /= 3 * (nodes - 1)
    total = np.zeros(len(x))
    for k, (curve, share) in enumerate(zip(curves, shares, strict=True)):
        squared = ((x[:, None, :] - curve(u, k)) ** 2).sum(2)
        total += share * np.exp(-squared / (2 * noise**2)) @ rule / (2 * np.pi * noise**2)
    return total


@pytest.mark.parametrize(
    ("density", "curves", "shares"),
    [
        (moons(0.3, 0.2), (upper, lower), (0.3, 0.7)),
        (spirals(2, 1.5, 0.1), (arm, arm), (0.5, 0.5)),
        (swiss_roll(0.1), (roll,), (1.0,)),
    ],
    ids=["moons", "spirals", "swiss_roll"],
)
def test_the_density_is_the_integral_along_the_curve(density, curves, shares):
    """p = Σₖ pₖ ∫ N(x; cₖ(u), s²) du to 10⁻⁶ relative, on the curve, off it and past its ends.

    The midpoint rule at spacing s/2 misses it by up to 5 % past the ends.
    """
    rng = torch.Generator().manual_seed(1)
    x = density.sample(100, rng, torch.zeros(1, dtype=F64))
    tails = x + 2 * density.width * torch.randn(x.shape, generator=rng, dtype=F64)
    ends = torch.cat([p(torch.tensor([0.0, 1.0], dtype=F64)) for p in density.paths])
    x = torch.cat([x, tails, ends])
    expected = brute_force(x.numpy(), curves, shares, density.width, 12_001)
    assert np.allclose(density.log_density(x).exp().numpy(), expected, rtol=1e-6, atol=1e-12)


def test_each_moon_gets_its_exact_share():
    """30 % of 1000 points of thin moons lie on the upper one: 300, not a binomial number."""
    x = moons(0.3, 0.05).sample(1000, torch.Generator().manual_seed(0), torch.zeros(1, dtype=F64))
    distance = (x - 2.5 * torch.tensor([-0.5, -0.25], dtype=F64)).norm(dim=1)
    on_upper = ((distance - 2.5).abs() < 0.3) & (x[:, 1] > -1.0)
    assert int(on_upper.sum()) == 300


def test_spirals_cover_the_disc_evenly():
    """r² of an arm is uniform on [0.5², 4²]: a quarter of the points within each quarter of it."""
    path = spirals(2, 1.5, 0.1).paths[0]
    u = torch.tensor([0.0, 0.25, 0.5, 1.0], dtype=F64)
    expected = torch.tensor([0.25, 4.1875, 8.125, 16.0], dtype=F64)
    assert torch.allclose((path(u) ** 2).sum(1), expected)


def test_quarters_of_the_roll_and_arms_of_the_spirals_share_the_mass():
    """¼ each along the roll, to 10⁻³; ⅓ each by symmetry, to 10⁻⁴; moons keep their shares."""
    assert torch.allclose(swiss_roll(0.1).masses, torch.full((4,), 0.25, dtype=F64), atol=1e-3)
    arms = spirals(3, 1.0, 0.15).masses
    assert torch.allclose(arms, torch.full((3,), 1 / 3, dtype=F64), atol=1e-4)
    assert torch.allclose(moons(0.3, 0.1).masses, torch.tensor([0.3, 0.7], dtype=F64), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: moons(0.0, 0.2), "share of the upper moon is 0, and"),
        (
            lambda: moons(0.3, 0.01),
            "noise of the curve is 0.01, and it must lie between 0.05 and 1",
        ),
        (lambda: spirals(9, 1.0, 0.1), "number of spiral arms is 9"),
        (lambda: spirals(2, 5.0, 0.1), "number of turns is 5"),
        (lambda: swiss_roll(math.nan), "noise of the curve is nan"),
    ],
)
def test_impossible_curves_are_refused(make, message):
    """One sentence with the value and its limit."""
    with pytest.raises(ValueError, match=message):
        make()
