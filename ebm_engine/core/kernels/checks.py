"""What every kernel asks of its numbers before the first move."""

from __future__ import annotations

import math


def require_positive(name: str, value: float) -> None:
    """Raises ValueError unless `value` is positive and finite."""
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be positive and finite; it is {value}")
