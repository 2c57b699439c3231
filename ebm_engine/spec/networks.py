"""The energy blocks of a RunSpec beside the mixture: neural networks on a Gaussian base.

On images a network lives in one of two spaces: whitened principal components, or the pixels.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from ebm_engine.spec.blocks import EnergyBlock, EnergyKit
from ebm_engine.spec.fields import Only, knob

if TYPE_CHECKING:
    from ebm_engine.core.energies.network_energy import NetworkEnergy
    from ebm_engine.core.types import Energy

SHORTEST = 0.01  # length of a network; shorter ones overflow the squares of the walkers' distances

ON_IMAGES: Only = {"target.of_images": (True,)}
# How many pixels there are is known before the run.
WITH_PIXELS: Only = ON_IMAGES | {"target.own_file": (False,)}
LONGEST_SIDE = 64  # the most that a file of own images may have, in pixels


class _InSpace(EnergyBlock):
    """Where points stand for images, and where not, without effect."""

    space: Literal["latent", "pixels"] = knob(
        "latent",
        "Where the walkers live: in the whitened principal components of the images, or among "
        "their pixels.",
        label="Space",
        basic=True,
        only=WITH_PIXELS,
    )
    dim: int = knob(
        10,
        "Number d of principal components.",
        label="Latent dimension d",
        basic=True,
        usual=(4, 32),
        outside="Few components blur the images; with many of them modes are thin and far apart.",
        only=ON_IMAGES | {"energy.space": ("latent",)},
        ge=2,
        le=64,
    )


class _Layers(EnergyBlock):
    """The hidden layers of a network f of points."""

    width: int = knob(
        64,
        "Units of each hidden layer of f.",
        label="Width",
        usual=(16, 256),
        log=True,
        outside="Wide layers cost time with their square.",
        ge=1,
        le=512,
    )
    depth: int = knob(2, "Hidden layers of f.", label="Depth", usual=(1, 4), ge=1, le=8)
    activation: Literal["silu", "softplus", "tanh", "gelu"] = knob(
        "silu",
        "Function between the layers; all are smooth, since the weights need ∇U.",
        label="Activation",
    )

    def hidden_units(self, image_side: int) -> int:
        """Those of all layers."""
        return self.width * self.depth


class _OnGaussian(EnergyBlock):
    """What every network has: the Gaussian base that it stands on, and its limits."""

    is_network: ClassVar[bool] = True

    base_std: float = knob(
        0.0,
        "Width σ₀ of the Gaussian base |x|²/2σ₀², which the walkers start from; 0 takes it from "
        "the data.",
        label="Base width σ₀",
        usual=(0, 5),
        outside="Far below the width of the data the walkers start in the wrong place.",
        ge=0.0,
        le=1000.0,
    )
    last_layer: Literal["zero", "random"] = knob(
        "zero",
        "Start of the last layer. Zero makes the start exactly Gaussian, with log Z known; "
        "random needs a tempered start.",
        label="Last layer starts",
    )
    l2: float = knob(
        0.0,
        "Weight α of the penalty on squared network outputs, of data and of walkers.",
        label="Energy L2 weight α",
        live=True,
        usual=(0, 1),
        outside="Near 1 the energy goes flat; 0.1 tames runs that blow up.",
        ge=0.0,
        le=100.0,
    )
    spectral_norm: float = knob(
        0.0,
        "Largest spectral norm of each weight matrix, kept after every update; 0 means no limit.",
        label="Spectral norm limit",
        usual=(0, 5),
        outside="A small limit bounds ∇U and keeps the energy from forming narrow wells.",
        ge=0.0,
        le=100.0,
    )

    @model_validator(mode="after")
    def _long_enough(self) -> _OnGaussian:
        for name in ("base_std", "length"):
            length = getattr(self, name, 0.0)
            if 0 < length < SHORTEST:
                raise ValueError(
                    f"energy.{name} = {length:g}, allowed are 0 and {SHORTEST} to 1000"
                )
        return self


class _OfPoints(_OnGaussian, _Layers, _InSpace):
    """A network of points, on a Gaussian about their centre where that is not the origin anyway."""

    @abstractmethod
    def _centred(self, shape: tuple[Any, ...]) -> NetworkEnergy:
        """The energy about the origin from its dimension, layers, base, generator and limits."""

    def build(self, kit: EnergyKit) -> Energy:
        """The network at its start; the base has the spread of the data unless told otherwise."""
        std, mean = kit.data.std(0).max(), kit.data.mean(0)
        centre = mean if bool(mean.norm() > 2 * std) else None
        spread = kit.data if centre is None else kit.data - centre
        base_std = self.base_std or float(spread.square().mean(0).max().sqrt())
        layers = (kit.data.shape[1], self.width, self.depth, self.activation)
        limits = (self.last_layer, self.spectral_norm)
        energy = self._centred((*layers, base_std, kit.rng, kit.data, *limits))
        return replace(energy, centre=centre)


class MLP(_OfPoints):
    """U(x) = |x|²/2σ₀² + f(x) with a network f of `depth` hidden layers, 0 at the start."""

    kind: Literal["mlp"] = "mlp"
    title: ClassVar[str] = "Network"
    length: float = knob(
        0.0,
        "Length scale ℓ of the network's inputs x/ℓ: over which distance a fresh unit varies; 0 "
        "means a third of σ₀.",
        label="Length scale ℓ",
        usual=(0, 3),
        outside="Short scales learn thin shapes sooner and need smaller steps.",
        ge=0.0,
        le=1000.0,
    )

    def _centred(self, shape: tuple[Any, ...]) -> NetworkEnergy:
        from ebm_engine.core.energies.mlp import mlp_energy

        return mlp_energy(*shape, length=self.length)


class MultiScale(_OfPoints):
    """U(x) = |x|²/2σ₀² + Σₛ fₛ(x/ℓₛ) with networks at the scales σ₀, σ₀/2 and σ₀/4."""

    kind: Literal["multiscale"] = "multiscale"
    title: ClassVar[str] = "Multi-scale"

    def _centred(self, shape: tuple[Any, ...]) -> NetworkEnergy:
        from ebm_engine.core.energies.multiscale import multi_scale_energy

        return multi_scale_energy(*shape)

    def hidden_units(self, image_side: int) -> int:
        """Those of all layers of the three networks."""
        return 3 * super().hidden_units(image_side)


class CNN(_OnGaussian, _InSpace):
    """U(x) = |x − c|²/2σ₀² + Σₛ fₛ of the image that x stands for, halved s times."""

    kind: Literal["cnn"] = "cnn"
    title: ClassVar[str] = "Convolutional"
    needs_images: ClassVar[bool] = True
    hidden: int = knob(
        16,
        "Channels after the second of four convolutions, an even number. 32 is the network of "
        "Carbone et al. (2023) with 76,993 parameters.",
        label="Channels",
        usual=(8, 32),
        log=True,
        outside="Many channels cost time with their square.",
        ge=2,
        le=64,
    )
    scales: int = knob(
        1,
        "Networks on the image, its half and its quarter resolution, whose energies add up.",
        label="Scales",
        usual=(1, 3),
        ge=1,
        le=3,
    )
    attention: bool = knob(
        False,
        "Self-attention after the second convolution: parts of the image that are far apart see "
        "each other.",
        label="Self-attention",
    )

    @model_validator(mode="after")
    def _even(self) -> CNN:
        if self.hidden % 2:
            raise ValueError(f"energy.hidden = {self.hidden}: the number of channels must be even")
        return self

    def build(self, kit: EnergyKit) -> Energy:
        """The network on a Gaussian about the mean image."""
        from ebm_engine.core.energies.conv import conv_energy

        height, width = kit.image_size or (0, 0)
        if height != width:
            raise ValueError(
                f"energy.kind = 'cnn' needs square images, and these have {width} × {height} pixels"
            )
        return conv_energy(
            width,
            self.hidden,
            self.base_std or float(kit.data.var(0, correction=0).max().sqrt()),
            kit.rng,
            kit.data,
            self.last_layer,
            self.scales,
            attention=self.attention,
            spectral_limit=self.spectral_norm,
            decode=kit.decoder,
            centre=kit.data.mean(0),
        )

    def hidden_units(self, image_side: int) -> int:
        """Those of a convolution count with its maps."""
        return (image_side or LONGEST_SIDE) ** 2 * self.hidden // 4 * self.scales
