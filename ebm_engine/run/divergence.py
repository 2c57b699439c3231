"""The watch: after each update, whether the run has diverged, and which knob is to blame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ebm_engine.core.divergence import Alarm, check_ess, check_size
from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.run.snapshot import Divergence
from ebm_engine.runs.advice import likely_knob

if TYPE_CHECKING:
    from ebm_engine.run.run import Run

CHECK_EVERY = 4  # updates between looks at energies and gradients; ESS is looked at in each


def watch(run: Run, low_for: int) -> tuple[Divergence | None, int]:
    """The report on a run that has just diverged, else None; and for how long ESS has been low.

    `low_for` is the second number of the update before.
    """
    walkers, metrics = run.state.walkers, run.metrics
    alarm = check_ess(walkers.train.ess_before, low_for)
    low_for = alarm.low_for
    witness = walkers.witness
    if alarm.quantity is None and witness is not None and not math.isfinite(witness.ess):
        alarm = Alarm("witness weights", witness.ess)
    if alarm.quantity is None and run.step % CHECK_EVERY == 0:
        alarm = check_size(metrics.largest_energy(), metrics.gradient_norm(), run.spec.dim)
    if alarm.quantity is None:
        return None, low_for
    knob, why = likely_knob(alarm.quantity, run.spec, _speeds(run, metrics), run.parts.width)
    message = f"{alarm.quantity} reached {alarm.value:.3g} at update {run.step}: {why}."
    return Divergence(alarm.quantity, run.step, alarm.value, knob, message), low_for


def _speeds(run: Run, metrics: Metrics) -> dict[str, float]:
    """Rate × norm of the gradient by knob of a rate: how far one update moves θ."""
    rule, masks = run.spec.optimizer, run.parts.trainer.masks
    masked = {name: g * masks[name] for name, g in metrics.gradient.items()}
    if run.spec.energy.kind != "mixture":
        return {"lr": rule.lr * norm(masked)}
    return {f"lr_{n}": getattr(rule, f"lr_{n}") * norm({n: g}) for n, g in masked.items()}
