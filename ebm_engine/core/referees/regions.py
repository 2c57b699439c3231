"""Regions: a partition of the plane into the modes of a target, for energies without modes.

The region of mode j is the set of points whose nearest anchor carries the label j. One anchor per
mode cuts the plane along perpendicular bisectors; a curve has many anchors.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Partition(Protocol):
    """A space cut into J parts, one for each mode; points (n, d), results on the CPU."""

    def of(self, x: Tensor) -> Tensor:
        """The mode (n,) int64 of each point."""
        ...

    def shares(self, x: Tensor) -> Tensor:
        """1 in the column of each point's mode, else 0: (n, J) float64."""
        ...


class Regions(NamedTuple):
    """anchors (A, 2) float64 and labels (A,) on the CPU; count J of modes."""

    anchors: Tensor
    labels: Tensor
    count: int

    def of(self, x: Tensor) -> Tensor:
        """The mode (n,) of each point x (n, 2), on the CPU."""
        anchors = self.anchors.to(x.dtype)
        # A point that is not finite is near no anchor; argmin then names the first one.
        return self.labels[torch.cdist(x.cpu(), anchors).argmin(1)]

    def shares(self, x: Tensor) -> Tensor:
        """1 in the column of each point's mode, else 0: (n, J) float64."""
        return torch.nn.functional.one_hot(self.of(x), self.count).double()

    def masses(self, x: Tensor, weights: Tensor) -> Tensor:
        """The sum of the weights (n,) in each region, (J,) float64."""
        total = torch.zeros(self.count, dtype=torch.float64)
        return total.index_add(0, self.of(x), weights.double().cpu())
