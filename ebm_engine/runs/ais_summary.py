"""What annealed walkers measure of a run, as plain values for run.json."""

from __future__ import annotations

from typing import Any

from ebm_engine.core.smc.weights import normalised
from ebm_engine.jobs.tasks import Result
from ebm_engine.run.run import Run
from ebm_engine.studies.ais import measure

WALKERS, STEPS = 1000, 600
ENDINGS = ("", "_se", "_corrected", "_corrected_se")  # of “mass” and of “model_ais”


def summarised(run: Run, walkers: int = WALKERS, steps: int = STEPS) -> dict[str, Any]:
    """The part of run.json's “final” that only annealed walkers know; seeded as the run.

    class_mass: shares by class, of the data by their labels, of the run's walkers and of the model
    by the classifier, the latter also corrected for its errors. A run that diverged has none of it,
    {}; what cannot be measured leaves its reason as “not_measured”. Raises ValueError when the
    model is not of images.
    """
    if run.parts.images is None:
        raise ValueError(f"the target is {run.spec.target.kind}, and images are needed")
    if run.divergence:
        return {}
    try:
        *_, (_, result) = measure(run, walkers, steps, run.spec.seed)
    except ValueError as error:
        return {"not_measured": str(error)}
    return _final(run, result)


def _final(run: Run, result: Result) -> dict[str, Any]:
    train, images = run.state.walkers.train, run.parts.images
    shares = images.classes().shares(train.x)
    weighted = normalised(train.log_w).cpu() @ shares
    masses = {"data": images.shares, "raw": shares.mean(0), "weighted": weighted}
    read = {f"model_ais{end}": result[f"mass{end}"].tolist() for end in ENDINGS}
    return {
        "class_mass": {name: mass.tolist() for name, mass in masses.items()} | read,
        "cross_entropy_heldout": result["cross_entropy"],
        "cross_entropy_heldout_se": result["cross_entropy_se"],
        "log_z_ais": {
            "value": result["log_z_forward"],
            "low": result["log_z_low"],
            "high": result["log_z_high"],
        },
        "ais": {name: result[name] for name in ("walkers", "steps", "ess", "ancestors")},
    }
