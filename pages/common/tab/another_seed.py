"""Another seed, as the die on the bar asks for it."""

from __future__ import annotations

import secrets

SEEDS = 10_000  # a die throws one of 0 to 9999


def another_seed(seed: int) -> int:
    """A seed by chance that is not this one."""
    return (seed + 1 + secrets.randbelow(SEEDS - 1)) % SEEDS
