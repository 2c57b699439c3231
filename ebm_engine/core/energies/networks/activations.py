"""Smooth activations a(z) of a network, each with its derivative a′(z) from the same pass.

silu      zσ(z)           a′ = σ + zσ(1 − σ) = a + σ(1 − a)
softplus  log(1 + eᶻ)     a′ = σ(z)
tanh      tanh z          a′ = 1 − a²
gelu      zΦ(z)           a′ = Φ(z) + zφ(z)

σ logistic function, Φ and φ distribution function and density of N(0, 1). All are twice
differentiable: ∇ₓU is a force, and a kink in U would make it jump.
(Elfwing et al. 2017, arXiv 1702.03118; Hendrycks and Gimpel 2016, arXiv 1606.08415.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

# Above it log(1 + eᶻ) = z to the last bit of float64, and eᶻ is still finite in float32.
SOFTPLUS_IS_LINEAR = 40.0


class Activation(NamedTuple):
    """value: a(z), for autograd; with_slope: a(z) and a′(z), which may overwrite z."""

    value: Callable[[Tensor], Tensor]
    with_slope: Callable[[Tensor], tuple[Tensor, Tensor]]


def silu_with_slope(z: Tensor) -> tuple[Tensor, Tensor]:
    """zσ(z), written over z, and a + σ(1 − a)."""
    share = torch.sigmoid(z)
    value = z.mul_(share)
    return value, torch.lerp(value, value.new_ones(()), share, out=share)


def softplus(z: Tensor) -> Tensor:
    """log(1 + eᶻ)."""
    return functional.softplus(z, threshold=SOFTPLUS_IS_LINEAR)


def softplus_with_slope(z: Tensor) -> tuple[Tensor, Tensor]:
    """log(1 + eᶻ) and σ(z), written over z."""
    return softplus(z), z.sigmoid_()


def tanh_with_slope(z: Tensor) -> tuple[Tensor, Tensor]:
    """tanh z, written over z, and 1 − a²."""
    value = z.tanh_()
    return value, torch.addcmul(value.new_ones(()), value, value, value=-1)


def gelu_with_slope(z: Tensor) -> tuple[Tensor, Tensor]:
    """zΦ(z), written over z, and Φ(z) + zφ(z)."""
    below = torch.erf(z * math.sqrt(0.5)).add_(1).mul_(0.5)
    density = (z * z).mul_(-0.5).exp_().mul_(1 / math.sqrt(2 * math.pi))
    slope = torch.addcmul(below, z, density, out=density)
    return z.mul_(below), slope


ACTIVATIONS = {
    "silu": Activation(functional.silu, silu_with_slope),
    "softplus": Activation(softplus, softplus_with_slope),
    "tanh": Activation(torch.tanh, tanh_with_slope),
    "gelu": Activation(functional.gelu, gelu_with_slope),
}
