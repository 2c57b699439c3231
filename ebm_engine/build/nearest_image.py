"""Which training image a picture resembles most, in the pixels and exactly.

With a picture x (D,), training images pₙ (D,) and flat coordinates f, in which distances within
the space are those of the pixels,

    |x − pₙ|² = |f(x) − f(pₙ)|² + |pₙ − p̂ₙ|²,        p̂ₙ: the part of pₙ within the space,

because a decoded picture lies in the space and pₙ − p̂ₙ is orthogonal to it. In k principal
components the search is a product of k numbers in place of D, and still exact. Training images
come without their noise; pictures are taken as decoded, before they are clipped for the eye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ebm_engine.build.image_space import Space


class Nearest(NamedTuple):
    """pixels (n, D) and flat coordinates (n, k) of the training images, and half (n,), which is
    (|f(pₙ)|² + |pₙ − p̂ₙ|²)/2; float32 on the CPU.
    """

    pixels: Tensor
    flat: Tensor
    half: Tensor

    def rows(self, flat: Tensor) -> Tensor:
        """The training image (m,) nearest to each picture with flat coordinates (m, k)."""
        # The least |f(x) − f(p)|² + |p − p̂|² is the largest ⟨f(x), f(p)⟩ − half.
        return torch.addmm(-self.half, flat.float().cpu(), self.flat.T).argmax(1)

    def distances(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """Root mean square difference (m,) of decoded pictures (m, D) and training images."""
        return (pictures.float().cpu() - self.pixels[rows]).square().mean(1).sqrt()


def nearest_of(pixels: Tensor, space: Space) -> Nearest:
    """The search among training images (n, D) for the pictures of a space."""
    points = space.encode(pixels)
    flat, missing = space.flat(points), pixels - space.decode(points)
    return Nearest(pixels, flat, (flat.square().sum(1) + missing.square().sum(1)) / 2)
