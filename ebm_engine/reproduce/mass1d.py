"""Learning only the mass of a mode, in one dimension (after Carbone et al. 2023, arXiv 2305.19414).

U(x) = −log(e^(−½(x+12)²) + e^(−½(x−9)² − z)), so the left mode has mass p = σ(z), the means are
frozen and z starts at 0.001; the target has p = σ(1.4). With n = N = 200, p̂* the data's share on
the left, p̂₀ the walkers' share there at the start, and q = 1 − p, modes that nothing crosses give
weighted: z → logit p̂* − logit p̂₀ + z(0); unweighted from the model: z(t) = z(0) + γηt with
γ = q̂₀ − q̂*, so the mode is lost; PCD from the data: γ = 0, so z never moves. Time t = k·Δt,
η = 0.01, Langevin step h = 0.01, horizon 10⁴. The paper's experiment has Δt = h and 10⁶ updates;
with fewer updates Δt grows and h stays, so that the rate per update is ηΔt.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ebm_engine.reproduce.study import (
    Job,
    Number,
    Options,
    Result,
    Study,
    Summary,
    Table,
    seeds_of,
    updates_of,
)
from ebm_engine.reproduce.tables import watched
from ebm_engine.spec.edit import parse_spec

UPDATES = 200_000
SEEDS = 1
HORIZON = 1e4
ETA = 0.01
COUNT = 200
STEP_SIZE = 0.01
START, TRUTH = 0.001, 1.4  # z
METHODS: dict[str, dict[str, Any]] = {
    "weighted ULA": {"kind": "weighted-ula", "ess_threshold": 0.0},
    "PCD from the data": {"kind": "pcd"},
    "unweighted from the model": {"kind": "unweighted"},
}


def runs(options: Options) -> list[Job]:
    """Three methods."""
    updates = updates_of(options, UPDATES)
    return [
        Job("", row, parse_spec(_spec(method, seed, updates)), updates, ("log_odds",), True)
        for row, method in METHODS.items()
        for seed in seeds_of(options, SEEDS)
    ]


def _spec(method: dict[str, Any], seed: int, updates: int) -> dict[str, Any]:
    means = [[-12.0], [9.0]]
    return {
        "target": {"means": means, "masses": _masses(TRUTH), "samples": COUNT},
        "energy": {"means": means, "masses": _masses(START), "learn": ["log_masses"]},
        "method": method,
        "sampler": {"step_size": STEP_SIZE},
        "walkers": {"count": COUNT},
        "optimizer": {"kind": "sgd", "lr_log_masses": ETA * HORIZON / updates},
        "seed": seed,
        "dtype": "float64",
    }


def _masses(z: float) -> list[float]:
    return [_logistic(z), _logistic(-z)]


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _shares(result: Result) -> tuple[float, float]:
    """p̂* of the data and p̂₀ of the walkers, which no walker changes by crossing."""
    masses = result.run["final"]["mode_mass"]
    return masses["data"][0], masses["raw"][0]


def predicted(result: Result, time: np.ndarray) -> np.ndarray:
    """z at the times that theory gives: the limit of the weighted run, else z(0) + γηt."""
    data, walkers = _shares(result)
    if result.job.spec.method.kind == "weighted-ula":
        return np.full(len(time), _logit(data) - _logit(walkers) + START)
    gamma = (1 - walkers) - (1 - data)
    return START + gamma * ETA * time


def summary(results: list[Result]) -> Summary:
    """z at the end beside its closed form; z(t) and the right mode's mass against log t."""
    header = ("method", "seed", "z at the end", "closed form", "difference", "mass on the right")
    rows, numbers = [], []
    for result in results:
        z, theory = watched(result, "log_odds")[-1], predicted(result, _time(result))[-1]
        row, seed = result.job.row, result.job.spec.seed
        cells = (f"{z:.4f}", f"{theory:.4f}", f"{z - theory:+.4f}", f"{_logistic(-z):.4f}")
        rows.append((row, str(seed), *cells))
        data, walkers = _shares(result)
        found = {"z": z, "z_closed_form": theory, "data_left": data, "walkers_left": walkers}
        numbers += [Number("", row, seed, n, None, float(v)) for n, v in found.items()]
    table = Table("The mass of a mode in one dimension", header, rows)
    return Summary([table], numbers, _panels(results), _notes(results[0].job.updates))


def _notes(updates: int) -> list[str]:
    step = HORIZON / updates
    return [
        f"All numbers are of EBM Lab; settings after the paper's public code: means −12 and 9"
        f" frozen, n = N = {COUNT}, h = {STEP_SIZE}, η = {ETA}, z(0) = {START}, target z ="
        f" {TRUTH}, t up to {HORIZON:g}.",
        f"{updates} updates instead of 1000000: one update is Δt = {step:g} instead of 0.01, with"
        f" the rate ηΔt = {ETA * step:g} per update instead of 0.0001: the time axis is the same.",
        "Closed form: weighted, the limit logit p̂* − logit p̂₀ + z(0); else z(0) + γηt with"
        " γ = q̂₀ − q̂*.",
    ]


def _time(result: Result) -> np.ndarray:
    return watched(result, "step") * HORIZON / result.job.updates


def _panels(results: list[Result]) -> list[dict[str, Any]]:
    """Above z(t) by method, below the mass of the right mode."""
    axis = {"x_title": "t", "x_log": True, "x_range": [1e-2, HORIZON]}
    above, below = [], []
    for row in METHODS:
        found = [r for r in results if r.job.row == row]
        limit = {"name": "truth z*", "value": TRUTH}
        levels = [limit]
        if found[0].job.spec.method.kind == "weighted-ula":
            fixed = float(predicted(found[0], np.zeros(1))[0])
            levels = [limit, {"name": "fixed point z̃* of the sample", "value": fixed}]
        curves = [_curve(r, watched(r, "log_odds")) for r in found]
        above.append(axis | _panel(row, "z(t)", [-1, 2], levels, curves))
        right = [{"name": "truth q*", "value": _logistic(-TRUTH)}]
        curves = [_curve(r, 1 / (1 + np.exp(watched(r, "log_odds")))) for r in found]
        below.append(axis | _panel("", "mass on the right, q(t)", [0, 1], right, curves))
    return above + below


def _panel(
    title: str, y_title: str, limits: list[float], levels: list[Any], curves: list[Any]
) -> dict[str, Any]:
    shared = {"range": limits, "levels": levels, "curves": curves}
    return {"title": title, "y_title": y_title, **shared}


def _curve(result: Result, values: np.ndarray) -> dict[str, Any]:
    method = result.job.spec.method.kind
    return {"name": result.job.row, "method": method, "x": _time(result), "y": values}


STUDY = Study("Learning only the mass, in one dimension", 3, runs, summary)
