"""The d = 50 experiment of Carbone et al. (2023, arXiv 2305.19414), method by method.

Two modes of masses ¼ and ¾ at −10 and 6 on the first axis, 10 000 points, 10 000 walkers, h = 0.1,
8000 updates: the settings of the paper's public script. The means are learned by all methods, the
mass p₁ only by those with weights.
"""

from __future__ import annotations

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
    by_row,
    changed,
    seeds_of,
    updates_of,
)
from ebm_engine.reproduce.tables import (
    MISSING,
    at_update,
    column,
    final,
    mean_and_half_range,
)
from ebm_engine.spec.presets import preset

UPDATES = 8000
SEEDS = 3
SHOWN = (0.1, 0.2, 0.4, 1.0)  # of the updates: the columns of the table
TRUE_MASS = 0.25
RESTATED = "settings of the paper's script, another implementation"
SCRIPT = "the paper's script as published"

# The public script redraws CD's walkers from the data every 4 updates and learns ten times faster.
SCRIPT_CD = {
    "method.kind": "pcd",
    "method.restart_every": 4,
    "optimizer.lr_means": 0.025,
    "optimizer.lr_log_masses": 0.125,
}
ROWS: dict[str, dict[str, Any]] = {
    "weighted ULA, resample below 0.5": {},
    "weighted ULA, no resampling": {"method.ess_threshold": 0.0},
    "weighted ULA, resample below 1/1.05": {"method.ess_threshold": 1 / 1.05},
    "PCD": {"method.kind": "pcd"},
    "unweighted, from the model": {"method.kind": "unweighted"},
    "CD as in the public script": SCRIPT_CD,
}
# p₁ at 800, 1600, 3200 and 8000 updates and KL on the data at the end: one seed of another
# implementation, in double precision, with 5000 points and 3000 walkers.
REFERENCE: dict[str, tuple[tuple[float, ...], float]] = {
    "weighted ULA, resample below 0.5": ((0.2725, 0.2478, 0.2435, 0.2377), -0.0102),
    "weighted ULA, no resampling": ((0.2746, 0.2550, 0.2474, 0.2302), -0.0095),
    "weighted ULA, resample below 1/1.05": ((0.2837, 0.2682, 0.2785, 0.3269), 0.0036),
    "PCD": ((0.2258, 0.1076, 0.0202, 0.0001), 1.723),
    "unweighted, from the model": ((0.2115, 0.0940, 0.0153, 0.0001), 1.894),
    "CD as in the public script": ((0.4828, 0.4716, 0.4788, 0.4577), 0.083),
}
# Final p₁ of the script itself, whose weights come from aliased points, with 2000 points and
# walkers.
SCRIPT_MASS = {
    "weighted ULA": 0.262,
    "PCD": 2e-9,
    "CD as in the public script": 0.41,
}
NOTES = [
    "First table: EBM Lab, mean over seeds ± half the range. KL is on the training data; its floor"
    " is about −(parameters)/(2n) = −0.005.",
    f"Second table, “{RESTATED}”: one seed with 5000 points and 3000 walkers in double precision"
    f" (floor −0.010). “{SCRIPT}”: final p₁ with 2000 points and 2000 walkers; its weights are"
    " biased, since the points before and after a move are the same array. The numbers printed in"
    " the paper itself are not repeated here.",
]


def runs(options: Options) -> list[Job]:
    """Six methods, three seeds, 8000 updates."""
    updates = updates_of(options, UPDATES)
    base = preset("gmm50").spec
    return [
        Job("", row, changed(base, {"seed": seed} | changes), updates)
        for row, changes in ROWS.items()
        for seed in seeds_of(options, SEEDS)
    ]


def summary(results: list[Result]) -> Summary:
    """p₁ at four moments, means and KL; bands of p₁ and KL over the seeds."""
    rows = by_row(results)
    shown = _moments(results[0])
    header = ("method", *(f"p₁ @{s}" for s in shown), "a₁, a₂", f"KL @{shown[-1]}")
    cells = [_ours(row, found, shown) for row, found in rows.items()]
    ours = Table("Two modes in 50 dimensions: EBM Lab", header, cells)
    numbers = [n for found in rows.values() for r in found for n in _numbers(r, shown)]
    return Summary([ours, _others()], numbers + _reference_numbers(), _panels(rows), NOTES)


