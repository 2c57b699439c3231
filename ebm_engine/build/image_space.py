"""Where the points that stand for images live: whitened principal components, or the pixels.

Points (n, d), pixels (n, D = h·w), plane (n, 2), flat coordinates (n, k), in which lengths within
the space are those of the pixels. The plane that is shown is spanned by the first two principal
components.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.networks.pyramid import Decoder
from ebm_engine.core.rng import gaussian
from ebm_engine.data.principal_components import Latent


class Space(Protocol):
    """Where the points that stand for images live.

    latent: the principal components of the images, all coordinates or only those of the plane and
    of the classifier.
    """

    @property
    def latent(self) -> Latent: ...

    def encode(self, pixels: Tensor) -> Tensor:
        """Points (n, d) of images (n, D)."""
        ...

    def encode_noisy(self, pixels: Tensor, rng: Generator) -> Tensor:
        """Points (n, d) of images (n, D) with new noise."""
        ...

    def decode(self, x: Tensor) -> Tensor:
        """Images (n, D) at points (n, d), not clipped to the range of the pixels."""
        ...

    def flat(self, x: Tensor) -> Tensor:
        """Coordinates (n, k) of points (n, d) in which lengths are those of the pixels."""
        ...

    def on_plane(self, x: Tensor) -> Tensor:
        """The place (…, 2) of points (…, d) on the plane."""
        ...

    def from_plane(self, places: Tensor) -> Tensor:
        """Points (n, d) on the plane, with nothing along the other directions."""
        ...

    @property
    def decoder(self) -> Decoder | None:
        """The affine map to the pixels; None where the points are the pixels."""
        ...


class LatentSpace(NamedTuple):
    """Whitened principal components."""

    latent: Latent

    def encode(self, pixels: Tensor) -> Tensor:
        """Points (n, k) of images (n, D)."""
        return self.latent.encode(pixels)

    def encode_noisy(self, pixels: Tensor, rng: Generator) -> Tensor:
        """Points (n, k) of images (n, D) with new noise."""
        return self.latent.encode_noisy(pixels, rng)

    def decode(self, x: Tensor) -> Tensor:
        """Images (n, D) at points (n, k)."""
        return self.latent.decode(x)

    def flat(self, x: Tensor) -> Tensor:
        """The coordinates (n, k) before whitening."""
        return x * self.latent.scale.to(x)

    def on_plane(self, x: Tensor) -> Tensor:
        """The first two coordinates (…, 2)."""
        return x[..., :2]

    def from_plane(self, places: Tensor) -> Tensor:
        """Points (n, k) with these first two coordinates, the others 0."""
        return torch.nn.functional.pad(places, (0, len(self.latent.scale) - 2))

    @property
    def decoder(self) -> Decoder:
        """Pixels = mean + x · scaled components."""
        return Decoder(self.latent.mean, self.latent.scale[:, None] * self.latent.basis.T)


class PixelSpace(NamedTuple):
    """The pixels themselves; latent: principal components, the first two span the plane."""

    latent: Latent

    def encode(self, pixels: Tensor) -> Tensor:
        """The images (n, D)."""
        return pixels

    def encode_noisy(self, pixels: Tensor, rng: Generator) -> Tensor:
        """The images (n, D) with new noise."""
        return pixels + self.latent.noise * gaussian(pixels, rng)

    def decode(self, x: Tensor) -> Tensor:
        """The points (n, D)."""
        return x

    def flat(self, x: Tensor) -> Tensor:
        """The points (n, D)."""
        return x

    def on_plane(self, x: Tensor) -> Tensor:
        """⟨uⱼ, x − mean⟩ for the first two components, (…, 2)."""
        return (x - self.latent.mean.to(x)) @ self.latent.basis[:, :2].to(x)

    def from_plane(self, places: Tensor) -> Tensor:
        """mean + Σⱼ placeⱼ uⱼ, (n, D)."""
        return self.latent.mean.to(places) + places @ self.latent.basis[:, :2].to(places).T

    @property
    def decoder(self) -> None:
        """The points are the pixels."""
        return None
