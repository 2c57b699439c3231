"""An energy of several networks that look at the point at different length scales.

U(x) = |x|²/2σ₀² + Σₛ fₛ(x/ℓₛ) with ℓₛ = σ₀/2ˢ and independent networks fₛ. A fine network sees the
plane magnified, so that the same weights make structure 2ˢ times smaller. Walkers feel the
gradient of the sum, and there is one log Z, that of the sum.
(Du et al. 2021, arXiv 2012.01316: the same sum over a pyramid of images of falling resolution.)
"""

from __future__ import annotations

from torch import Generator, Tensor

from ebm_engine.core.energies.mlp import PointNetworks
from ebm_engine.core.energies.network_energy import NetworkEnergy, limited
from ebm_engine.core.energies.networks.mlp import Shape, fresh_network


def multi_scale_energy(
    dim: int,
    width: int,
    depth: int,
    activation: str,
    base_std: float,
    rng: Generator,
    like: Tensor,
    last_layer: str = "zero",
    spectral_limit: float = 0.0,
    scales: int = 3,
) -> NetworkEnergy:
    """An energy of `scales` equal networks at σ₀, σ₀/2, σ₀/4 …; names start with "scale0." and on.

    Raises ValueError for a value out of range.
    """
    if scales < 1:
        raise ValueError(f"scales must be at least 1; it is {scales}")
    shape = Shape(dim, width, depth, activation)
    networks = tuple(
        fresh_network(shape, base_std / 2**s, f"scale{s}.", last_layer, like, rng)
        for s in range(scales)
    )
    return limited(PointNetworks(networks), base_std, spectral_limit)
