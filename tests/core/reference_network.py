"""A perceptron written a second time, from the definitions alone, for autograd to differentiate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

DEFINITIONS = {
    "silu": lambda z: z / (1 + torch.exp(-z)),
    "softplus": lambda z: torch.log(1 + torch.exp(z)),
    "tanh": lambda z: (torch.exp(z) - torch.exp(-z)) / (torch.exp(z) + torch.exp(-z)),
    "gelu": lambda z: z * torch.erfc(-z / math.sqrt(2)) / 2,
}


def network(x: Tensor, parameters: dict[str, Tensor], activation: str, prefix: str = "") -> Tensor:
    """f (n,) at inputs x (n, d) that are already divided by the length scale."""
    h, layer = x, 0
    while f"{prefix}layer{layer}.weight" in parameters:
        weight = parameters[f"{prefix}layer{layer}.weight"]
        bias = parameters[f"{prefix}layer{layer}.bias"]
        h = DEFINITIONS[activation](torch.einsum("ni,io->no", h, weight) + bias)
        layer += 1
    return torch.einsum("ni,io->n", h, parameters[f"{prefix}output.weight"])


def leaves(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies that autograd collects gradients for."""
    return {name: p.clone().requires_grad_() for name, p in parameters.items()}
