"""Networks on three densities of the plane, by method: KL and mode masses.

Two unequal modes (masses ¼ and ¾ at (∓3, 0), standard deviation ½), eight modes on a ring with
masses that alternate 1 : 4, and 25 equal modes on a grid. The energy is a network on a Gaussian
base, U = |x|²/2σ₀² + f(x), with f = 0 at the start. The model's masses, by quadrature, stand beside
those of its walkers: walkers that look right do not show that the model is.
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
    seeds_of,
    updates_of,
)
from ebm_engine.reproduce.tables import distance, final, median_and_range
from ebm_engine.spec.blocks import PointTarget
from ebm_engine.spec.edit import parse_spec

SHORT = 1000  # chains of the methods that make many steps per update on the larger targets
TWO_MODES = {
    "target": {
        "means": [[-3.0, 0.0], [3.0, 0.0]],
        "masses": [0.25, 0.75],
        "stds": [0.5, 0.5],
        "samples": 4000,
    },
    "energy": {"kind": "mlp", "width": 64, "base_std": 3.0},
    "sampler": {"step_size": 0.05},
    "walkers": {"count": 2000},
}
RING = {
    "target": {"kind": "ring"},
    "energy": {"kind": "mlp", "width": 128, "base_std": 3.0},
    "sampler": {"step_size": 0.01},
    "walkers": {"count": 2000},
}
GRID = {
    "target": {"kind": "grid"},
    "energy": {"kind": "mlp", "width": 128, "base_std": 3.0, "length": 0.5},
    "sampler": {"step_size": 0.005},
    "walkers": {"count": 2000},
}
GROUPS: dict[str, tuple[dict[str, Any], int, int]] = {  # spec, updates, seeds
    "two modes": (TWO_MODES, 1500, 5),
    "ring": (RING, 2000, 2),
    "grid": (GRID, 2000, 2),
}
# The authors train with a penalty on the energies; without one its energies run away here.
PENALISED, L2 = "improved CD, L2 weight 0.1", 0.1
METHODS: dict[str, dict[str, Any]] = {
    "weighted ULA, refreshed": {"kind": "weighted-ula", "refresh_steps": 300},
    "PCD from the data": {"kind": "pcd"},
    "PCD from the model": {"kind": "pcd", "start": "model"},
    "CD-1": {"kind": "cd"},
    "CD-10": {"kind": "cd", "k": 10},
    PENALISED: {"kind": "improved-cd"},
    "short-run": {"kind": "short-run"},
    "score matching": {"kind": "score-matching"},
    "exact gradient": {"kind": "exact"},
}
MANY_STEPS = ("CD-10", PENALISED, "short-run")
REFRESHES = 5
NOTES = [
    "All numbers are of EBM Lab: median over seeds (smallest to largest). KL and the model's masses"
    " are by quadrature against the true density. TV is the total variation between mode masses and"
    " the true ones; walkers are weighted where the method has weights. Walkers of score matching"
    " and of the exact gradient train nothing.",
    "The paper has no such table; its two-dimensional network experiment has other settings.",
]


def runs(options: Options) -> list[Job]:
    """Nine methods on three targets."""
    return [
        job
        for group, (content, updates, seeds) in GROUPS.items()
        for row in METHODS
        for seed in seeds_of(options, seeds)
        for job in [_job(group, row, seed, content, updates_of(options, updates))]
    ]


def _job(group: str, row: str, seed: int, content: dict[str, Any], updates: int) -> Job:
    method, walkers = METHODS[row], content["walkers"]
    if method["kind"] == "weighted-ula":
        method = method | {"refresh_every": max(1, updates // REFRESHES)}
    if row in MANY_STEPS and group != "two modes":
        walkers = {"count": SHORT}
    rule = {"kind": "adam", "lr": 0.001, "betas": [0.0, 0.999], "batch": 500}
    rule["decay_over"] = updates
    energy = content["energy"] | ({"l2": L2} if row == PENALISED else {})
    changes = {
        "energy": energy,
        "method": method,
        "walkers": walkers,
        "optimizer": rule,
        "seed": seed,
    }
    return Job(group, row, parse_spec(content | changes), updates)


def summary(results: list[Result]) -> Summary:
    """A table per target, and model against walkers in every run."""
    groups = {group: by_row(results, group) for group in GROUPS}
    tables = [_table(group, rows) for group, rows in groups.items()]
    numbers = [number for result in results for number in _numbers(result)]
    panels = [_masses_panel(groups["two modes"])]
    panels += [_distances_panel(group, groups[group]) for group in ("ring", "grid")]
    return Summary(tables, numbers, panels, NOTES)


def _truth(result: Result) -> list[float]:
    # torch takes seconds to import, and a bad option is told before.
    from ebm_engine.build.density import density_of

    target = result.job.spec.target
    assert isinstance(target, PointTarget)
    return density_of(target).masses.tolist()


def _model(result: Result) -> list[float]:
    return result.run["final"]["mode_mass"]["model"]


def _walkers(result: Result) -> list[float]:
    """Masses of the walkers as the method reads them; equal weights where it has none."""
    return result.run["final"]["mode_mass"]["weighted"]


def _table(group: str, rows: dict[str, list[Result]]) -> Table:
    header = ("method", "KL, nats", "TV of the model's masses", "TV of the walkers' masses")
    if group == "two modes":
        header += ("smaller mode, model", "smaller mode, walkers")
    cells = []
    for row, found in rows.items():
        line = [
            median_and_range((_kl(r) for r in found), 4),
            median_and_range((distance(_model(r), _truth(r)) for r in found), 3),
            median_and_range((distance(_walkers(r), _truth(r)) for r in found), 3),
        ]
        if group == "two modes":
            line += [
                median_and_range((read(r)[0] for r in found), 3) for read in (_model, _walkers)
            ]
        ended = [r.run["diverged"]["step"] for r in found if r.run["diverged"]]
        name = f"{row} (diverged at {', '.join(map(str, ended))})" if ended else row
        cells.append((name, *line))
    return Table(group.capitalize(), header, cells)


def _kl(result: Result) -> float | None:
    return final(result, "kl_exact")


def _numbers(result: Result) -> list[Number]:
    group, row, seed = result.job.group, result.job.row, result.job.spec.seed
    values = {
        "kl_exact": _kl(result),
        "total_variation": final(result, "total_variation"),
        "tv_model_masses": distance(_model(result), _truth(result)),
        "tv_walker_masses": distance(_walkers(result), _truth(result)),
    }
    diverged = result.run["diverged"]
    if diverged:
        values["diverged_at"] = diverged["step"]
    for name, masses in (("model_mass", _model(result)), ("walker_mass", _walkers(result))):
        values |= {f"{name}_{j}": mass for j, mass in enumerate(masses, start=1)}
    return [Number(group, row, seed, name, None, value) for name, value in values.items()]


def _masses_panel(rows: dict[str, list[Result]]) -> dict[str, Any]:
    """Mass of the smaller mode: model against walkers."""
    return {
        "title": "Two modes: mass of the smaller one",
        "x_title": "in the walkers",
        "y_title": "in the model",
        "x_range": [-0.03, 1.03],
        "range": [-0.03, 1.03],
        "levels": [{"name": "truth", "value": 0.25}],
        "curves": [
            _points(row, [_walkers(r)[0] for r in found], [_model(r)[0] for r in found])
            for row, found in rows.items()
        ],
    }


def _distances_panel(group: str, rows: dict[str, list[Result]]) -> dict[str, Any]:
    """Distance from the true masses: model against walkers."""

    def away(found: list[Result], read: Any) -> list[float]:
        return [distance(read(r), _truth(r)) for r in found]

    return {
        "title": f"{group.capitalize()}: distance from the true masses (TV)",
        "x_title": "of the walkers",
        "y_title": "of the model",
        "curves": [_points(r, away(q, _walkers), away(q, _model)) for r, q in rows.items()],
    }


def _points(row: str, x: list[float], y: list[float]) -> dict[str, Any]:
    method = METHODS[row]["kind"]
    return {"name": row, "method": method, "x": np.array(x), "y": np.array(y), "points": True}


STUDY = Study("Networks on the plane, by method", 3, runs, summary)
