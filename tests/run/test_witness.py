"""The witness tells the truth about itself: forty runs, each judged by its own error band."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.run_spec import RunSpec

SEEDS = 40
TWO = {"means": [[-3, 0], [3, 0]], "stds": [0.5, 0.5], "masses": [0.25, 0.75], "samples": 1000}
NETWORK = {
    "target": TWO,
    "energy": {"kind": "mlp", "width": 16, "base_std": 3},
    "method": {"witness": 500},
    "sampler": {"step_size": 0.05},
    "walkers": {"count": 500},
    "optimizer": {"kind": "adam", "lr": 0.002, "batch": 128},
}
UPDATES = 150


@cache
def forty_runs() -> dict[str, np.ndarray]:
    """The last row of each seed's history, by column."""
    spec = parse_spec(NETWORK)
    rows = [last_row(with_value(spec, "seed", seed)) for seed in range(SEEDS)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def last_row(spec: RunSpec) -> dict[str, float]:
    run = Run(spec)
    for _ in range(UPDATES):
        run.advance()
    return run.recent(playing=False).row


def test_the_witness_lies_in_its_own_band():
    """|witness − exact| ≤ 1.96 s.e. in at least 36 of 40 seeds.

    Both KLs use the same training points, so only log Ẑ differs. An error that ignored common
    ancestors would be several times too small.
    """
    found = forty_runs()
    score = (found["kl_witness"] - found["kl_data"]) / found["kl_witness_se"]
    assert (np.abs(score) <= 1.96).sum() >= 0.9 * SEEDS
    assert score.mean() == pytest.approx(0, abs=5 / np.sqrt(SEEDS))


def test_the_training_walkers_drift_low_where_the_witness_does_not():
    """log Ẑ − log Z < 0 on average for the population that drives θ, by more than five s.e."""
    found = forty_runs()
    drift = found["kl_estimate"] - found["kl_data"]
    assert drift.mean() < -5 * drift.std() / np.sqrt(SEEDS)
    steady = found["kl_witness"] - found["kl_data"]
    assert steady.mean() == pytest.approx(0, abs=5 * steady.std() / np.sqrt(SEEDS))
