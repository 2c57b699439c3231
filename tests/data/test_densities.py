"""What every known density of the plane promises."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.data.cells import region_of
from ebm_engine.data.densities import GaussianMixture, grid, mixture, ring
from tests.data.cases import F64, MAKERS, density, drawn, plane

every = pytest.mark.parametrize("name", MAKERS)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every
def test_the_density_integrates_to_one(name):
    """Σ p(x)·cell = 1 on an independent plane, exactly for the board, to 10⁻⁶ otherwise.

    A constant of 2πs in place of 2πs², or arms that are not shared out, would miss it.
    """
    total = float(plane(name).weights.sum())
    assert abs(total - 1) < (1e-12 if name == "checkerboard" else 1e-6)


@every
def test_the_box_holds_all_but_a_millionth(name):
    """Cells whose centres lie outside the box have less than 10⁻⁶ of the mass together."""
    points, weights = plane(name)
    left, right, bottom, top = density(name).box
    x, y = points.T
    outside = (x < left) | (x > right) | (y < bottom) | (y > top)
    assert float(weights[outside].sum()) < 1e-6


@every
def test_the_quadrature_gives_the_moments_of_the_plane(name):
    """Σ weights = 1 and E of x, y, x², xy, y² to 10⁻⁵, of x⁴ to 10⁻⁴ (0.03 on the board).

    Cells that are left out by a careless limit would lack mass in the tails.
    """
    found, weights = density(name).grid()
    points, masses = plane(name)
    assert found.dtype == weights.dtype == F64
    assert 1000 < len(found) <= 8000
    assert abs(float(weights.sum()) - 1) < 1e-6
    difference = (monomials(found).T @ weights - monomials(points).T @ masses).abs()
    # On the flat board the midpoint rule is of second order: E x² lacks h²/12 ≈ 0.0004.
    first, fourth = (1e-3, 3e-2) if name == "checkerboard" else (1e-5, 1e-4)
    assert float(difference[:5].max()) < first
    assert float(difference[5]) < fourth


def monomials(x: torch.Tensor) -> torch.Tensor:
    a, b = x.T
    return torch.stack([a, b, a * a, a * b, b * b, a**4], 1)


@every
def test_samples_have_the_moments_of_the_density(name):
    """Means of x, y, x², xy, y², x⁴ and of log p within 5 s.e. of the quadrature's."""
    d, x = density(name), drawn(name)
    points, masses = d.grid()
    for values, expected in (
        (monomials(x), monomials(points).T @ masses),
        (d.log_density(x)[:, None], (masses @ d.log_density(points))[None]),
    ):
        error = values.std(0) / math.sqrt(len(x))
        # 10⁻³: the midpoint rule's error on the board, 0.01 in E x⁴ ≈ 51.
        assert ((values.mean(0) - expected).abs() < 5 * error + 1e-3).all()


@every
def test_samples_fill_the_plane_as_the_density_does(name):
    """χ² over squares of side 0.5 with at least 20 expected points, within 5 s.d. of its mean.

    Modes in exact proportion make χ² smaller, never larger. Spirals drawn uniformly in the radius
    come out at thousands.
    """
    points, weights = plane(name)
    expected = len(drawn(name)) * histogram(points, weights)
    found = histogram(drawn(name), torch.ones(len(drawn(name)), dtype=F64))
    used = expected >= 20
    chi2 = float(((found - expected)[used] ** 2 / expected[used]).sum())
    cells = int(used.sum())
    assert cells >= 20
    assert chi2 < cells + 5 * math.sqrt(2 * cells)
    rest, expected_rest = float(found[~used].sum()), float(expected[~used].sum())
    assert abs(rest - expected_rest) <= 5 * math.sqrt(expected_rest)


