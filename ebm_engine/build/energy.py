"""The energy at the start of a run: a mixture, or a network on a Gaussian about the data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.conv import conv_energy
from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.multiscale import multi_scale_energy
from ebm_engine.core.rng import gaussian
from ebm_engine.core.types import Energy
from ebm_engine.spec.run_spec import RunSpec, SpecError

if TYPE_CHECKING:
    from ebm_engine.build.images import ImageSet

NETWORKS = {"mlp": mlp_energy, "multiscale": multi_scale_energy}


def start_energy(
    spec: RunSpec, data: Tensor, rng: Generator, images: ImageSet | None = None
) -> Energy:
    """The energy at θ₀ in dtype and device of the training points, data (n, d).

    Raises SpecError for a convolutional network on images that are not square.
    """
    block = spec.energy
    if block.kind == "cnn":
        return _convolutional(block, data, rng, images)
    if block.kind in NETWORKS:
        return _network(block, data, rng)
    means = torch.tensor(block.means, dtype=data.dtype, device=data.device)
    if block.jitter:
        means = torch.where(means == 0, block.jitter * gaussian(means, rng), means)
    masses = torch.tensor(block.masses, dtype=torch.float64, device=data.device)
    # The gauge: z of the first mode is 0 and stays 0.
    return MixtureEnergy(means, torch.log(masses[0] / masses).to(data.dtype))


def _network(block: Any, data: Tensor, rng: Generator) -> Energy:
    """A network on a Gaussian about the data's centre, where that is not the origin anyway."""
    std, mean = data.std(0).max(), data.mean(0)
    centre = mean if bool(mean.norm() > 2 * std) else None
    spread = data if centre is None else data - centre
    base_std = block.base_std or float(spread.square().mean(0).max().sqrt())
    shape = (data.shape[1], block.width, block.depth, block.activation, base_std)
    length = {"length": block.length} if block.kind == "mlp" else {}
    made = NETWORKS[block.kind](*shape, rng, data, block.last_layer, block.spectral_norm, **length)
    return replace(made, centre=centre)


def _convolutional(block: Any, data: Tensor, rng: Generator, images: ImageSet) -> Energy:
    """A convolutional network on a Gaussian about the mean image."""
    height, width = images.size
    if height != width:
        raise SpecError(
            f"energy.kind = 'cnn' needs square images, and these have {width} × {height} pixels"
        )
    decoder = images.space.decoder
    return conv_energy(
        width,
        block.hidden,
        block.base_std or float(data.var(0, correction=0).max().sqrt()),
        rng,
        data,
        block.last_layer,
        block.scales,
        attention=block.attention,
        spectral_limit=block.spectral_norm,
        decode=decoder and type(decoder)(*(part.to(data) for part in decoder)),
        centre=data.mean(0),
    )