def _moments(result: Result) -> list[int]:
    """The recorded updates next to the shares of the run that are shown."""
    step = np.array(result.run["history"]["step"])
    places = np.searchsorted(step, [share * step[-1] for share in SHOWN])
    return sorted(set(step[places].tolist()))


def _mass(result: Result) -> np.ndarray:
    return np.array(result.run["history"]["mass_model"], dtype=float)[:, 0]


def _ours(row: str, found: list[Result], shown: list[int]) -> tuple[str, ...]:
    masses = [mean_and_half_range((at_update(r, _mass(r), s) for r in found), 3) for s in shown]
    means = np.array([r.run["final"]["means"] for r in found])[:, :, 0].mean(0)
    kl = mean_and_half_range((column(r, "kl_data")[-1] for r in found), 3)
    return (row, *masses, f"{means[0]:.2f}, {means[1]:.2f}", kl)


def _others() -> Table:
    """The same experiment elsewhere."""
    header = ("method", "source", *(f"p₁ @{s}" for s in _full()), f"KL @{UPDATES}")
    cells = [
        (row, RESTATED, *(f"{p:.4f}" for p in masses), f"{kl:.4f}")
        for row, (masses, kl) in REFERENCE.items()
    ]
    blank = [MISSING] * (len(SHOWN) - 1)
    cells += [(row, SCRIPT, *blank, f"{p:.3g}", MISSING) for row, p in SCRIPT_MASS.items()]
    return Table("Two modes in 50 dimensions: elsewhere", header, cells)


def _full() -> list[int]:
    return [round(share * UPDATES) for share in SHOWN]


def _numbers(result: Result, shown: list[int]) -> list[Number]:
    row, seed = result.job.row, result.job.spec.seed
    found = [Number("", row, seed, "p1", s, at_update(result, _mass(result), s)) for s in shown]
    found += [Number("", row, seed, n, None, final(result, n)) for n in ("kl_exact", "kl_data")]
    first = [mean[0] for mean in result.run["final"]["means"]]
    return found + [
        Number("", row, seed, f"a{j}", None, value) for j, value in enumerate(first, start=1)
    ]


def _reference_numbers() -> list[Number]:
    found = []
    for row, (masses, kl) in REFERENCE.items():
        pairs = zip(_full(), masses, strict=True)
        found += [Number("", row, None, "p1", s, p, RESTATED) for s, p in pairs]
        found.append(Number("", row, None, "kl_data", UPDATES, kl, RESTATED))
    return found + [Number("", r, None, "p1", None, p, SCRIPT) for r, p in SCRIPT_MASS.items()]


def _panels(rows: dict[str, list[Result]]) -> list[dict[str, Any]]:
    mass = {"title": "Mass of the left mode", "range": [0, 0.55]}
    mass |= {"levels": [{"name": "truth", "value": TRUE_MASS}], "x_title": "update"}
    kl = {"title": "KL(target ‖ model), nats", "y_log": True, "x_title": "update"}
    return [
        mass | {"curves": [_band(row, [_mass(r) for r in rs], rs) for row, rs in rows.items()]},
        kl | {"curves": [_band(r, [column(s, "kl_exact") for s in q], q) for r, q in rows.items()]},
    ]


def _band(row: str, values: list[np.ndarray], found: list[Result]) -> dict[str, Any]:
    """Mean over seeds between the smallest and the largest, as far as all seeds went."""
    rows = min(len(v) for v in values)
    stack = np.array([v[:rows] for v in values])
    return {
        "name": row,
        "method": found[0].job.spec.method.kind,
        "x": found[0].run["history"]["step"][:rows],
        "y": stack.mean(0),
        "low": stack.min(0),
        "high": stack.max(0),
    }


STUDY = Study("Two modes in 50 dimensions, by method", 2, runs, summary)
