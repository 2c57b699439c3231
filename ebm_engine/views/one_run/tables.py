"""Numbers behind the figures as CSV: a header row, full precision, nan where there is none.

The curves are `files.export.curves_csv`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.writing.csv_text import csv_text


def walkers_csv(snapshot: Snapshot) -> str:
    """One row per walker: its number, place on the plane, energy U and log(N·w)."""
    columns = {
        "walker": np.arange(len(snapshot.positions)),
        "x1": snapshot.positions[:, 0],
        "x2": snapshot.positions[:, 1],
        "energy": snapshot.energies,
        "log_n_weight": snapshot.log_w,
    }
    return _csv(columns)


def masses_csv(snapshot: Snapshot) -> str:
    """One row per mode: its masses, their standard errors and a point of it (a mixture's mean)."""
    masses = snapshot.mode_mass
    columns = {
        "mode": np.arange(1, len(masses.model) + 1),
        "truth": masses.truth,
        "data": masses.data,
        "model": masses.model,
        "raw": masses.raw,
        "raw_se": masses.raw_se,
        "weighted": masses.weighted,
        "weighted_se": masses.weighted_se,
    }
    centres = enumerate(snapshot.mode_centres.T, start=1)
    columns |= {f"centre_{i}": values for i, values in centres}
    return _csv(columns)


def _csv(columns: Mapping[str, np.ndarray]) -> str:
    """Columns of equal length as text; a column of another length raises ValueError."""
    return csv_text(columns, zip(*(values.tolist() for values in columns.values()), strict=True))
