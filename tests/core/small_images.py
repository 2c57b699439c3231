"""Small image energies in float64 that the tests of convolutional energies share."""

from __future__ import annotations

import torch
from torch import Tensor

from ebm_engine.core.energies.conv import conv_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy
from ebm_engine.core.energies.networks.pyramid import Decoder

STD = 0.7
DOUBLE = torch.zeros(1, dtype=torch.float64)
VARIANTS = {
    "plain": {},
    "attention": {"attention": True},
    "scales": {"scales": 3},
    "decoded": {"scales": 2, "attention": True, "decode": True, "centre": True},
}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*size: int, seed: int = 1) -> Tensor:
    return torch.randn(size, generator=rng(seed), dtype=torch.float64)


def decoder(dim: int = 3, side: int = 8) -> Decoder:
    return Decoder(normal(side**2, seed=3), normal(dim, side**2, seed=4))


def energy(
    variant: str = "plain", last: str = "random", limit: float = 0.0, side: int = 8
) -> NetworkEnergy:
    """Small images; kernels 4 times as large as drawn and a gain of 0.8, so that all count."""
    options = dict(VARIANTS[variant])
    if "decode" in options:
        options |= {"decode": decoder(side=side), "centre": normal(3, seed=6)}
    made = conv_energy(side, 4, STD, rng(5), DOUBLE, last, spectral_limit=limit, **options)
    for name, parameter in made.parameters.items():
        if name.endswith("weight"):
            parameter.mul_(4)
        elif name.endswith("gain"):
            parameter.fill_(0.8)
    return made


def points(made: NetworkEnergy, count: int = 6) -> Tensor:
    return normal(count, made.learned.pyramid.dim)


def leaves(made: NetworkEnergy) -> dict[str, Tensor]:
    return {name: p.clone().requires_grad_() for name, p in made.parameters.items()}
