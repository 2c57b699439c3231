"""Numbers in JSON, which knows neither NaN nor infinity."""

from __future__ import annotations

import math


def json_number(value: float) -> float | None:
    """The number as it is, None where it is not finite."""
    return value if math.isfinite(value) else None
