"""The parameters in slow motion, term by term, and what the update means for a walker.

A motion is what the task "slow-motion" found. Vectors show their first two coordinates. A table is
a list of rows of text, the head first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ebm_engine.views.style.theme import number, power_of_ten

Motion = Mapping[str, Any]
MOST_ROWS = 8  # single parameters that are told; of more, the norms of their groups
SMALL = 1e-3  # below it a number is told as a power of ten
COLUMNS = {
    "data": (("data", "data term"),),
    "walkers": (("data", "data term"), ("walkers", "walker term"), ("gradient", "difference")),
    "update": (("gradient", "gradient"), ("used", "masked, clipped"), ("change", "step Δθ")),
}


def parameter_table(motion: Motion, card: str) -> list[list[str]]:
    """The terms of a card by parameter, the head first; empty where a card has none."""
    columns = [c for c in COLUMNS.get(card, ()) if f"{c[0]}_norm" in motion]
    if card == "data" and not motion["sides"]:
        columns = [("gradient", "gradient")]
    if not columns or (card == "walkers" and not motion["sides"]):
        return []
    single = _single(motion, columns)
    if single:
        return [["parameter", *(title for _, title in columns)], *single]
    rows = [
        [f"‖{name}‖", *(_short(motion[f"{term}_norm"][g]) for term, _ in columns)]
        for g, name in enumerate(motion["parameters"])
    ]
    return [["norm of", *(title for _, title in columns)], *rows]


def outcome(motion: Motion, walker: int) -> str:
    """What the end of the update means for the weights and for this walker, in sentences."""
    if motion["refreshed"]:
        return (
            "At this update all walkers are replaced by a population annealed from the start of "
            "the model: nobody walks on."
        )
    if motion["restarted"][walker] and not motion["chains"]:
        return f"Walker {walker} was put back to a start at the end of this update."
    threshold, ess = float(motion["threshold"]), number(float(motion["ess"]), ".3f")
    if math.isnan(threshold):
        return ""
    if not motion["resampled"]:
        return f"ESS/N is {ess}, not below the threshold {threshold:g}: nobody is resampled."
    return (
        f"ESS/N fell to {ess}, below the threshold {threshold:g}: the walkers are resampled, and "
        f"all weights are equal again. {fate(motion, walker)}"
    )


def fate(motion: Motion, walker: int) -> str:
    """Who descends from a walker after a resampling, and who holds its slot."""
    slots, parent = descendants(motion, walker), int(motion["parents"][walker])
    if len(slots) == 0:
        return f"Walker {walker} dies out; its slot holds a copy of walker {parent}."
    copies = "once" if len(slots) == 1 else f"{len(slots)} times"
    shown = ", ".join(str(slot) for slot in slots[:4]) + (", …" if len(slots) > 4 else "")
    return f"Walker {walker} survives {copies}, in slot{'s' * (len(slots) > 1)} {shown}."


def descendants(motion: Motion, walker: int) -> np.ndarray:
    """The slots that hold the walker or a copy of it after the update."""
    if not motion["resampled"]:
        return np.array([walker])
    return np.flatnonzero(motion["parents"] == walker)


def _single(motion: Motion, columns: list[tuple[str, str]]) -> list[list[str]]:
    """A row for each mean and each z of a small mixture, else none."""
    if not {f"{term}.{n}" for term, _ in columns for n in ("means", "log_masses")} <= set(motion):
        return []
    count = len(motion["means"])
    if 2 * count > MOST_ROWS:
        return []
    rows = []
    for j in range(count):
        cells = [_pair(motion[f"{term}.means"][j]) for term, _ in columns]
        rows.append([f"mean {j + 1}", *cells])
    for j in range(count):
        cells = [_short(motion[f"{term}.log_masses"][j]) for term, _ in columns]
        rows.append([f"z of mode {j + 1}", *cells])
    return rows


def _pair(values: np.ndarray) -> str:
    parts = ", ".join(_short(v) for v in values[:2])
    return f"({parts}{', …' if len(values) > 2 else ''})"


def _short(value: float) -> str:
    """A number of any size with two or three digits, without e-notation."""
    value = float(value)
    if value == 0 or abs(value) >= SMALL or not math.isfinite(value):
        return number(value)
    return ("−" if value < 0 else "") + power_of_ten(abs(value))
