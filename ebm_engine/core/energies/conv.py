"""Energies of images: convolutional networks on top of a Gaussian.

U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ(Dˢ P(x)), with points x (n, d), the image P(x) (n, side²) that a
point stands for, networks fₛ on images halved s times by D (28, 14, 7 pixels), and the share λ, 1
for the model itself. P is the identity in pixel space, and affine, m + xB, on coordinates of a
latent space (see pyramid). The Gaussian, λ and log Z are those of every neural energy (see
network_energy).
∇ₓU = (x − c)/σ₀² + λ Pᵀ(∇f₀ + Dᵀ(∇f₁ + Dᵀ∇f₂)): one force, that of the sum.
(Carbone et al. 2023, arXiv 2305.19414; the sum over scales: Du et al. 2021, arXiv 2012.01316.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.energies.network_energy import Kept, NetworkEnergy, limited
from ebm_engine.core.energies.networks.conv import ConvNetwork, ConvShape, fresh_conv_network
from ebm_engine.core.energies.networks.pyramid import Decoder, Pyramid


class ImageNetworks(NamedTuple):
    """Σₛ fₛ(Dˢ P(x)); networks: fₛ from fine to coarse; pyramid: P and D."""

    networks: tuple[ConvNetwork, ...]
    pyramid: Pyramid

    @property
    def dim(self) -> int:
        """d."""
        return self.pyramid.dim

    def inputs(self, x: Tensor, offset: Tensor) -> list[Tensor]:
        """Dˢ P(x), (n, sideₛ²), for each network."""
        return self.pyramid.images(x)

    def add_gradient(self, total: Tensor, kept: Sequence[Kept], share: float) -> None:
        """Add share·∇ₓΣₛfₛ to `total` (n, d) in place."""
        pairs = zip(self.networks, kept, strict=True)
        slopes = [network.gradient(own) for network, own in pairs]
        total.add_(self.pyramid.transposed(slopes), alpha=share)

    def copy(self) -> ImageNetworks:
        """The same sum in tensors of its own."""
        return self._replace(networks=tuple(network.copy() for network in self.networks))


def conv_energy(
    size: int,
    hidden: int,
    base_std: float,
    rng: Generator,
    like: Tensor,
    last_layer: str = "zero",
    scales: int = 1,
    *,
    attention: bool = False,
    spectral_limit: float = 0.0,
    decode: Decoder | None = None,
    centre: Tensor | None = None,
) -> NetworkEnergy:
    """An energy of size × size images, in dtype and device of `like`; the centre is 0 by default.

    With several scales the networks are independent and their names start with "scale0." and on.
    Raises ValueError for a value out of range.
    """
    for name, value in (("size", size), ("scales", scales)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1; it is {value}")
    if not (base_std > 0 and math.isfinite(base_std)):
        raise ValueError(f"base_std must be positive and finite; it is {base_std}")
    if decode is not None and len(decode.mean) != size**2:
        raise ValueError(f"the decoder makes {len(decode.mean)} pixels, the images have {size**2}")
    pyramid = Pyramid(size, scales, decode)
    prefixes = [f"scale{s}." if scales > 1 else "" for s in range(scales)]
    networks = tuple(
        fresh_conv_network(ConvShape(side, hidden, attention), prefix, last_layer, like, rng)
        for side, prefix in zip(pyramid.sides, prefixes, strict=True)
    )
    centre = like.new_zeros(pyramid.dim) if centre is None else centre
    if centre.shape != (pyramid.dim,):
        raise ValueError(
            f"the centre has shape {tuple(centre.shape)}, the points have ({pyramid.dim},)"
        )
    return limited(ImageNetworks(networks, pyramid), base_std, spectral_limit, centre)
