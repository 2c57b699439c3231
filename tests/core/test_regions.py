"""Regions: every point of the plane belongs to exactly one mode."""

from __future__ import annotations

import math

import torch

from ebm_engine.core.referees.regions import Regions

# Mode 0 lies between two anchors of mode 1: a region may have several parts.
REGIONS = Regions(
    torch.tensor([[-4.0, 0.0], [0.0, 0.0], [4.0, 0.0], [0.0, 10.0]], dtype=torch.float64),
    torch.tensor([1, 0, 1, 2]),
    3,
)


def test_a_point_belongs_to_the_label_of_its_nearest_anchor():
    """Borders run halfway between anchors, whatever their labels."""
    x = torch.tensor([[-2.1, 0.0], [-1.9, 0.0], [1.9, 3.0], [2.1, -50.0], [0.0, 5.1], [0.0, 4.9]])
    assert REGIONS.of(x).tolist() == [1, 0, 0, 1, 2, 0]
    assert REGIONS.of(x.double()).tolist() == [1, 0, 0, 1, 2, 0]


def test_shares_are_one_in_the_own_region_and_nothing_elsewhere():
    """(n, J) float64 with rows of sum 1, also for a mode that has no point."""
    x = torch.tensor([[-9.0, 0.0], [0.1, 0.2], [9.0, 1.0]])
    shares = REGIONS.shares(x)
    assert shares.dtype == torch.float64
    assert shares.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_masses_are_sums_of_weights_and_keep_their_total():
    """Weights ½, ⅓ and ⅙ in regions 1, 0 and 1; equal shares per point would give ⅔ and ⅓."""
    x = torch.tensor([[-9.0, 0.0], [0.1, 0.2], [9.0, 1.0]])
    weights = torch.tensor([1 / 2, 1 / 3, 1 / 6], dtype=torch.float64)
    masses = REGIONS.masses(x, weights)
    assert torch.allclose(masses, torch.tensor([1 / 3, 2 / 3, 0.0], dtype=torch.float64))


def test_many_points_agree_with_distances_one_by_one():
    """1000 random points against a plain loop over anchors."""
    x = 6 * torch.randn(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    anchors = REGIONS.anchors.tolist()
    nearest = [min(range(4), key=lambda a: math.dist(point, anchors[a])) for point in x.tolist()]
    assert REGIONS.of(x).tolist() == [int(REGIONS.labels[a]) for a in nearest]


def test_a_point_that_is_not_finite_has_some_region():
    """A run that has diverged can still be drawn; its report is made elsewhere."""
    x = torch.tensor([[math.nan, 0.0], [math.inf, 0.0]])
    assert REGIONS.shares(x).sum(1).tolist() == [1, 1]
