"""The numbers of one update, card by card: those of one walker and those of the parameters.

Vectors show their first two coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ebm_engine.studies.specs.slow_motion import Motion
from ebm_engine.views.style.theme import number, power_of_ten

Rows = list[tuple[str, str]]
FEW = 8  # modes up to which the walker's part in each is shown


def walker_numbers(motion: Motion, card: str, walker: int) -> Rows:
    """What happens to one walker at a card: (name, value) pairs."""
    return READERS[card](motion, walker)


def _at_start(motion: Motion, walker: int) -> Rows:
    return [
        ("position x", _vector(motion.moves.start[walker])),
        ("weight N·w", _weight(motion.weights.log_w[walker])),
    ]


def _in_gradient(motion: Motion, walker: int) -> Rows:
    place = motion.moves.end if motion.new_chains else motion.moves.start
    rows = [
        ("position x", _vector(place[walker])),
        ("energy Uₖ(x)", f"{number(motion.weights.energy[walker], '.3f')} kT"),
        *_share(motion, walker),
    ]
    modes = motion.weights.responsibilities
    if 0 < modes.shape[-1] <= FEW and len(modes):
        parts = ", ".join(number(r, ".3f") for r in modes[walker])
        rows.append(("belongs to modes 1, 2, …", parts))
    return rows


def _share(motion: Motion, walker: int) -> Rows:
    if motion.only_shown:
        return [("share in the gradient", "none: the walkers are only shown")]
    share = number(100 * float(motion.weights.share[walker]), ".3g")
    equal = number(100 / len(motion.weights.share), ".3g")
    return [("share p in the gradient", f"{share} % (equal: {equal} %)")]


def _drifting(motion: Motion, walker: int) -> Rows:
    rows = [("position x", _vector(motion.moves.start[walker]))]
    if not len(motion.moves.drift):
        return [*rows, *_arrival(motion, walker)]
    drift = motion.moves.drift[walker]
    if not motion.moves.moved[walker]:
        return [*rows, _stays(motion)]
    below = motion.moves.start[walker] + drift
    return [*rows, ("drift −h∇U", _vector(drift)), ("x + drift", _vector(below))]


def _noisy(motion: Motion, walker: int) -> Rows:
    if not len(motion.moves.drift) or not motion.moves.moved[walker]:
        return _drifting(motion, walker)
    rows = [
        ("x + drift", _vector(motion.moves.start[walker] + motion.moves.drift[walker])),
        ("noise √(2hT)ξ", _vector(motion.moves.noise[walker])),
        ("sum y", _vector(motion.moves.proposal[walker])),
    ]
    if not math.isnan(motion.weights.acceptance):
        kept = np.array_equal(motion.moves.proposal[walker], motion.moves.first_end[walker])
        rows.append(("test", "accepted" if kept else "rejected: the walker stays at x"))
    return rows + _later(motion, walker)


def _arrival(motion: Motion, walker: int) -> Rows:
    if not motion.moves.moved[walker]:
        return [_stays(motion)]
    rows = [("after the move", _vector(motion.moves.first_end[walker]))]
    return rows + _later(motion, walker)


def _stays(motion: Motion) -> tuple[str, str]:
    what = "is replaced" if motion.refreshed else "stays where it is"
    return "this walker", f"{what} in this update"


def _later(motion: Motion, walker: int) -> Rows:
    """Where the walker stands in the end, if the first move was not the last."""
    if np.array_equal(motion.moves.first_end[walker], motion.moves.end[walker]):
        return []
    return [("at the end of the update", _vector(motion.moves.end[walker]))]


def _weighing(motion: Motion, walker: int) -> Rows:
    weights = motion.weights
    rows = [("position", _vector(motion.moves.end[walker]))]
    energies = weights.energy[walker], weights.energy_after[walker]
    rows.append(("energy Uₖ(x) → Uₖ₊₁(y)", _change(*energies, ".3f") + " kT"))
    if math.isnan(weights.threshold):
        return [*rows, ("weight N·w", _weight(weights.log_w[walker]))]
    rows += [
        ("growth of A", number(float(weights.gain[walker]), "+.4f")),
        ("log(N·w)", _change(weights.log_w[walker], weights.log_w_after[walker], ".3f")),
    ]
    before, after = (math.exp(float(a[walker])) for a in (weights.log_w, weights.log_w_after))
    rows.append(("weight N·w", _change(before, after, ".3g")))
    rows.append(("ESS/N of all", _change(weights.ess_before, weights.ess, ".3f")))
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


MOST_ROWS = 8  # parameters that have a row each; of more, the norms of their groups are shown
SMALL = 1e-3  # a number below it is written as a power of ten
COLUMNS = {
    "data": (("data", "data term"),),
    "walkers": (("data", "data term"), ("walkers", "walker term"), ("gradient", "difference")),
    "update": (("gradient", "gradient"), ("used", "masked, clipped"), ("change", "step Δθ")),
}


def parameter_table(motion: Motion, card: str) -> list[list[str]]:
    """The terms of a card by parameter, the head first; empty where a card has none."""
    columns = [c for c in COLUMNS.get(card, ()) if c[0] in motion.terms]
    if card == "data" and not motion.two_sided:
        columns = [("gradient", "gradient")]
    if not columns or (card == "walkers" and not motion.two_sided):
        return []
    single = _single(motion, columns)
    if single:
        return [["parameter", *(title for _, title in columns)], *single]
    rows = [
        [f"‖{name}‖", *(_short(motion.terms[term].norms[g]) for term, _ in columns)]
        for g, name in enumerate(motion.parameters)
    ]
    return [["norm of", *(title for _, title in columns)], *rows]


def outcome(motion: Motion, walker: int) -> str:
    """What the end of the update means for the weights and for this walker, in sentences."""
    if motion.refreshed:
        return (
            "At this update all walkers are replaced by a population annealed from the start of "
            "the model: no walker moves on."
        )
    if motion.weights.restarted[walker] and not motion.new_chains:
        return f"Walker {walker} was put back to a start at the end of this update."
    threshold, ess = float(motion.weights.threshold), number(float(motion.weights.ess), ".3f")
    if math.isnan(threshold):
        return ""
    if not motion.weights.resampled:
        return f"ESS/N is {ess}, not below the threshold {threshold:g}: no walker is resampled."
    return (
        f"ESS/N fell to {ess}, below the threshold {threshold:g}: the walkers are resampled, and "
        f"all weights are equal again. {fate(motion, walker)}"
    )


def fate(motion: Motion, walker: int) -> str:
    """The copies of a walker after a resampling, or the walker that took its slot."""
    slots, parent = descendants(motion, walker), int(motion.weights.parents[walker])
    if len(slots) == 0:
        return f"Walker {walker} dies out; its slot holds a copy of walker {parent}."
    copies = "once" if len(slots) == 1 else f"{len(slots)} times"
    shown = ", ".join(str(slot) for slot in slots[:4]) + (", …" if len(slots) > 4 else "")
    return f"Walker {walker} survives {copies}, in slot{'s' * (len(slots) > 1)} {shown}."


def descendants(motion: Motion, walker: int) -> np.ndarray:
    """The slots that hold the walker or a copy of it after the update."""
    if not motion.weights.resampled:
        return np.array([walker])
    return np.flatnonzero(motion.weights.parents == walker)


def _single(motion: Motion, columns: list[tuple[str, str]]) -> list[list[str]]:
    """A row for each mean and each z of a small mixture, else none."""
    terms = [motion.terms[name].entries for name, _ in columns]
    if not all({"means", "log_masses"} <= set(entries) for entries in terms):
        return []
    count = len(motion.before.means)
    if 2 * count > MOST_ROWS:
        return []
    rows = []
    for j in range(count):
        rows.append([f"mean {j + 1}", *(_pair(entries["means"][j]) for entries in terms)])
    for j in range(count):
        rows.append([f"z of mode {j + 1}", *(_short(e["log_masses"][j]) for e in terms)])
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
