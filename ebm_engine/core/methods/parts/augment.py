"""Augmentations of chain states: jumps between chains that Langevin steps would not make.

They act once, when a state is read from the replay buffer, never within a chain and never on data
(Du et al. 2021, arXiv 2012.01316, use crops, flips and colours of images). For points in ℝᵈ:
rotation about the origin, reflection of coordinates, Gaussian jitter. x (n, d), each row with its
own draw; `scale` is an angle in degrees for the rotation and a standard deviation for the jitter.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian, uniform


def keep(x: Tensor, scale: float, rng: Generator) -> Tensor:
    """x itself."""
    return x


def rotate(x: Tensor, scale: float, rng: Generator) -> Tensor:
    """x turned by an angle uniform in ±scale degrees, in a random plane through the origin.

    With p, q orthonormal: x + (cos φ − 1)(p pᵀx + q qᵀx) + sin φ (q pᵀx − p qᵀx).
    Raises ValueError in one dimension.
    """
    if x.shape[1] < 2:
        raise ValueError("a rotation needs at least 2 dimensions, the points have 1")
    p = torch.nn.functional.normalize(gaussian(x, rng), dim=1)
    q = gaussian(x, rng)
    q = torch.nn.functional.normalize(q - torch.linalg.vecdot(p, q)[:, None] * p, dim=1)
    along_p, along_q = torch.linalg.vecdot(p, x)[:, None], torch.linalg.vecdot(q, x)[:, None]
    angle = uniform(x[:, :1], rng).mul_(2).sub_(1).mul_(math.radians(scale))
    turned = (angle.cos() - 1) * (p * along_p + q * along_q)
    return x + turned + angle.sin() * (q * along_p - p * along_q)


def reflect(x: Tensor, scale: float, rng: Generator) -> Tensor:
    """Each coordinate of each point with a random sign; `scale` is not used."""
    return torch.where(uniform(x, rng) < 0.5, -x, x)


def jitter(x: Tensor, scale: float, rng: Generator) -> Tensor:
    """x + N(0, scale² I)."""
    return x + scale * gaussian(x, rng)


AUGMENTATIONS: dict[str, Callable[[Tensor, float, Generator], Tensor]] = {
    "none": keep,
    "rotation": rotate,
    "reflection": reflect,
    "jitter": jitter,
}
