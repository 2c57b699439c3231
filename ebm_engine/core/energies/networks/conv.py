"""A small convolutional network f on images, with a forward and a backward pass written out.

Four convolutions, each followed by SiLU: 1 → h/2 (5×5, stride 2, padding 4), then h/2 → h → 2h → 2h
(3×3, stride 2, padding 1), a dense layer to 2h units with SiLU, and one number. h = 32 on 28×28 has
76,993 parameters and maps of 16, 8, 4 and 2 pixels; it is the network of Carbone et al. 2023
(arXiv 2305.19414) for MNIST. Optionally self-attention after the second convolution.

With δ = ∂f/∂z one pass back serves the force on the pixels and the gradient in θ, for any weights
of the images (see layers). pixels (n, side²); f (n,).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ebm_engine.core.energies.networks.activations import silu_with_slope
from ebm_engine.core.energies.networks.layers import Attention, Convolution, Dense, Layer
from ebm_engine.core.energies.networks.mlp import LAST_LAYERS
from ebm_engine.core.rng import uniform
from ebm_engine.core.types import Parameters

WINDOWS = ((5, 2, 4), (3, 2, 1), (3, 2, 1), (3, 2, 1))  # kernel, stride, padding
ATTENTION_AFTER = 2  # convolutions, where 28×28 pixels have become 8×8


class ConvNetwork(NamedTuple):
    """f_θ: the layers in order, and their tensors by name, all starting with `prefix`."""

    layers: tuple[Layer, ...]
    parameters: Parameters
    prefix: str = ""

    @property
    def kept(self) -> int:
        """How many tensors `evaluate` keeps: h₀ … h_L and δ₁ … δ_L."""
        return 2 * len(self.layers) + 1

    @property
    def output(self) -> Tensor:
        """w (1, 2h)."""
        return self.parameters[f"{self.prefix}output.weight"]

    @property
    def bias(self) -> Tensor:
        """b (1,)."""
        return self.parameters[f"{self.prefix}output.bias"]

    @property
    def constant(self) -> float:
        """b: f where w is 0."""
        return float(self.bias)

    def value(self, pixels: Tensor) -> Tensor:
        """f (n,) at pixels (n, side²), by operations that autograd can differentiate twice."""
        h = pixels
        for layer in self.layers:
            z = layer.forward(h, self.parameters)
            h = functional.silu(z) if layer.activated else z
        return functional.linear(h, self.output, self.bias)[:, 0]

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """f (n,) at pixels (n, side²), and every h and δ (n, ·), row by row."""
        inputs, slopes = [pixels], []
        for layer in self.layers:
            z = layer.forward(inputs[-1], self.parameters)
            h, slope = silu_with_slope(z) if layer.activated else (z, None)
            inputs.append(h)
            slopes.append(slope)
        value = functional.linear(inputs[-1], self.output, self.bias)[:, 0]
        return value, (*inputs, *self._deltas(inputs, slopes))

    def _deltas(self, inputs: list[Tensor], slopes: list[Tensor | None]) -> list[Tensor]:
        """δ of every layer, in order."""
        deltas, back = [], self.output.expand(len(inputs[0]), -1)
        for index in range(len(self.layers) - 1, -1, -1):
            slope = slopes[index]
            deltas.append(back if slope is None else slope.mul_(back))
            if index > 0:
                back = self.layers[index].backward(inputs[index], deltas[-1], self.parameters)
        return deltas[::-1]

    def gradient(self, kept: tuple[Tensor, ...]) -> Tensor:
        """∂f/∂pixels (n, side²)."""
        return self.layers[0].backward(kept[0], kept[len(self.layers) + 1], self.parameters)

    def parameter_gradient(self, kept: tuple[Tensor, ...], weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂f/∂θ by name; weights (n,) of any sign, in the dtype of the network."""
        inputs, deltas = kept[: len(self.layers) + 1], kept[len(self.layers) + 1 :]
        found = {}
        for layer, h, delta in zip(self.layers, inputs[:-1], deltas, strict=True):
            found |= layer.parameter_gradient(h, delta * weights[:, None], self.parameters)
        found[f"{self.prefix}output.weight"] = (weights @ inputs[-1])[None]
        found[f"{self.prefix}output.bias"] = weights.sum()[None]
        return found

    def project(self, limit: float) -> None:
        """Scale each kernel in place, as a matrix (out, in·k²), to a spectral norm of `limit`.

        (Miyato et al. 2018, arXiv 1802.05957.) The convolution itself can stretch an image by
        ⌈k/stride⌉ times that, the root of the number of windows a pixel lies in. Kernels within
        the limit keep their bits; the gain of the attention is not limited.
        """
        for name, kernel in self.parameters.items():
            if name.endswith("weight"):
                norm = torch.linalg.matrix_norm(kernel.flatten(1).double(), ord=2)
                kernel.mul_((limit / norm).clamp_max(1.0).to(kernel.dtype))

    def copy(self) -> ConvNetwork:
        """The same network in tensors of its own."""
        return self._replace(parameters={name: p.clone() for name, p in self.parameters.items()})

    def using(self, parameters: Parameters) -> ConvNetwork:
        """The network with other tensors under the same names; others in the dict are ignored."""
        # Autograd refuses tensors made in inference mode, such as a copy from within an update.
        tensors = {name: parameters[name] for name in self.parameters}
        tensors = {name: p.clone() if p.is_inference() else p for name, p in tensors.items()}
        return self._replace(parameters=tensors)


