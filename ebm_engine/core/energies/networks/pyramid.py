"""From a point to the images that networks look at, and the transposed way back for the force.

Decoding P: pixels = m + xB for coordinates x in a latent space, or x itself in pixel space. Halving
D: the mean over 3×3 windows at stride 2, with zeros outside, so that 28, 14, 7 pixels follow. The
images are P(x), D P(x), D² P(x) …; with slopes gₛ on them the force is Pᵀ(g₀ + Dᵀ(g₁ + Dᵀg₂)).
x (n, d), m (side²,), B (d, side²), images (n, sideₛ²).
(Du et al. 2021, arXiv 2012.01316.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Decoder(NamedTuple):
    """pixels = m + xB: mean m (side²,), directions B (d, side²), one scaled basis image a row."""

    mean: Tensor
    directions: Tensor


class Pyramid(NamedTuple):
    """`scales` images of a point, the finest of side × side; decode: None for pixel space."""

    side: int
    scales: int = 1
    decode: Decoder | None = None

    @property
    def dim(self) -> int:
        """d of the points x (n, d)."""
        return self.side**2 if self.decode is None else len(self.decode.directions)

    @property
    def sides(self) -> tuple[int, ...]:
        """The side of each image, from fine to coarse: each ⌈half⌉ of the one before."""
        found = [self.side]
        while len(found) < self.scales:
            found.append((found[-1] + 1) // 2)
        return tuple(found)

    def images(self, x: Tensor) -> list[Tensor]:
        """P(x), D P(x), D² P(x) … at x (n, d), each (n, sideₛ²)."""
        found = [x]
        if self.decode is not None:
            found = [torch.addmm(self.decode.mean, x, self.decode.directions)]
        for side in self.sides[:-1]:
            found.append(halved(found[-1], side))
        return found

    def transposed(self, slopes: Sequence[Tensor]) -> Tensor:
        """Pᵀ(g₀ + Dᵀ(g₁ + …)), (n, d), from slopes gₛ (n, sideₛ²)."""
        total = slopes[-1]
        for slope, side in zip(slopes[-2::-1], self.sides[-2::-1], strict=True):
            total = slope + halved_transposed(total, side)
        return total if self.decode is None else total @ self.decode.directions.T


def halved(pixels: Tensor, side: int) -> Tensor:
    """Images (n, side²) at half the resolution, (n, ⌈side/2⌉²)."""
    images = pixels.reshape(len(pixels), 1, side, side)
    return functional.avg_pool2d(images, 3, stride=2, padding=1).flatten(1)


def halved_transposed(slope: Tensor, side: int) -> Tensor:
    """The transposed map of `halved`: (n, ⌈side/2⌉²) back to (n, side²)."""
    half = (side + 1) // 2
    windows = slope.reshape(len(slope), 1, half**2).expand(-1, 9, -1) / 9
    return functional.fold(windows, (side, side), (3, 3), padding=1, stride=2).flatten(1)
