"""The numbers of a run as files: its curves, and its walkers with their weights.

CSV has a header with units in the names, and every number with all its digits; what a method does
not have is empty there, and null in JSON. Importing this module never loads torch.
"""

from __future__ import annotations

import io
import json
import math
from typing import Any, NamedTuple

import numpy as np

from ebm_engine.files.model_file import tensors_of
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.writing.csv_text import csv_text
from ebm_engine.writing.json_number import json_number

UNITS = {
    "kl_exact": "nats",
    "kl_exact_se": "nats",
    "kl_data": "nats",
    "kl_estimate": "nats",
    "kl_estimate_se": "nats",
    "kl_witness": "nats",
    "kl_witness_se": "nats",
    "ess": "share",
    "contrast": "nats",
    "data_energy": "nats",
    "walker_energy": "nats",
    "acceptance": "share",
    "rate": "factor",
}
COUNTS = ("update", "ancestors", "resamplings")
MOST_CELLS = 2_000_000  # of a CSV of walkers: about 40 MB


class TooLarge(ValueError):  # noqa: N818 - names what is wrong
    """A table too large for CSV; the message is one sentence with size and limit."""


class WalkerTable(NamedTuple):
    """All walkers at update `step`: x (n, d), log_w (n,) = log(N·w) and energy (n,) = U in nats."""

    step: int
    x: np.ndarray
    log_w: np.ndarray
    energy: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """The weights (n,) float64, which sum to 1."""
        return np.exp(self.log_w.astype(np.float64)) / len(self.log_w)


def curves(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """Every curve by its name with unit, and the model's masses, at the recorded updates.

    Where the density of the data is not known, the columns of KL hold cross-entropies, named so.
    """
    columns = {_column(name, snapshot): values for name, values in snapshot.history.items()}
    labels = snapshot.class_names or range(1, snapshot.mass_history.shape[1] + 1)
    for label, masses in zip(labels, snapshot.mass_history.T, strict=True):
        columns[f"model_mass_{label}"] = masses
    return columns


def curves_csv(snapshot: Snapshot) -> bytes:
    """The curves as CSV, one row per recorded update."""
    columns = curves(snapshot)
    texts = [_texts(values, whole=name in COUNTS) for name, values in columns.items()]
    return csv_text(columns, zip(*texts, strict=True)).encode()


def curves_json(snapshot: Snapshot) -> bytes:
    """The curves as JSON with spec and live changes; each curve is a list."""
    content = {
        "spec": snapshot.spec.model_dump(mode="json"),
        "changes": [[step, values] for step, values in snapshot.changes],
        "update": snapshot.step,
        "curves": {
            name: [_plain(v, whole=name in COUNTS) for v in values.tolist()]
            for name, values in curves(snapshot).items()
        },
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def walker_table(snapshot: Snapshot, checkpoint: bytes | None) -> WalkerTable:
    """All walkers with all their coordinates.

    In up to two dimensions they are those of the picture, else those of the checkpoint, which may
    be some updates older. Raises ValueError where there is no checkpoint yet.
    """
    dim = snapshot.spec.dim
    if not needs_checkpoint(snapshot):
        x = snapshot.positions[:, :dim]  # in one dimension the second number is only for the eye
        return WalkerTable(snapshot.step, x, snapshot.log_w, snapshot.energies)
    if checkpoint is None:
        raise ValueError("the walkers are not available yet: wait a second and try again")
    tensors, facts = tensors_of(checkpoint)
    log_w = tensors["train.log_w"].astype(np.float64)
    top = log_w.max()
    log_w = log_w - top - math.log(float(np.exp(log_w - top).mean()))
    return WalkerTable(facts["step"], tensors["train.x"], log_w, tensors["train.at.energy"])


def needs_checkpoint(snapshot: Snapshot) -> bool:
    """Whether the picture holds its walkers only in part, or rounded."""
    return snapshot.spec.dim > 2 or snapshot.spec.dtype != "float32"


def check_cells(count: int, dim: int) -> None:
    """Raise TooLarge when `count` walkers in `dim` dimensions are too many numbers for CSV."""
    if count * dim > MOST_CELLS:
        raise TooLarge(
            f"{count} walkers in {dim} dimensions are {count * dim} numbers, and a CSV file takes "
            f"at most {MOST_CELLS}: take the NPZ file"
        )


def walkers_csv(table: WalkerTable) -> bytes:
    """One row per walker; raises TooLarge where NPZ is the better choice."""
    count, dim = table.x.shape
    check_cells(count, dim)
    header = ["walker", "weight_share", "energy_nats", *(f"x{k}" for k in range(1, dim + 1))]
    numbers = zip(table.weight.tolist(), table.energy.tolist(), table.x, strict=True)
    rows = (
        [str(i), repr(w), _text(u), *(str(v) for v in point)]
        for i, (w, u, point) in enumerate(numbers)
    )
    return csv_text(header, rows).encode()


def walkers_npz(snapshot: Snapshot, table: WalkerTable) -> bytes:
    """The walkers as NPZ: x (n, d), weight (n,), log_weight (n,), energy (n,), update, spec."""
    file = io.BytesIO()
    np.savez(
        file,
        x=table.x,
        weight=table.weight,
        log_weight=table.log_w.astype(np.float64) - math.log(len(table.log_w)),
        energy=table.energy,
        update=np.int64(table.step),
        spec=np.array(snapshot.spec.model_dump_json()),
    )
    return file.getvalue()


def _column(name: str, snapshot: Snapshot) -> str:
    """The name of a curve with its unit."""
    unit = UNITS.get(name)
    if name == "step":
        return "update"
    if not snapshot.known_density and unit == "nats":
        name = name.replace("kl_", "cross_entropy_")
    return f"{name}_{unit}" if unit else name


def _texts(values: np.ndarray, *, whole: bool) -> list[str]:
    return [str(int(v)) if whole and math.isfinite(v) else _text(v) for v in values.tolist()]


def _text(value: float) -> str:
    """The number with all its digits, empty where it is not finite."""
    return repr(value) if math.isfinite(value) else ""


def _plain(value: float, *, whole: bool) -> Any:
    number = json_number(value)
    return int(value) if whole and number is not None else number
