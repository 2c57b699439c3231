"""The energy at the start of a run: a mixture, or a network on a Gaussian about the data."""

from __future__ import annotations

from torch import Generator, Tensor

from ebm_engine.build.images import ImageSet
from ebm_engine.core.types import Energy
from ebm_engine.spec.blocks import EnergyBlock, EnergyKit
from ebm_engine.spec.run_spec import SpecError


def start_energy(
    block: EnergyBlock, data: Tensor, rng: Generator, images: ImageSet | None = None
) -> Energy:
    """The energy at θ₀ in dtype and device of the training points, data (n, d).

    Raises SpecError for images that it cannot take.
    """
    try:
        return block.build(_kit(data, rng, images))
    except ValueError as error:
        raise SpecError(str(error)) from None


def _kit(data: Tensor, rng: Generator, images: ImageSet | None) -> EnergyKit:
    if images is None:
        return EnergyKit(data, rng)
    decoder = images.space.decoder
    decoder = decoder and type(decoder)(*(part.to(data) for part in decoder))
    return EnergyKit(data, rng, images.size, decoder)
