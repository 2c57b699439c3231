"""Neural energies of points: multilayer perceptrons on top of a Gaussian.

U(x) = |x − c|²/2σ₀² + λ Σₛ fₛ((x − c)/ℓₛ), with networks fₛ at length scales ℓₛ: one network, or
several (see multiscale). The Gaussian, λ and log Z are those of every neural energy (see
network_energy).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Generator, Tensor

from ebm_engine.core.energies.network_energy import Kept, NetworkEnergy, limited
from ebm_engine.core.energies.networks.mlp import MLP, Shape, fresh_network


class PointNetworks(NamedTuple):
    """Σₛ fₛ((x − c)/ℓₛ); each network holds its own ℓₛ."""

    networks: tuple[MLP, ...]

    @property
    def dim(self) -> int:
        """d."""
        return len(self.networks[0].weight(0))

    def inputs(self, x: Tensor, offset: Tensor) -> list[Tensor]:
        """x − c (n, d) for each network."""
        return [offset] * len(self.networks)

    def add_gradient(self, total: Tensor, kept: Sequence[Kept], share: float) -> None:
        """Add share·∇ₓΣₛfₛ to `total` (n, d) in place."""
        for network, own in zip(self.networks, kept, strict=True):
            network.add_gradient(total, own, share)

    def copy(self) -> PointNetworks:
        """The same sum in tensors of its own."""
        return PointNetworks(tuple(network.copy() for network in self.networks))


def mlp_energy(
    dim: int,
    width: int,
    depth: int,
    activation: str,
    base_std: float,
    rng: Generator,
    like: Tensor,
    last_layer: str = "zero",
    spectral_limit: float = 0.0,
    length: float = 0.0,
) -> NetworkEnergy:
    """An energy of one network at length scale `length`, in dtype and device of `like`.

    A length of 0 stands for σ₀/3: the hidden units then vary over less than the whole cloud of
    data. Raises ValueError for a value out of range.
    """
    shape = Shape(dim, width, depth, activation)
    network = fresh_network(shape, length or base_std / 3, "", last_layer, like, rng)
    return limited(PointNetworks((network,)), base_std, spectral_limit)
