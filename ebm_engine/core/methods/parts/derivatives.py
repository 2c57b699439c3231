"""Derivatives by autograd that leave no trace: for losses which contain ∇ₓU.

∂L/∂θ of a loss L(θ) made of ∇ₓU_θ and ΔU_θ needs derivatives of derivatives. They are taken at
copies of θ and x, so no parameter gets a .grad or keeps requires_grad, and a caller may run under
torch.no_grad or torch.inference_mode. Symbols: θ parameters by name, x (n, d), U (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ebm_engine.core.types import Energy, Parameters

Loss = Callable[[Parameters], Tensor]


@contextmanager
def recording() -> Iterator[None]:
    """Autograd on, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def copied(tensor: Tensor) -> Tensor:
    """An ordinary copy: tensors made under inference mode must not enter a recorded graph."""
    return tensor.detach().clone()


def parameter_derivative(energy: Energy, loss: Loss) -> Parameters:
    """∂L/∂θ of the scalar `loss` at the energy's θ; 0 where L does not depend on a parameter."""
    with recording():
        theta = {name: copied(p).requires_grad_() for name, p in energy.parameters.items()}
        found = torch.autograd.grad(loss(theta), list(theta.values()), materialize_grads=True)
    return dict(zip(theta, found, strict=True))


def slope(energy: Energy, x: Tensor, theta: Parameters) -> tuple[Tensor, Tensor]:
    """A leaf copy of x and ∇ₓU_θ there, both (n, d), the slope still a function of x and θ."""
    leaf = copied(x).requires_grad_()
    energies = energy.value(leaf, theta).sum()
    return leaf, torch.autograd.grad(energies, leaf, create_graph=True)[0]


def laplacian(leaf: Tensor, gradient: Tensor) -> Tensor:
    """ΔU (n,) from what `slope` returned, one backward pass per dimension."""
    total = torch.zeros_like(leaf[:, 0])
    for i, column in enumerate(gradient.unbind(1)):
        second = torch.autograd.grad(column.sum(), leaf, create_graph=True, materialize_grads=True)[
            0
        ]
        total = total + second[:, i]
    return total
