"""Divergence: after each update, whether the run has diverged, and which knob is to blame."""

from __future__ import annotations

import math

from ebm_engine.core.divergence import ESS_FLOOR, Alarm, check_ess, check_size
from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.core.smc.weights import ess_ceiling
from ebm_engine.run.snapshot import Divergence
from ebm_engine.run.state import RunState
from ebm_engine.spec.run_spec import RunSpec

OVERSHOOT = 2.0  # squared widths of a mode: longer steps throw walkers further out each time
NEAR_ONE = (0.8, 1.25)  # temperatures whose mismatch with the weights hardly shows
CHECK_EVERY = 4  # updates between looks at energies and gradients; ESS is looked at in each


def diverged(state: RunState, metrics: Metrics) -> tuple[Divergence | None, int]:
    """The report on a run that has just diverged, else None; and for how long ESS has been low.

    metrics: of the update just made.
    """
    walkers = state.walkers
    alarm = check_ess(walkers.train.ess_before, state.low_ess_for)
    low_for = alarm.low_for
    witness = walkers.witness
    if alarm.quantity is None and witness is not None and not math.isfinite(witness.ess):
        alarm = Alarm("witness weights", witness.ess)
    if alarm.quantity is None and state.step % CHECK_EVERY == 0:
        alarm = check_size(metrics.largest_energy(), metrics.gradient_norm(), state.spec.dim)
    if alarm.quantity is None:
        return None, low_for
    knob, why = likely_knob(alarm.quantity, state.spec, _speeds(state, metrics), state.parts.width)
    message = f"{alarm.quantity} reached {alarm.value:.3g} at update {state.step}: {why}."
    return Divergence(alarm.quantity, state.step, alarm.value, knob, message), low_for


def _speeds(state: RunState, metrics: Metrics) -> dict[str, float]:
    """Rate × norm of the gradient by knob of a rate: how far one update moves θ."""
    rule, masks = state.spec.optimizer, state.parts.trainer.masks
    masked = {name: g * masks[name] for name, g in metrics.gradient.items()}
    if state.spec.energy.is_network:
        return {"lr": rule.lr * norm(masked)}
    return {f"lr_{n}": getattr(rule, f"lr_{n}") * norm({n: g}) for n, g in masked.items()}


def likely_knob(
    quantity: str, spec: RunSpec, speeds: dict[str, float], width: float = 1.0
) -> tuple[str, str]:
    """The path of the knob, and why, for the quantity of an alarm.

    `speeds` holds rate × norm of the gradient for each rate, 0 where its parameters are frozen;
    `width` is that of the narrowest mode.
    """
    step_size, temperature = spec.sampler.step_size / width**2, spec.sampler.temperature
    fastest = max(speeds, key=lambda name: speeds[name])
    if quantity == "ESS/N":
        if ess_ceiling(step_size, spec.dim) < ESS_FLOOR:
            return "sampler.step_size", "steps this long leave hardly any effective walkers"
        if not NEAR_ONE[0] <= temperature <= NEAR_ONE[1]:
            return "sampler.temperature", "the walkers sample another density than the model"
        if speeds[fastest] > 0:
            return f"optimizer.{fastest}", "the parameters outrun the walkers"
    elif step_size <= OVERSHOOT and speeds[fastest] > 0:
        return f"optimizer.{fastest}", "the parameters move too fast"
    return "sampler.step_size", "the Langevin steps overshoot"
