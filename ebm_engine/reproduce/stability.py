"""Whether the KL term of improved CD (Du et al. 2021, arXiv 2012.01316) keeps a run from exploding.

Persistent chains in a replay buffer with a step size of η = 1, far too large, k = 20 steps and no
penalty on the energies: without the KL term the energies grow without limit within a few hundred
updates. With it, or with an L2 penalty α = 0.1 in its place, they stay. Target: three modes of
masses .2, .5, .3 on the plane; energy: a network on a Gaussian base of width σ₀ = 4.
"""

from __future__ import annotations

from typing import Any

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
from ebm_engine.reproduce.tables import MISSING, final, median_and_range, watched
from ebm_engine.spec.edit import parse_spec

UPDATES = 1500
SEEDS = 3
COUNT = 256
PLAIN = {"kl_weight": 0.0, "entropy_weight": 0.0}
ROWS: dict[str, tuple[dict[str, float], float]] = {  # method, L2 weight
    "no KL term": (PLAIN, 0.0),
    "entropy term only": (PLAIN | {"entropy_weight": 0.3}, 0.0),
    "KL term": (PLAIN | {"kl_weight": 1.0}, 0.0),
    "KL and entropy terms": ({"kl_weight": 1.0, "entropy_weight": 0.3}, 0.0),
    "no KL term, L2 weight 0.1": (PLAIN, 0.1),
}
NOTES = [
    "All numbers are of EBM Lab, over seeds median (smallest to largest); the coefficients 1 and"
    " 0.3 are those of the paper's public code, its images are not part of this. A run counts as"
    " diverged when the |U| of a walker or the gradient's norm passes 10⁴. KL is by quadrature and"
    " of the seeds that did not diverge.",
]


def runs(options: Options) -> list[Job]:
    """Five settings, three seeds, 1500 updates."""
    updates = updates_of(options, UPDATES)
    return [
        Job("", row, parse_spec(_spec(row, seed)), updates, ("largest_energy", "contrast"))
        for row in ROWS
        for seed in seeds_of(options, SEEDS)
    ]


def _spec(row: str, seed: int) -> dict[str, Any]:
    weights, l2 = ROWS[row]
    return {
        "target": {
            "means": [[-3.0, 0.0], [2.0, 2.5], [2.0, -2.5]],
            "masses": [0.2, 0.5, 0.3],
            "stds": [0.5, 0.5, 0.5],
            "samples": 4000,
        },
        "energy": {"kind": "mlp", "width": 64, "base_std": 4.0, "l2": l2},
        "method": {"kind": "improved-cd", "k": 20, "buffer": "fifo", "restart": 0.05} | weights,
        "sampler": {"step_size": 1.0},
        "walkers": {"count": COUNT},
        "optimizer": {"kind": "adam", "lr": 0.001, "betas": [0.0, 0.999], "batch": COUNT},
        "seed": seed,
    }


def summary(results: list[Result]) -> Summary:
    """When each run diverged, its energies and KL; largest |U| and contrast along the way."""
    header = ("method", "diverged at update", "largest size of U, nats", "KL at the end, nats")
    rows = by_row(results)
    cells = [(row, *_cells(found)) for row, found in rows.items()]
    numbers = [number for result in results for number in _numbers(result)]
    table = Table("Step size 1, k = 20, replay buffer", header, cells)
    return Summary([table], numbers, _panels(rows), NOTES)


def _diverged_at(result: Result) -> int | None:
    diverged = result.run["diverged"]
    return diverged["step"] if diverged else None


def _largest(result: Result) -> float:
    return float(watched(result, "largest_energy").max())


def _cells(found: list[Result]) -> tuple[str, str, str]:
    ends = [_diverged_at(r) for r in found]
    when = ", ".join("never" if end is None else str(end) for end in ends)
    survived = [final(r, "kl_exact") for r, end in zip(found, ends, strict=True) if end is None]
    kl = median_and_range(survived, 2) if survived else MISSING
    return when, median_and_range((_largest(r) for r in found), 0), kl


def _numbers(result: Result) -> list[Number]:
    row, seed = result.job.row, result.job.spec.seed
    values = {
        "diverged_at": _diverged_at(result),
        "largest_energy": _largest(result),
        "kl_exact": final(result, "kl_exact"),
    }
    return [Number("", row, seed, name, None, value) for name, value in values.items()]


def _panels(rows: dict[str, list[Result]]) -> list[dict[str, Any]]:
    def curves(name: str) -> list[dict[str, Any]]:
        return [
            {"name": row, "x": watched(r, "step"), "y": watched(r, name)}
            for row, found in rows.items()
            for r in found
        ]

    return [
        {
            "title": "Largest |U| of the walkers, nats",
            "x_title": "update",
            "y_log": True,
            "range": [1.0, 1e5],
            "levels": [{"name": "counts as diverged", "value": 1e4}],
            "curves": curves("largest_energy"),
        },
        {
            "title": "Contrast E(data) − E(walkers), nats",
            "x_title": "update",
            "range": [-60.0, 20.0],
            "curves": curves("contrast"),
        },
    ]


STUDY = Study("The KL term and stability", 2, runs, summary)