def histogram(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weight in each of the 28² squares of [−7, 7]²."""
    column, row = ((x + 7) / 0.5).floor().long().clamp(0, 27).T
    return torch.zeros(28**2, dtype=F64).index_add(0, 28 * column + row, weights)


@every
def test_region_masses_are_the_integrals_over_the_regions(name):
    """Mass of the nearest-anchor regions on another plane to 10⁻³, in samples within 5 s.e."""
    d = density(name)
    points, weights = plane(name)
    count = len(d.masses)
    assert abs(float(d.masses.sum()) - 1) < 1e-12
    assert sorted(set(d.labels.tolist())) == list(range(count))
    assert d.centres.shape == (count, 2)
    by_plane = torch.zeros(count, dtype=F64)
    by_plane.index_add_(0, region_of(points, d.anchors, d.labels), weights)
    assert float((by_plane - d.masses).abs().max()) < 1e-3
    share = region_of(drawn(name), d.anchors, d.labels).bincount(minlength=count) / 20_000
    error = (d.masses * (1 - d.masses) / 20_000).sqrt()
    assert ((share - d.masses).abs() < 5 * error).all()


@every
def test_each_centre_lies_in_its_own_region(name):
    """Label j of the nearest anchor at centre j."""
    d = density(name)
    assert region_of(d.centres, d.anchors, d.labels).tolist() == list(range(len(d.centres)))


@every
def test_samples_are_a_function_of_the_generator(name):
    """Same seed, same bits; another seed, other points; float32 points are the same draws."""
    d, fine = density(name), torch.zeros(1, dtype=F64)
    first = d.sample(101, rng(3), fine)
    assert first.shape == (101, 2)
    assert first.dtype == F64
    assert torch.equal(first, d.sample(101, rng(3), fine))
    assert not torch.equal(first, d.sample(101, rng(4), fine))
    coarse = d.sample(101, rng(3), torch.zeros(1))
    assert coarse.dtype == torch.float32
    assert torch.allclose(coarse.double(), first, rtol=0, atol=1e-5)


@every
def test_samples_come_in_random_order(name):
    """The first half has the mean of the whole within 5 s.e.; in order of modes it has not."""
    x = drawn(name)
    half = x[: len(x) // 2].mean(0)
    error = x.std(0) / math.sqrt(len(x) / 2)
    assert ((half - x.mean(0)).abs() < 5 * error).all()


def test_a_mixture_has_the_density_of_its_definition():
    """log Σⱼ pⱼ exp(−|x − aⱼ|²/2sⱼ²) / 2πsⱼ², term by term, to 10⁻¹² — 30 widths away too.

    The formula for unit width differs at once.
    """
    d = density("mixture")
    x = torch.tensor([[0.0, 0.0], [-2.0, 0.5], [1.3, -2.1], [9.0, -15.0]], dtype=F64)
    for row, found in zip(x, d.log_density(x), strict=True):
        terms = [
            math.log(p) - float(((row - a) ** 2).sum()) / (2 * s * s) - math.log(2 * math.pi * s**2)
            for a, p, s in zip(d.means, d.shares.tolist(), d.stds.tolist(), strict=True)
        ]
        top = max(terms)
        expected = top + math.log(sum(math.exp(t - top) for t in terms))
        assert float(found) == pytest.approx(expected, rel=1e-12)


def test_a_ring_alternates_its_masses():
    """1 : 3 around a ring of 8 is 1/16, 3/16, …; an odd ring ends as it began."""
    even = ring(8, 3.0, 0.3, 3.0)
    assert torch.allclose(even.shares, torch.tensor([1.0, 3.0] * 4, dtype=F64) / 16)
    assert torch.allclose(even.means.norm(dim=1), torch.full((8,), 3.0, dtype=F64))
    odd = ring(3, 3.0, 0.3, 3.0)
    assert torch.allclose(odd.shares, torch.tensor([0.2, 0.6, 0.2], dtype=F64))


def test_a_grid_is_a_centred_square_lattice():
    """25 means at −4, −2, 0, 2, 4 in both directions, 0.04 each; their mean is 0."""
    d = grid(5, 2.0, 0.2)
    assert sorted(d.means[:, 0].unique().tolist()) == [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert len(d.means.unique(dim=0)) == 25
    assert torch.equal(d.means.mean(0), torch.zeros(2, dtype=F64))
    assert d.shares.tolist() == [0.04] * 25


def test_overlapping_modes_lose_mass_to_each_other():
    """Regions of N(∓1, 1), masses ¼ : ¾, split at 0: mass ¼Φ(1) + ¾Φ(−1) = 0.32933.

    The modes' own masses, ¼ and ¾, would be the wrong answer.
    """
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    d = mixture(means, torch.tensor([0.25, 0.75]), torch.ones(2))
    phi = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert float(d.masses[0]) == pytest.approx(0.25 * phi + 0.75 * (1 - phi), abs=2e-3)


ONE = torch.ones(1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mixture(torch.zeros(1, 3), ONE, ONE), r"shape \(1, 3\)"),
        (lambda: mixture(torch.zeros(1, 2), torch.ones(2) / 2, ONE), r"masses have shape \(2,\)"),
        (lambda: mixture(torch.zeros(1, 2), ONE / 2, ONE), "sum to 0.5"),
        (lambda: mixture(torch.zeros(1, 2), ONE, -ONE), r"\[-1.0\], and all must be positive"),
        (lambda: mixture(torch.full((1, 2), math.nan), ONE, ONE), "must be finite"),
        (lambda: ring(1, 3.0, 0.3, 1.0), "modes of the ring is 1"),
        (lambda: ring(8, -3.0, 0.3, 1.0), "radius of the ring is -3"),
        (lambda: ring(8, 3.0, 0.3, 0.0), "ratio of the ring is 0"),
        (lambda: ring(8, 3.0, math.nan, 1.0), "must be positive"),
        (lambda: grid(1, 2.0, 0.2), "side of the grid is 1"),
        (lambda: grid(5, 0.0, 0.2), "spacing of the grid is 0"),
        (lambda: ring(8, 3.0, 1e-4, 1.0), "60011 × 60011 cells"),
    ],
)
def test_impossible_mixtures_are_refused(make, message):
    """One sentence with the value and its limit."""
    with pytest.raises(ValueError, match=message):
        make()


def test_a_mixture_is_frozen():
    """A target cannot change under a run."""
    d = density("ring")
    assert isinstance(d, GaussianMixture)
    with pytest.raises(AttributeError):
        d.width = 1.0
