"""A multilayer perceptron f(x/ℓ) with a forward and a backward pass written out by hand.

h₀ = x/ℓ,  zₗ = hₗ₋₁Wₗ + bₗ,  hₗ = a(zₗ) for l = 1 … L,  f = h_L·w.
With δₗ = ∂f/∂zₗ:  δ_L = w ⊙ a′(z_L),  δₗ = (δₗ₊₁Wₗ₊₁ᵀ) ⊙ a′(zₗ), and then
∇ₓf = δ₁W₁ᵀ/ℓ,  ∂f/∂Wₗ = hₗ₋₁ᵀδₗ,  ∂f/∂bₗ = δₗ,  ∂f/∂w = h_L.

One δ chain serves the force on the points and the gradient in θ, for any weights of the points.
x (n, d), hₗ, zₗ, δₗ (n, width), W₁ (d, width), Wₗ (width, width), bₗ (width,), w (width, 1).
The output has no bias: a constant in U changes no density.
(Rumelhart, Hinton and Williams 1986, Nature 323.)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.networks.activations import ACTIVATIONS, Activation
from ebm_engine.core.rng import uniform
from ebm_engine.core.types import Parameters

LAST_LAYERS = ("zero", "random")


class MLP(NamedTuple):
    """f_θ(x/ℓ): parameters by name, all starting with `prefix`; length ℓ."""

    parameters: Parameters
    activation: Activation
    length: float
    prefix: str = ""

    @property
    def depth(self) -> int:
        """The number L of hidden layers."""
        return len(self.parameters) // 2

    @property
    def kept(self) -> int:
        """How many tensors `evaluate` keeps: h₀ … h_L and δ₁ … δ_L."""
        return 2 * self.depth + 1

    @property
    def output(self) -> Tensor:
        """w (width, 1)."""
        return self.parameters[f"{self.prefix}output.weight"]

    @property
    def constant(self) -> float:
        """0: f where w is 0."""
        return 0.0

    def weight(self, layer: int) -> Tensor:
        """W of hidden layer 0 … L − 1."""
        return self.parameters[f"{self.prefix}layer{layer}.weight"]

    def bias(self, layer: int) -> Tensor:
        """b of hidden layer 0 … L − 1."""
        return self.parameters[f"{self.prefix}layer{layer}.bias"]

    def value(self, x: Tensor) -> Tensor:
        """f (n,) at x (n, d), by operations that autograd can differentiate twice."""
        h = x / self.length
        for layer in range(self.depth):
            h = self.activation.value(torch.addmm(self.bias(layer), h, self.weight(layer)))
        return (h @ self.output)[:, 0]

    def evaluate(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """f (n,) at x (n, d), and (h₀ … h_L, δ₁ … δ_L), row by row."""
        inputs, deltas = [x / self.length], []
        for layer in range(self.depth):
            z = torch.addmm(self.bias(layer), inputs[-1], self.weight(layer))
            h, slope = self.activation.with_slope(z)
            inputs.append(h)
            deltas.append(slope)
        deltas[-1].mul_(self.output[:, 0])
        for layer in range(self.depth - 1, 0, -1):
            deltas[layer - 1].mul_(deltas[layer] @ self.weight(layer).T)
        return inputs[-1] @ self.output[:, 0], (*inputs, *deltas)

    def add_gradient(self, total: Tensor, kept: tuple[Tensor, ...], share: float) -> None:
        """Add share·∇ₓf to `total` (n, d) in place."""
        first = kept[self.depth + 1]
        total.addmm_(first, self.weight(0).T, alpha=share / self.length)

    def parameter_gradient(self, kept: tuple[Tensor, ...], weights: Tensor) -> Parameters:
        """Σᵢ wᵢ ∂f/∂θ(xᵢ) by name; weights (n,) of any sign, in the dtype of the network."""
        inputs, deltas = kept[: self.depth + 1], kept[self.depth + 1 :]
        found = {}
        for layer, delta in enumerate(deltas):
            weighted = inputs[layer] * weights[:, None]
            found[f"{self.prefix}layer{layer}.weight"] = weighted.T @ delta
            found[f"{self.prefix}layer{layer}.bias"] = weights @ delta
        found[f"{self.prefix}output.weight"] = (weights @ inputs[-1])[:, None]
        return found

    def project(self, limit: float) -> None:
        """Scale each weight matrix in place to a spectral norm of at most `limit`.

        (Gouk et al. 2021, arXiv 1804.04368.) A matrix within the limit keeps its bits.
        """
        for name, matrix in self.parameters.items():
            if name.endswith("weight"):
                norm = torch.linalg.matrix_norm(matrix.double(), ord=2)
                matrix.mul_((limit / norm).clamp_max(1.0).to(matrix.dtype))

    def copy(self) -> MLP:
        """The same network in tensors of its own."""
        return self._replace(parameters={name: p.clone() for name, p in self.parameters.items()})

    def using(self, parameters: Parameters) -> MLP:
        """The network with other tensors under the same names; others in the dict are ignored."""
        # Autograd refuses tensors made in inference mode, such as a copy from within an update.
        tensors = {name: parameters[name] for name in self.parameters}
        tensors = {name: p.clone() if p.is_inference() else p for name, p in tensors.items()}
        return self._replace(parameters=tensors)


class Shape(NamedTuple):
    """`depth` hidden layers of `width` units on points in `dim` dimensions."""

    dim: int
    width: int
    depth: int
    activation: str

    def check(self) -> None:
        """Raises ValueError for an empty layer or an unknown activation."""
        for name in ("dim", "width", "depth"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name)}")
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation must be one of {known}; it is {self.activation!r}")


def fresh_network(
    shape: Shape, length: float, prefix: str, last_layer: str, like: Tensor, rng: Generator
) -> MLP:
    """A network with random hidden layers, in dtype and device of `like`.

    Weights and biases are uniform in ±1/√inputs; the output layer is so too when `last_layer` is
    "random", and 0, hence f = 0, when it is "zero". Raises ValueError for a value out of range.
    """
    shape.check()
    if not (length > 0 and math.isfinite(length)):
        raise ValueError(f"the length scale must be positive and finite; it is {length}")
    if last_layer not in LAST_LAYERS:
        raise ValueError(f"last_layer must be one of {LAST_LAYERS}; it is {last_layer!r}")
    made, inputs = {}, shape.dim
    for layer in range(shape.depth):
        made[f"{prefix}layer{layer}.weight"] = _spread(like, (inputs, shape.width), inputs, rng)
        made[f"{prefix}layer{layer}.bias"] = _spread(like, (shape.width,), inputs, rng)
        inputs = shape.width
    output = _spread(like, (inputs, 1), inputs, rng)
    made[f"{prefix}output.weight"] = output if last_layer == "random" else torch.zeros_like(output)
    return MLP(made, ACTIVATIONS[shape.activation], length, prefix)


def _spread(like: Tensor, size: tuple[int, ...], inputs: int, rng: Generator) -> Tensor:
    """Uniform numbers in ±1/√inputs."""
    return (2 * uniform(like.new_empty(size), rng) - 1) / math.sqrt(inputs)
