"""The words of the mode masses: what a mode is, alt texts, captions, and the axis's height.

A mode is one of the energy's own where target and energy are mixtures; else a region of the
target: the points whose nearest anchor is the mode's. Own points have clusters in place of modes.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style import wording
from ebm_engine.views.style.theme import has_weights, number


def noun(snapshot: Snapshot) -> str:
    """What the shares are of."""
    return "mode" if snapshot.known_density else "cluster"


def heading(snapshot: Snapshot) -> str:
    """The title's first words."""
    return f"{noun(snapshot).capitalize()} masses"


def truth_name(snapshot: Snapshot) -> str:
    """What the dashed lines are: with an unknown density the share of all own points."""
    return "truth" if snapshot.known_density else "all own points"


def places(snapshot: Snapshot) -> list[str]:
    """A point of each mode as text; beyond two dimensions only the first two coordinates."""
    texts = []
    for centre in snapshot.mode_centres:
        numbers = ", ".join(number(c, ".1f") for c in centre[:2])
        texts.append(f"({numbers}{', …' if len(centre) > 2 else ''})")
    return texts


def top(snapshot: Snapshot) -> float:
    """Height of the axis: a little above the highest bar, whisker or truth."""
    masses = snapshot.mode_mass
    whiskers = [masses.raw + 2 * masses.raw_se, masses.weighted + 2 * masses.weighted_se]
    heights = np.concatenate([masses.truth, masses.data, masses.model, *whiskers])
    return 1.08 * float(np.max(heights, initial=0.02, where=np.isfinite(heights)))


def alt(snapshot: Snapshot, few: int) -> str:
    """Every number of up to `few` modes; of more the mode where model and truth differ most."""
    masses, what = snapshot.mode_mass, noun(snapshot)
    readings = {"true": masses.truth, "model": masses.model}
    readings |= {"raw walkers": masses.raw, "weighted": masses.weighted}
    if not snapshot.known_density:
        readings = {"own points" if name == "true" else name: v for name, v in readings.items()}
    form = ".2f" if len(masses.model) <= few else ".3f"  # many modes have small masses
    text = "; ".join(
        f"{what} {j + 1} "
        + ", ".join(f"{name} {number(value[j], form)}" for name, value in readings.items())
        for j in _reported(snapshot, few)
    )
    count = len(masses.model)
    which = "" if count <= few else ", the largest error"
    return f"Masses of the {count} {what}s{which}: {text}."


def model_and_truth(snapshot: Snapshot, few: int) -> str:
    """The newest masses of the model and the true ones, of the same modes as `alt`."""
    masses, what = snapshot.mode_mass, noun(snapshot)
    modes = _reported(snapshot, few)
    now = ", ".join(number(masses.model[j], ".3f") for j in modes)
    goal = ", ".join(number(masses.truth[j], ".3f") for j in modes)
    where = "Now" if len(masses.model) <= few else f"Largest error at {what} {modes[0] + 1}: now"
    return f"{where} {now}, {'true' if snapshot.known_density else 'in all own points'} {goal}."


def caption(snapshot: Snapshot) -> str:
    """What the readings are of, from how many samples."""
    samples, count = snapshot.spec.target.samples, len(snapshot.positions)
    weights = " without and with their weights" if has_weights(snapshot) else ""
    text = (
        f"{_share(snapshot)}: over {samples} data points, exact under the model, and over the "
        f"{count} walkers{weights} (whiskers ± 2 s.e.). {_dashed(snapshot)}"
    )
    return text + wording.walkers_role(snapshot) + wording.lag(snapshot)


def curves_caption(snapshot: Snapshot) -> str:
    """What the curves are."""
    count = len(snapshot.mode_mass.model)
    if wording.own_modes(snapshot):
        text = f"Exact masses softmax(−z) of the model's {count} modes. {_dashed(snapshot)}"
    else:
        text = f"{_share(snapshot)} under the model, for {count} of them. {_dashed(snapshot)}"
    return text if wording.own_modes(snapshot) else text + wording.exactness(snapshot)


def _reported(snapshot: Snapshot, few: int) -> list[int]:
    """All of up to `few` modes, else the one where model and truth differ most."""
    masses = snapshot.mode_mass
    if len(masses.model) <= few:
        return list(range(len(masses.model)))
    return [int(np.argmax(np.nan_to_num(np.abs(masses.model - masses.truth))))]


def _share(snapshot: Snapshot) -> str:
    if wording.own_modes(snapshot):
        return "Mean responsibility of each mode of the energy"
    if snapshot.known_density:
        return "Share of each region of the target's modes (nearest anchor)"
    return "Share of each cluster of the own points (nearest centre of k-means)"


def _dashed(snapshot: Snapshot) -> str:
    if wording.own_modes(snapshot):
        return "Dashed: the true mass of the target modes nearest to it."
    if snapshot.known_density:
        return "Dashed: the true mass of each region."
    return "Dashed: the share of all own points."
