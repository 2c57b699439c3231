"""Numbers in JSON, which knows neither NaN nor infinity."""

from __future__ import annotations

import math


def json_number(value: float) -> float | None:
    """The number, None where it is not finite."""
    number = float(value)
    return number if math.isfinite(number) else None
