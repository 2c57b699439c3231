"""Training points from a Gaussian mixture with round modes, known in closed form."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian


def sample_mixture(
    means: Tensor, masses: Tensor, count: int, rng: Generator, stds: Tensor | None = None
) -> Tensor:
    """`count` points (count, d) of Σⱼ pⱼ N(aⱼ, sⱼ² I) in random order; means (J, d), masses (J,).

    stds: s (J,) in the dtype and on the device of the means, None for modes of unit width. Each
    mode gets exactly its share of the points (largest remainder), as in the public script of
    Carbone et al. (2023): the data's masses are then the target's up to 1/count.
    """
    labels = torch.repeat_interleave(
        torch.arange(len(masses), device=means.device), mode_counts(masses, count).to(means.device)
    )
    order = torch.randperm(count, generator=rng, device=means.device)
    modes = labels[order]
    centres = means[modes]
    noise = gaussian(centres, rng)
    return centres + (noise if stds is None else noise * stds[modes, None])


def mode_counts(masses: Tensor, count: int) -> Tensor:
    """Integers (J,) that sum to `count`, in proportion to `masses` by largest remainder."""
    exact = masses.double().cpu() * count
    # A share like 0.25 × 2000 must not fall to 499 by rounding.
    counts = (exact + 1e-9).floor().long()
    order = torch.argsort(exact - counts, descending=True, stable=True)
    counts[order[: count - int(counts.sum())]] += 1
    return counts
