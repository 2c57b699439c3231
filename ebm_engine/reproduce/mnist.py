"""Image models of MNIST by method: which class masses the model has, measured by annealed walkers.

Digits 0/1/7 and 2/3/6 at 5600/2800/1400 images, the proportions of Carbone et al. (2023, arXiv
2305.19414), in ten whitened principal components. The energy is a network on a Gaussian base,
U = |x|²/2σ₀² + f(x) with f = 0 at the start. No exact log Z exists: masses and cross-entropy of the
model come from fresh annealed walkers (`ais_study`), and those of the training walkers stand beside
them.
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
from ebm_engine.spec.edit import parse_spec

UPDATES = 3000
SEEDS = 5
COUNTS = (5600, 2800, 1400)
REFRESHES = 5
WALKERS, CHAINS = 2048, 256  # chains of a method that makes many steps per update
GROUPS: dict[str, tuple[tuple[int, ...], float, float]] = {  # classes, data noise, step size
    "0/1/7": ((0, 1, 7), 0.1, 0.01),
    "2/3/6": ((2, 3, 6), 0.05, 0.004),
}
L2 = 0.1  # weight of the squared energy in the rows that are stabilised by it
PENALISED = "PCD from the data, L2 0.1"
IMPROVED = "improved CD, L2 0.1"
METHODS: dict[str, tuple[dict[str, Any], int]] = {  # method, walkers
    "weighted ULA, refreshed": ({"kind": "weighted-ula", "refresh_steps": 300}, WALKERS),
    "PCD from the data": ({"kind": "pcd"}, WALKERS),
    "PCD from the model": ({"kind": "pcd", "start": "model"}, WALKERS),
    "CD-10": ({"kind": "cd", "k": 10}, CHAINS),
    PENALISED: ({"kind": "pcd"}, WALKERS),
    IMPROVED: ({"kind": "improved-cd"}, CHAINS),
}
NOTES = [
    "All numbers are of EBM Lab: median over seeds (smallest to largest). TV is the total variation"
    " between class masses and the shares of the training images. The model's masses and the"
    " cross-entropy on held-out images, in whitened coordinates with data noise, are measured by"
    " 1000 fresh annealed walkers and 600 steps, classes read by a classifier. ESS/N and ancestors"
    " are those of the training walkers at the end; methods without weights have none. A run that"
    " diverged has no numbers, and a row with one has no median.",
]


def runs(options: Options) -> list[Job]:
    """Six methods, two choices of digits, five seeds, 3000 updates."""
    updates = updates_of(options, UPDATES)
    return [
        Job(group, row, parse_spec(_spec(group, row, seed, updates)), updates, ("ais",))
        for group in GROUPS
        for row in METHODS
        for seed in seeds_of(options, SEEDS)
    ]


def _spec(group: str, row: str, seed: int, updates: int) -> dict[str, Any]:
    classes, noise, step_size = GROUPS[group]
    method, walkers = METHODS[row]
    weighted = method["kind"] == "weighted-ula"
    if weighted:
        method = method | {"refresh_every": max(1, updates // REFRESHES)}
    energy = {"kind": "mlp", "width": 128, "base_std": 1.2, "dim": 10}
    rule = {"kind": "adam", "lr": 0.001, "betas": [0.0, 0.999], "batch": 256}
    return {
        "target": {"kind": "mnist", "classes": classes, "counts": COUNTS, "noise": noise},
        "energy": energy | ({"l2": L2} if row in (PENALISED, IMPROVED) else {}),
        "method": method,
        "sampler": {"step_size": step_size},
        "walkers": {"count": walkers},
        "optimizer": rule | {"decay_over": updates, "follow_ess": weighted},
        "seed": seed,
    }


def summary(results: list[Result]) -> Summary:
    """A table per choice of digits, and model against walkers in every run."""
    tables, panels = [], []
    for group in GROUPS:
        rows = by_row(results, group)
        if rows:
            tables.append(_table(group, rows))
            panels.append(_panel(group, rows))
    numbers = [number for result in results for number in _numbers(result)]
    return Summary(tables, numbers, panels, NOTES)


def _away(result: Result, name: str) -> float | None:
    """TV of a reading of the masses from the shares of the data; None after a divergence."""
    if "ais" not in result.run["final"]:
        return None
    masses = result.run["final"]["class_mass"]
    return distance(masses[name], masses["data"])


def _end(result: Result, name: str) -> float | None:
    """What annealed walkers measured; None after a divergence."""
    return result.run["final"].get(name)


def _values(result: Result) -> dict[str, float | None]:
    """The numbers of one run by name, in the order of the table."""
    weighted = result.job.spec.method.weighted
    measured = "ais" in result.run["final"]
    return {
        "tv_model_ais": _away(result, "model_ais"),
        "tv_raw": _away(result, "raw"),
        "tv_weighted": _away(result, "weighted") if weighted else None,
        "cross_entropy_heldout": _end(result, "cross_entropy_heldout"),
        "ess": final(result, "ess") if weighted and measured else None,
        "ancestors": final(result, "ancestors") if weighted and measured else None,
    }


DIGITS = {
    "tv_model_ais": 3,
    "tv_raw": 3,
    "tv_weighted": 3,
    "cross_entropy_heldout": 2,
    "ess": 2,
    "ancestors": 0,
}


def _table(group: str, rows: dict[str, list[Result]]) -> Table:
    header = (
        "method",
        "TV of the model (AIS)",
        "TV of raw walkers",
        "TV of weighted walkers",
        "held-out cross-entropy, nats",
        "ESS/N",
        "ancestors",
    )
    cells = []
    for row, found in rows.items():
        values = [_values(result) for result in found]
        line = [median_and_range((v[name] for v in values), d) for name, d in DIGITS.items()]
        ended = [r.run["diverged"]["step"] for r in found if r.run["diverged"]]
        name = f"{row} (diverged at {', '.join(map(str, ended))})" if ended else row
        cells.append((name, *line))
    return Table(f"Digits {group} at 4 : 2 : 1", header, cells)


def _numbers(result: Result) -> list[Number]:
    group, row, seed = result.job.group, result.job.row, result.job.spec.seed
    values = _values(result)
    if result.run["diverged"]:
        values["diverged_at"] = result.run["diverged"]["step"]
    masses = result.run["final"].get("class_mass", {})
    for name in ("model_ais", "model_ais_se", "raw"):
        shares = masses.get(name) or ()
        values |= {f"{name}_{j}": mass for j, mass in enumerate(shares, start=1)}
    return [Number(group, row, seed, name, None, value) for name, value in values.items()]


def _panel(group: str, rows: dict[str, list[Result]]) -> dict[str, Any]:
    """Distance from the shares of the data: model against the walkers as the method reads them."""
    curves = []
    for row, found in rows.items():
        pairs = [(_away(r, "weighted"), _away(r, "model_ais")) for r in found]
        shown = np.array([p for p in pairs if None not in p], dtype=float).reshape(-1, 2)
        style = {"name": row, "method": METHODS[row][0]["kind"], "points": True}
        curves.append(style | {"x": shown[:, 0], "y": shown[:, 1]})
    return {
        "title": f"{group}: distance from the shares of the data (TV)",
        "x_title": "of the walkers",
        "y_title": "of the model, by AIS",
        "curves": curves,
    }


STUDY = Study("Image models of MNIST, by method", 2, runs, summary)
