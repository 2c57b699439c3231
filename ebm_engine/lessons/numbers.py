"""The numbers that a lesson may name, read from a snapshot: one table for texts and claims.

A name with an index counts modes from 0: mass_model[0]. What a run does not have is NaN.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ebm_engine.run.snapshot import Snapshot, mass_error

Annealed = Mapping[str, Any]  # the result of the task "ais": `mass` (J,) is read here

OF_HISTORY = {
    "kl_exact": "KL(target ‖ model) in nats, by closed form or quadrature",
    "kl_estimate": "the same, estimated by the training walkers",
    "kl_witness": "the same, estimated by the witness walkers",
    "contrast": "E(data) − E(walkers), the CD contrast",
    "ess": "effective sample size as a share of all walkers, 0 to 1",
    "ancestors": "original walkers that still have descendants",
    "resamplings": "resamplings so far",
}
OF_MOMENT = {
    "update": "parameter updates done",
    "walkers": "walkers in the population",
    "crossings": "moves of the highlighted chains from one mode to another",
    "kl_error": "kl_estimate − kl_exact",
    "log_z_exact": "log Z of the model",
    "log_z_estimate": "log Z by the weights of the training walkers",
    "log_z_error": "log_z_estimate − log_z_exact",
    "tv_model": "total variation between the model's mode masses and the true ones",
    "tv_raw": "the same for the walkers, each counted once",
    "tv_weighted": "the same for the walkers with their weights",
    "tv_annealed": "the same for an image model, by annealed walkers",
}
OF_MODE = {
    "mass_true": "true mass of a mode",
    "mass_data": "share of the training points in a mode",
    "mass_model": "mass of a mode in the model, exact",
    "mass_raw": "share of the walkers in a mode, each counted once",
    "mass_weighted": "share of the walkers in a mode with their weights",
    "mass_annealed": "mass of a class in an image model, by annealed walkers",
    "mean_x": "first coordinate of a mode's mean in a mixture energy",
    "mean_y": "second coordinate of it",
}
NUMBERS = OF_HISTORY | OF_MOMENT | OF_MODE
PAST = {*OF_HISTORY, "mass_model", "kl_error"}  # kept over the run, so known at earlier updates

NAME = re.compile(r"([a-z_]+)(?:\[(\d+)\])?")


def mistake(name: str) -> str:
    """What is wrong with the name of a number, in a few words; "" when it is one."""
    found = NAME.fullmatch(name)
    if found is None or found[1] not in NUMBERS:
        return f"is unknown, allowed are {', '.join(NUMBERS)}"
    if (found[1] in OF_MODE) != (found[2] is not None):
        return "needs a mode, as in mass_model[0]" if found[1] in OF_MODE else "takes no mode"
    return ""


def numbers(snapshot: Snapshot, annealed: Annealed | None = None) -> dict[str, float]:
    """All numbers of a snapshot by name; `annealed` adds what annealed walkers found of images."""
    history, moment = snapshot.history, {name: _last(snapshot, name) for name in OF_HISTORY}
    masses, truth = snapshot.mode_mass, snapshot.mode_mass.truth
    model = np.full(len(truth), math.nan) if annealed is None else np.asarray(annealed["mass"])
    by_mode = {
        "mass_true": truth,
        "mass_data": masses.data,
        "mass_model": masses.model,
        "mass_raw": masses.raw,
        "mass_weighted": masses.weighted,
        "mass_annealed": model,
        "mean_x": snapshot.means[:, 0],
        "mean_y": snapshot.means[:, 1] if snapshot.means.shape[1] > 1 else [],
    }
    estimate = math.nan if snapshot.log_z_estimate is None else snapshot.log_z_estimate
    moment |= {
        "update": float(snapshot.step),
        "walkers": float(len(snapshot.positions)),
        "crossings": float(snapshot.crossings),
        "kl_error": float(history["kl_estimate"][-1] - history["kl_exact"][-1]),
        "log_z_exact": snapshot.log_z_exact,
        "log_z_estimate": estimate,
        "log_z_error": estimate - snapshot.log_z_exact,
        "tv_model": mass_error(masses.model, truth),
        "tv_raw": mass_error(masses.raw, truth),
        "tv_weighted": mass_error(masses.weighted, truth),
        "tv_annealed": mass_error(model, truth),
    }
    return moment | _by_index(by_mode)


def numbers_at(snapshot: Snapshot, update: int) -> dict[str, float]:
    """The numbers of PAST at an earlier update: the newest recorded one that is not later.

    Raises ValueError when `update` lies before the first or after the last recorded update.
    """
    steps = snapshot.history["step"]
    if not steps[0] <= update <= steps[-1]:
        limits = f"{steps[0]:.0f} to {steps[-1]:.0f}"
        raise ValueError(f"update {update} is not in the history, which goes from {limits}")
    row = int(np.searchsorted(steps, update, side="right")) - 1
    found = {name: float(snapshot.history[name][row]) for name in OF_HISTORY}
    found["kl_error"] = found["kl_estimate"] - found["kl_exact"]
    return found | _by_index({"mass_model": snapshot.mass_history[row]})


def _last(snapshot: Snapshot, name: str) -> float:
    return float(snapshot.history[name][-1])


def _by_index(columns: Mapping[str, Any]) -> dict[str, float]:
    return {f"{n}[{j}]": float(v) for n, values in columns.items() for j, v in enumerate(values)}
