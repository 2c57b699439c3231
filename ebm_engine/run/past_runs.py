"""Past runs: what the runs of a visit have come to, one row per spec.

A row keeps numbers and thinned curves, never a picture. The same spec again renews its row, unless
it came less far: same spec, same bits. A run that did not get to its state from its spec alone has
a row of its own. Importing this module never loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import MARK, Snapshot
from ebm_engine.spec.differences import difference
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec

MOST = 200  # rows
POINTS = 200  # of a curve
CHANGED, FROM_FILE = "settings changed on the way", "began with parameters from a file"
GONE = "The file of these own {} is no longer on this server: upload it again to run with it."


class Curves(NamedTuple):
    """Histories (t ≤ 200,) of the update, KL in nats, ESS/N and the model's mass of mode 1.

    A curve that the run does not have is NaN.
    """

    step: np.ndarray
    kl: np.ndarray
    ess: np.ndarray
    mass: np.ndarray


class Reading(NamedTuple):
    """A KL or cross-entropy in nats: what it is, its value and its standard error (0: none)."""

    quantity: str
    value: float
    se: float


@dataclass(frozen=True, eq=False)
class PastRun:
    """One row: a run as far as it came. Numbers are NaN where the run has none.

    `origin` is "" when the spec alone gives the run; `mode` names the first mode, whose true mass,
    mass under the model and share of the walkers without and with weights follow; `mass_error` is
    ½ Σⱼ |model − truth|; `stopped` tells where and why the run stopped by itself.
    """

    number: int
    preset: str
    spec: RunSpec
    origin: str
    step: int
    kl: Reading
    mode: str
    truth: float
    model: float
    raw: float
    weighted: float
    mass_error: float
    ess: float
    ancestors: float
    stopped: str
    curves: Curves

    @property
    def difference(self) -> str:
        """What differs from the preset, in words."""
        return difference(preset(self.preset).spec, self.spec)

    @property
    def remark(self) -> str:
        """How the run departs from its spec, and where it stopped."""
        return "; ".join(text for text in (self.origin, self.stopped) if text)

    @property
    def why_not(self) -> str:
        """Why its spec cannot run again, in one sentence; empty when it can."""
        target = self.spec.target
        if not target.own_file or Path(target.path).is_file():
            return ""
        return GONE.format(target.kind)


class PastRuns:
    """The rows of one page in one visit, the one put there last first; `gone` counts the lost."""

    def __init__(self, most: int = MOST) -> None:
        self.gone = 0
        self._most = most
        self._newest = 0
        self._rows: dict[tuple[RunSpec, str], PastRun] = {}

    @property
    def entries(self) -> tuple[PastRun, ...]:
        """All rows."""
        return tuple(reversed(self._rows.values()))

    def put(self, preset_name: str, snapshot: Snapshot) -> PastRun | None:
        """The row of a run, renewed unless it was further; None for one without any update."""
        key = snapshot.spec, _origin(snapshot)
        old = self._rows.pop(key, None)
        if old is None and snapshot.step == 0:
            return None
        if old is None:
            self._newest += 1
        if old is None or snapshot.step >= old.step:
            entry = entry_of(old.number if old else self._newest, preset_name, snapshot)
        else:
            entry = replace(old, preset=preset_name)
        self._rows[key] = entry
        while len(self._rows) > self._most:
            del self._rows[next(iter(self._rows))]
            self.gone += 1
        return entry

    def drop(self, *numbers: int) -> None:
        """Take the rows with these numbers away; a number without a row is ignored."""
        self._rows = {k: entry for k, entry in self._rows.items() if entry.number not in numbers}


def entry_of(number: int, preset_name: str, snapshot: Snapshot) -> PastRun:
    """The row of a run as its picture shows it."""
    history, masses = snapshot.history, snapshot.mode_mass
    weighted = snapshot.spec.method.weighted
    return PastRun(
        number=number,
        preset=preset_name,
        spec=snapshot.spec,
        origin=_origin(snapshot),
        step=snapshot.step,
        kl=_kl(snapshot),
        mode=f"class {snapshot.class_names[0]}" if snapshot.class_names else "mode 1",
        truth=float(masses.truth[0]),
        model=float(masses.model[0]),
        raw=float(masses.raw[0]),
        weighted=float(masses.weighted[0]) if weighted else np.nan,
        mass_error=masses.error,
        ess=_last(history["ess"]) if weighted else np.nan,
        ancestors=_last(history["ancestors"]) if weighted else np.nan,
        stopped=_stopped(snapshot),
        curves=_curves(snapshot),
    )


def _origin(snapshot: Snapshot) -> str:
    """How a run got to its state, "" from its spec alone."""
    if any(text == MARK for _, text in snapshot.marks):
        return FROM_FILE
    return CHANGED if any(step > 0 for step, _ in snapshot.changes) else ""


def _kl_field(history: Mapping[str, np.ndarray]) -> str:
    """The exact curve where there is one, else that of the walkers."""
    return "kl_exact" if np.isfinite(history["kl_exact"]).any() else "kl_estimate"


def _kl(snapshot: Snapshot) -> Reading:
    """The newest KL; the cross-entropy where the density of the data is not known."""
    field, quantity = (
        _kl_field(snapshot.history),
        "KL" if snapshot.known_density else "cross-entropy",
    )
    value, se = (_last(snapshot.history[name]) for name in (field, f"{field}_se"))
    if not np.isfinite(value):
        return Reading("none", np.nan, 0.0)
    if field == "kl_estimate":
        return Reading(f"{quantity}, estimated by the walkers", value, se)
    how = "over a sample of the target" if se > 0 else "exact"
    return Reading(f"{quantity}, {how}", value, se if se > 0 else 0.0)


def _curves(snapshot: Snapshot) -> Curves:
    history, weighted = snapshot.history, snapshot.spec.method.weighted
    count = len(history["step"])
    rows = np.linspace(0, count - 1, min(count, POINTS)).round().astype(int)
    mass = snapshot.mass_history[rows, 0]
    ess = history["ess"][rows] if weighted else np.full(len(rows), np.nan)
    kl = history[_kl_field(history)][rows]
    return Curves(history["step"][rows], *(v.astype(np.float32) for v in (kl, ess, mass)))


def _stopped(snapshot: Snapshot) -> str:
    why = snapshot.divergence
    return "" if why is None else f"stopped at update {why.step}: {why.quantity}"


def _last(values: np.ndarray) -> float:
    """The newest finite value, NaN where there is none."""
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else np.nan
