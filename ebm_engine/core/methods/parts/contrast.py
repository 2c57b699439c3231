"""The two-sided gradient that most methods share: data against walkers.

∂H/∂θ ≈ (1/m) Σⱼ ∂U/∂θ(x*ⱼ) − Σᵢ pᵢ ∂U/∂θ(xᵢ), with p the normalised weights of the walkers, all
equal for a method without weights (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1).
"""

from __future__ import annotations

import torch

from ebm_engine.core.smc.weights import normalised
from ebm_engine.core.types import Batch, Energy, Parameters, Walkers


def contrast(walkers: Walkers, energy: Energy, batch: Batch) -> Parameters:
    """E_data[∂U/∂θ] − Ê_model[∂U/∂θ] by parameter, with the walkers' own weights."""
    equal = torch.full_like(batch.x[:, 0], 1 / len(batch.x))
    weights = normalised(walkers.log_w).to(walkers.x.dtype)
    positive = energy.parameter_gradient(batch.x, batch.at, equal)
    negative = energy.parameter_gradient(walkers.x, walkers.at, weights)
    return {name: positive[name] - negative[name] for name in positive}
