"""The numbers of one walker in slow motion, card by card.

A motion is what the task "slow-motion" found. Vectors show their first two coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ebm_engine.views.style.theme import number

Motion = Mapping[str, Any]
Rows = list[tuple[str, str]]
FEW = 8  # modes up to which the walker's part in each is told


def walker_numbers(motion: Motion, card: str, walker: int) -> Rows:
    """What happens to one walker at a card: (name, value) pairs."""
    return READERS[card](motion, walker)


def _at_start(motion: Motion, walker: int) -> Rows:
    return [
        ("position x", _vector(motion["start"][walker])),
        ("weight N·w", _weight(motion["log_w"][walker])),
    ]


def _in_gradient(motion: Motion, walker: int) -> Rows:
    place = "end" if motion["chains"] else "start"
    rows = [
        ("position x", _vector(motion[place][walker])),
        ("energy Uₖ(x)", f"{number(motion['energy'][walker], '.3f')} kT"),
        *_share(motion, walker),
    ]
    modes = motion["responsibilities"]
    if 0 < modes.shape[-1] <= FEW and len(modes):
        parts = ", ".join(number(r, ".3f") for r in modes[walker])
        rows.append(("belongs to modes 1, 2, …", parts))
    return rows


def _share(motion: Motion, walker: int) -> Rows:
    if motion["only_shown"]:
        return [("share in the gradient", "none: the walkers are only shown")]
    share = number(100 * float(motion["share"][walker]), ".3g")
    equal = number(100 / len(motion["share"]), ".3g")
    return [("share p in the gradient", f"{share} % (equal: {equal} %)")]


def _drifting(motion: Motion, walker: int) -> Rows:
    rows = [("position x", _vector(motion["start"][walker]))]
    if not len(motion["drift"]):
        return [*rows, *_arrival(motion, walker)]
    drift = motion["drift"][walker]
    if not motion["moved"][walker]:
        return [*rows, _stays(motion)]
    below = motion["start"][walker] + drift
    return [*rows, ("drift −h∇U", _vector(drift)), ("x + drift", _vector(below))]


def _noisy(motion: Motion, walker: int) -> Rows:
    if not len(motion["drift"]) or not motion["moved"][walker]:
        return _drifting(motion, walker)
    rows = [
        ("x + drift", _vector(motion["start"][walker] + motion["drift"][walker])),
        ("noise √(2hT)ξ", _vector(motion["noise"][walker])),
        ("sum y", _vector(motion["proposal"][walker])),
    ]
    if not math.isnan(motion["acceptance"]):
        kept = np.array_equal(motion["proposal"][walker], motion["first_end"][walker])
        rows.append(("test", "accepted" if kept else "rejected: the walker stays at x"))
    return rows + _later(motion, walker)


def _arrival(motion: Motion, walker: int) -> Rows:
    if not motion["moved"][walker]:
        return [_stays(motion)]
    rows = [("after the move", _vector(motion["first_end"][walker]))]
    return rows + _later(motion, walker)


def _stays(motion: Motion) -> tuple[str, str]:
    what = "is replaced" if motion["refreshed"] else "stays where it is"
    return "this walker", f"{what} in this update"


def _later(motion: Motion, walker: int) -> Rows:
    """Where the walker stands in the end, if the first move was not the last."""
    if np.array_equal(motion["first_end"][walker], motion["end"][walker]):
        return []
    return [("at the end of the update", _vector(motion["end"][walker]))]


def _weighing(motion: Motion, walker: int) -> Rows:
    rows = [("position", _vector(motion["end"][walker]))]
    before, after = motion["energy"][walker], motion["energy_after"][walker]
    rows.append(("energy Uₖ(x) → Uₖ₊₁(y)", _change(before, after, ".3f") + " kT"))
    if math.isnan(motion["threshold"]):
        return [*rows, ("weight N·w", _weight(motion["log_w"][walker]))]
    rows += [
        ("growth of A", number(float(motion["gain"][walker]), "+.4f")),
        ("log(N·w)", _change(motion["log_w"][walker], motion["log_w_after"][walker], ".3f")),
    ]
    weights = [math.exp(float(motion[name][walker])) for name in ("log_w", "log_w_after")]
    rows.append(("weight N·w", _change(*weights, ".3g")))
    rows.append(("ESS/N of all", _change(motion["ess_before"], motion["ess"], ".3f")))
    return rows


def _vector(values: np.ndarray, form: str = ".3f") -> str:
    parts = [number(float(v), form) for v in values[:2]]
    return f"({', '.join(parts)}{', …' if len(values) > 2 else ''})"


def _weight(log_w: float) -> str:
    return number(math.exp(float(log_w)))


def _change(before: float, after: float, form: str) -> str:
    return f"{number(float(before), form)} → {number(float(after), form)}"


READERS: dict[str, Callable[[Motion, int], Rows]] = {
    "data": _at_start,
    "walkers": _in_gradient,
    "update": _share,
    "drift": _drifting,
    "noise": _noisy,
    "weight": _weighing,
}
