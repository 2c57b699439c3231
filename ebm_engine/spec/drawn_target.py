"""Drawn: the target that a person has drawn, from the numbers that came from the browser."""

from __future__ import annotations

import math
from typing import Any

from ebm_engine.spec.mixtures import MAX_MODES
from ebm_engine.spec.run_spec import SpecError

PARTS = 1000  # masses are whole thousandths, so that they sum to 1


def mixture(modes: Any) -> dict[str, Any]:
    """The content of a mixture target from rows (x, y, mass, std).

    Positions and widths are rounded to two decimals, masses to thousandths that sum to 1 (largest
    remainders, at least one thousandth each). Raises SpecError with one sentence on anything else.
    """
    rows = _rows(modes)
    return {
        "kind": "mixture",
        "means": [[round(x, 2), round(y, 2)] for x, y, _, _ in rows],
        "masses": _thousandths([mass for _, _, mass, _ in rows]),
        "stds": [round(std, 2) for _, _, _, std in rows],
    }


def _rows(modes: Any) -> list[list[float]]:
    if not isinstance(modes, list) or not 1 <= len(modes) <= MAX_MODES:
        count = len(modes) if isinstance(modes, list) else 0
        raise SpecError(f"The drawing has {count} modes, allowed are 1 to {MAX_MODES}")
    for number, row in enumerate(modes, start=1):
        if not isinstance(row, list) or len(row) != 4 or not all(map(_is_number, row)):
            raise SpecError(f"Mode {number} of the drawing is not four finite numbers")
        if row[2] <= 0:
            raise SpecError(f"Mode {number} of the drawing has mass {row[2]:g}, it must be above 0")
    return modes


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e9 and math.isfinite(value)


def _thousandths(masses: list[float]) -> list[float]:
    exact = [PARTS * mass / sum(masses) for mass in masses]
    parts = [max(1, math.floor(part)) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda j: parts[j] - exact[j])
    for j in by_remainder[: max(0, PARTS - sum(parts))]:
        parts[j] += 1
    parts[parts.index(max(parts))] -= sum(parts) - PARTS  # what the least masses got for free
    return [part / PARTS for part in parts]
