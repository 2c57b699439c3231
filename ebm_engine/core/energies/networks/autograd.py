"""Vector-Jacobian products of a function by autograd, whatever mode the caller is in.

For y = F(a, b, …) and a cotangent v of the shape of y: (∂F/∂a)ᵀv, (∂F/∂b)ᵀv, …, for the parts of a
network whose backward pass is not written out by hand. Updates run under torch.inference_mode,
where autograd records nothing; here it records again, at copies.
(Baydin et al. 2018, arXiv 1502.05767.)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def pulled_back(
    function: Callable[..., Tensor], inputs: tuple[Tensor, ...], cotangent: Tensor
) -> tuple[Tensor, ...]:
    """(∂F/∂aᵢ)ᵀv in the shape of each input aᵢ, for v = `cotangent` in the shape of F's value.

    One forward and one backward pass. No input keeps a gradient or a graph.
    """
    with torch.inference_mode(False), torch.enable_grad():
        leaves = tuple(tensor.detach().clone().requires_grad_() for tensor in inputs)
        return torch.autograd.grad(function(*leaves), leaves, cotangent.clone())