class ConvShape(NamedTuple):
    """Images of side × side pixels, `hidden` = h channels after the second convolution."""

    side: int
    hidden: int
    attention: bool = False

    def check(self) -> None:
        """Raises ValueError for an empty image or an odd or empty number of channels."""
        if self.side < 1:
            raise ValueError(f"the side of an image must be at least 1 pixel; it is {self.side}")
        if self.hidden < 2 or self.hidden % 2:
            raise ValueError(f"hidden must be even and at least 2; it is {self.hidden}")

    def layers(self, prefix: str) -> tuple[Layer, ...]:
        """The convolutions, the attention if any, and the dense layer."""
        made, inputs, side = [], 1, self.side
        channels = (self.hidden // 2, self.hidden, 2 * self.hidden, 2 * self.hidden)
        for index, (outputs, window) in enumerate(zip(channels, WINDOWS, strict=True)):
            if self.attention and index == ATTENTION_AFTER:
                made.append(Attention(f"{prefix}attention", inputs))
            made.append(Convolution(f"{prefix}conv{index}", inputs, outputs, side, *window))
            inputs, side = outputs, made[-1].output_side
        return (*made, Dense(f"{prefix}dense", inputs * side**2, inputs))


def fresh_conv_network(
    shape: ConvShape, prefix: str, last_layer: str, like: Tensor, rng: Generator
) -> ConvNetwork:
    """A network with random hidden layers, in dtype and device of `like`.

    Weights and biases are uniform in ±1/√inputs; those of the output are so too when `last_layer`
    is "random", and 0, hence f = 0, when it is "zero". Raises ValueError for a value out of range.
    """
    shape.check()
    if last_layer not in LAST_LAYERS:
        raise ValueError(f"last_layer must be one of {LAST_LAYERS}; it is {last_layer!r}")
    layers, made = shape.layers(prefix), {}
    for layer in layers:
        for name, size in layer.sizes.items():
            made[name] = _spread(like, size, layer.fan_in, rng)
    width = 2 * shape.hidden
    for name, size in (("weight", (1, width)), ("bias", (1,))):
        output = _spread(like, size, width, rng)
        made[f"{prefix}output.{name}"] = output if last_layer == "random" else output.zero_()
    return ConvNetwork(layers, made, prefix)


def _spread(like: Tensor, size: tuple[int, ...], inputs: int, rng: Generator) -> Tensor:
    """Uniform numbers in ±1/√inputs; a single number without shape is a gain and starts at 0."""
    if not size:
        return like.new_zeros(())
    return (2 * uniform(like.new_empty(size), rng) - 1) / math.sqrt(inputs)
