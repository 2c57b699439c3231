"""Advice: which knob most likely made a run diverge."""

from __future__ import annotations

from ebm_engine.core.divergence import ESS_FLOOR
from ebm_engine.core.smc.weights import ess_ceiling
from ebm_engine.spec.run_spec import RunSpec

OVERSHOOT = 2.0  # squared widths of a mode: longer steps throw walkers further out each time
NEAR_ONE = (0.8, 1.25)  # temperatures whose mismatch with the weights hardly shows


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
