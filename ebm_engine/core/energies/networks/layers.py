"""The layers of a convolutional network, each with its backward pass, on rows of flat images.

Convolution: z = K ⋆ h + b with a stride. Dense: z = Kh + b. Both are followed by SiLU, and with
δ = ∂f/∂z the pass back is h̄ = Kᵀδ, ∂f/∂K = Σ δ ⊗ h, ∂f/∂b = Σ δ.
Attention over positions p, q of an image with columns h_p (Zhang et al. 2019, arXiv 1805.08318):
y_p = h_p + γ Σ_q a_pq V h_q,  a_p· = softmax_q((Q h_p)·(K h_q)), without activation; γ starts at 0.

h, z, δ (n, channels·side²), so that a row belongs to one image; K (out, in, k, k) or (out, in),
b (out,); Q, K (c/8, c), V (c, c), γ ().
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from ebm_engine.core.energies.networks.autograd import pulled_back
from ebm_engine.core.types import Parameters

KEY_SHARE = 8  # channels of an image per number of a query


class Layer(Protocol):
    """One layer; it reads its tensors, whose names start with `name`, from the parameters."""

    @property
    def name(self) -> str:
        """What the names of its tensors start with."""
        ...

    @property
    def activated(self) -> bool:
        """Whether SiLU follows."""
        ...

    @property
    def fan_in(self) -> int:
        """How many numbers each number of z is made of."""
        ...

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor by name."""
        ...

    def forward(self, h: Tensor, parameters: Parameters) -> Tensor:
        """z (n, ·) at h (n, ·), by operations that autograd can differentiate twice."""
        ...

    def backward(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Tensor:
        """∂f/∂h (n, ·) from δ = ∂f/∂z (n, ·)."""
        ...

    def parameter_gradient(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Parameters:
        """Σᵢ ∂fᵢ/∂θ by name from h and δ, both (n, ·)."""
        ...


class Convolution(NamedTuple):
    """`inputs` channels of side × side to `outputs` channels, by kernel, stride and padding."""

    name: str
    inputs: int
    outputs: int
    side: int
    kernel: int
    stride: int
    padding: int

    @property
    def activated(self) -> bool:
        """SiLU follows."""
        return True

    @property
    def fan_in(self) -> int:
        """inputs · kernel²."""
        return self.inputs * self.kernel**2

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """K (outputs, inputs, kernel, kernel), b (outputs,)."""
        kernel = (self.outputs, self.inputs, self.kernel, self.kernel)
        return {f"{self.name}.weight": kernel, f"{self.name}.bias": (self.outputs,)}

    @property
    def output_side(self) -> int:
        """⌊(side + 2·padding − kernel)/stride⌋ + 1."""
        return (self.side + 2 * self.padding - self.kernel) // self.stride + 1

    def forward(self, h: Tensor, parameters: Parameters) -> Tensor:
        """K ⋆ h + b, (n, outputs·output_side²)."""
        weight, bias = parameters[f"{self.name}.weight"], parameters[f"{self.name}.bias"]
        return functional.conv2d(self._images(h), weight, bias, self.stride, self.padding).flatten(
            1
        )

    def backward(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Tensor:
        """The transposed convolution of δ, (n, inputs·side²)."""
        weight, maps = parameters[f"{self.name}.weight"], self._maps(delta)
        if self.inputs == 1:
            # A product and a sum of windows: 3 times as fast for a single channel.
            windows = weight.flatten(1).T @ maps.flatten(2)
            size, kernel = (self.side,) * 2, (self.kernel,) * 2
            return functional.fold(windows, size, kernel, 1, self.padding, self.stride).flatten(1)
        rest = self.side + 2 * self.padding - self.kernel - (self.output_side - 1) * self.stride
        images = functional.conv_transpose2d(maps, weight, None, self.stride, self.padding, rest)
        return images.flatten(1)

    def parameter_gradient(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Parameters:
        """Σᵢ ∂fᵢ/∂K in the shape of K, Σᵢ ∂fᵢ/∂b (outputs,)."""
        shape, maps = parameters[f"{self.name}.weight"].shape, self._maps(delta)
        weight = conv2d_weight(self._images(h), shape, maps, self.stride, self.padding)
        return {f"{self.name}.weight": weight, f"{self.name}.bias": maps.sum((0, 2, 3))}

    def _images(self, h: Tensor) -> Tensor:
        return h.reshape(len(h), self.inputs, self.side, self.side)

    def _maps(self, delta: Tensor) -> Tensor:
        return delta.reshape(len(delta), self.outputs, self.output_side, self.output_side)


class Dense(NamedTuple):
    """All `inputs` numbers of a row to `outputs` units."""

    name: str
    inputs: int
    outputs: int

    @property
    def activated(self) -> bool:
        """SiLU follows."""
        return True

    @property
    def fan_in(self) -> int:
        """inputs."""
        return self.inputs

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """K (outputs, inputs), b (outputs,)."""
        kernel = (self.outputs, self.inputs)
        return {f"{self.name}.weight": kernel, f"{self.name}.bias": (self.outputs,)}

    def forward(self, h: Tensor, parameters: Parameters) -> Tensor:
        """Kh + b, (n, outputs)."""
        weight, bias = parameters[f"{self.name}.weight"], parameters[f"{self.name}.bias"]
        return functional.linear(h, weight, bias)

    def backward(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Tensor:
        """Kᵀδ, (n, inputs)."""
        return delta @ parameters[f"{self.name}.weight"]

    def parameter_gradient(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Parameters:
        """Σᵢ δᵢ hᵢᵀ (outputs, inputs), Σᵢ δᵢ (outputs,)."""
        return {f"{self.name}.weight": delta.T @ h, f"{self.name}.bias": delta.sum(0)}


class Attention(NamedTuple):
    """Self-attention among the positions of images with `channels` channels."""

    name: str
    channels: int

    @property
    def activated(self) -> bool:
        """No activation follows."""
        return False

    @property
    def fan_in(self) -> int:
        """channels."""
        return self.channels

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Q, K (⌈channels/8⌉, channels), V (channels, channels), γ ()."""
        key = (-(-self.channels // KEY_SHARE), self.channels)
        full = (self.channels, self.channels)
        sizes = {"query.weight": key, "key.weight": key, "value.weight": full, "gain": ()}
        return {f"{self.name}.{kind}": size for kind, size in sizes.items()}

    def forward(self, h: Tensor, parameters: Parameters) -> Tensor:
        """h_p + γ Σ_q a_pq V h_q, (n, channels·positions)."""
        return self._attend(h, *(parameters[name] for name in self.sizes))

    def backward(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Tensor:
        """∂f/∂h (n, channels·positions)."""
        inputs = (h, *(parameters[name] for name in self.sizes))
        return pulled_back(self._attend, inputs, delta)[0]

    def parameter_gradient(self, h: Tensor, delta: Tensor, parameters: Parameters) -> Parameters:
        """Σᵢ ∂fᵢ/∂θ for Q, K, V and γ."""
        inputs = (h, *(parameters[name] for name in self.sizes))
        return dict(zip(self.sizes, pulled_back(self._attend, inputs, delta)[1:], strict=True))

    def _attend(self, h: Tensor, query: Tensor, key: Tensor, value: Tensor, gain: Tensor) -> Tensor:
        columns = h.reshape(len(h), self.channels, -1)
        scores = (query @ columns).mT @ (key @ columns)  # (n, positions p, positions q)
        mixed = (value @ columns) @ torch.softmax(scores, 2).mT
        return h + gain * mixed.flatten(1)
