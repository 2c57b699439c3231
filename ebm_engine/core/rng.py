"""Random numbers: one generator per use, all from one seed.

Separate streams keep uses apart: a witness population or another method does not change the data,
the initial walkers or the noise of the training walkers.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Generator, Tensor

USES = ("init", "data", "walkers", "noise", "resampling", "restart", "witness", "refresh", "batch")


def generators(seed: int, device: str, after: int = 0) -> dict[str, Generator]:
    """One generator for each of USES on `device`, a pure function of the seed and of `after`.

    after: the update behind which they replace those that a run had, 0 at its start.
    """
    made, behind = {}, f":{after}" if after else ""
    for use in USES:
        digest = hashlib.blake2b(f"{seed}:{use}{behind}".encode(), digest_size=7).digest()
        made[use] = Generator(device=device).manual_seed(int.from_bytes(digest, "little"))
    return made


def gaussian(like: Tensor, rng: Generator) -> Tensor:
    """Standard normal numbers in the shape, dtype and device of `like`.

    They are drawn in float32 also for float64 walkers: float64 draws cost six times as much and
    the 24 bits of a float32 are far finer than any statistic of a run.
    """
    noise = torch.randn(like.shape, generator=rng, device=like.device)
    return noise.to(like.dtype)


def uniform(like: Tensor, rng: Generator) -> Tensor:
    """Uniform numbers in [0, 1) in the shape, dtype and device of `like`, drawn in float32."""
    draws = torch.rand(like.shape, generator=rng, device=like.device)
    return draws.to(like.dtype)
