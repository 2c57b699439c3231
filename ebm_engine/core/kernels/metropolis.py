"""What the kernels that leave exp(−Uₖ₊₁) invariant share: first reweight, then test each proposal.

Reweighting: ΔA = Uₖ(x) − Uₖ₊₁(x), before the move. A move that leaves π_{k+1} invariant then adds
nothing, whatever its step size. (Neal 2001, arXiv physics/9803008.)
Test: the proposal y is kept with probability min(1, e^r), r = log of the ratio of π(y)q(y→x) and
π(x)q(x→y). (Metropolis et al. 1953; Hastings 1970.)
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from ebm_engine.core.types import Evaluation, Potential, Walkers


def reweighted(
    walkers: Walkers, energy: Potential, previous: Potential | None
) -> tuple[Walkers, Tensor]:
    """The walkers seen at θₖ₊₁ (in `energy`) and Uₖ(x) − Uₖ₊₁(x), (n,); one evaluation.

    None when `previous` is `energy` itself: θ did not change and the evaluation they carry holds.
    log_w is left to the caller.
    """
    if previous is energy:
        return walkers, torch.zeros_like(walkers.at.energy)
    at = energy.evaluate(walkers.x)
    return walkers._replace(at=at), walkers.at.energy - at.energy


def accepted(
    walkers: Walkers, y: Tensor, at_y: Evaluation, ratio: Tensor, rng: Generator
) -> Walkers:
    """Each walker at its proposal y (n, d) with probability min(1, e^ratio), else where it was.

    walkers.at and `at_y` are evaluations at one θ; ratio (n,). A proposal without a finite energy
    is rejected. A walker whose own energy is NaN stays so and one whose own gradient is not finite
    takes what came of it: neither may look sound.
    """
    u = torch.rand(len(y), generator=rng, device=y.device, dtype=ratio.dtype)
    keep = (u.log() < ratio) & at_y.energy.isfinite()
    keep |= ~walkers.at.gradient.isfinite().all(1)
    return walkers._replace(
        x=torch.where(keep[:, None], y, walkers.x),
        at=chosen_rows(keep, at_y, walkers.at),
        acceptance=float(keep.double().mean()),
    )


def chosen_rows(first: Tensor, one: Evaluation, other: Evaluation) -> Evaluation:
    """Row by row `one` where `first` (n,) is true and `other` elsewhere.

    Layers are kept where both evaluations hold them.
    """
    column = first[:, None]
    shares = None
    if one.responsibilities is not None:
        shares = torch.where(column, one.responsibilities, other.modes)
    layers = ()
    if one.layers and other.layers:
        pairs = zip(one.layers, other.layers, strict=True)
        layers = tuple(torch.where(column, a, b) for a, b in pairs)
    return Evaluation(
        torch.where(first, one.energy, other.energy),
        torch.where(column, one.gradient, other.gradient),
        shares,
        layers,
    )
