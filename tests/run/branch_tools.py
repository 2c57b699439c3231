"""Small helpers for the tests of branches: a run with live changes, and what its bits are."""

from __future__ import annotations

import numpy as np

from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import RunSpec
from tests.server.hub_tools import small_spec

SPEC = small_spec(
    method={"kind": "weighted-ula", "ess_threshold": 0.9},
    optimizer={"kind": "sgd", "lr_means": 0.05, "lr_log_masses": 0.1},
    seed=1,
)
WIDE = with_value(SPEC, "sampler.step_size", 0.2)
SLOW = with_value(WIDE, "optimizer.lr_means", 0.01)


def trained(spec: RunSpec, until: int, changes: dict[int, RunSpec] | None = None) -> Run:
    """A run with live changes at the given updates."""
    run = Run(spec)
    while run.step < until:
        if run.step in (changes or {}):
            run.change(changes[run.step])
        run.advance()
    return run


def picture(run: Run) -> Snapshot:
    """The run at this moment."""
    return run.snapshot(playing=False, updates_per_second=0.0)


def same_bits(first: Snapshot, second: Snapshot) -> bool:
    """All but the present row of the history, which tells of an update that is in no checkpoint."""
    names = ("positions", "log_w", "energies", "means", "mass_history", "resampled_at", "genealogy")
    history = all(
        np.array_equal(column[:-1], second.history[name][:-1], equal_nan=True)
        for name, column in first.history.items()
    )
    same = all(np.array_equal(getattr(first, n), getattr(second, n)) for n in names)
    return first.step == second.step and history and same
