"""Sentences that several captions share: how exact the numbers are, and what the walkers are for.

Each sentence starts with a space and is empty where there is nothing to say.
"""

from __future__ import annotations

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.theme import has_weights, method_name, power_of_ten

UNKNOWN = "The density of own points is unknown"
REPORTED = 1e-6  # share of the model's mass outside the quadrature's box


def own_modes(snapshot: Snapshot) -> bool:
    """Whether the modes are those of the energy; else they are regions of the target's modes."""
    return snapshot.spec.target.kind == snapshot.spec.energy.kind == "mixture"


def sampled(snapshot: Snapshot) -> bool:
    """Whether the exact numbers are means over a fixed sample: in more than two dimensions."""
    return bool((snapshot.history["kl_exact_se"] > 0).any())


def judged_step(snapshot: Snapshot) -> int:
    """The update that the exact numbers belong to: the last one of the history."""
    steps = snapshot.history["step"]
    known = len(steps) > 0 and bool(np.isfinite(steps[-1]))
    return int(steps[-1]) if known else snapshot.step


def lag(snapshot: Snapshot) -> str:
    """That the exact numbers are a few updates old, as they are while a network trains."""
    step = judged_step(snapshot)
    return "" if step == snapshot.step else f" The exact numbers are those of update {step}."


def exactness(snapshot: Snapshot) -> str:
    """How exact the exact numbers are: by quadrature, or as a mean over a sample."""
    if sampled(snapshot):
        return " In this many dimensions it is a mean over a fixed sample of the target."
    if own_modes(snapshot):
        return ""
    if not np.isfinite([snapshot.quadrature_error, snapshot.outside]).all():
        return " The quadrature fails on energies that are not finite."
    text = (
        " Exact by quadrature on the plane, log Z up to "
        f"{power_of_ten(snapshot.quadrature_error)} nats."
    )
    if snapshot.outside < REPORTED:
        return text
    return f"{text} Its box misses {power_of_ten(snapshot.outside)} of the model's mass."


def average(snapshot: Snapshot) -> str:
    """That the model is an average over the updates while the walkers follow the last one."""
    decay = snapshot.spec.optimizer.average
    if not decay:
        return ""
    return (
        f" The model is the running average of its parameters (μ = {decay:g}); the walkers follow "
        "the parameters themselves."
    )


def walkers_role(snapshot: Snapshot) -> str:
    """That the walkers have no weights, or that the method does not even use them."""
    name = method_name(snapshot)
    if not snapshot.spec.method.reads_walkers:
        return f" The walkers only show the model: {name} does not use them."
    return "" if has_weights(snapshot) else f" Without weights ({name}) every walker counts alike."
