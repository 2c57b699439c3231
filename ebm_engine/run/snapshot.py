"""Snapshot: one moment of a run, as read-only numpy arrays.

A snapshot is all that the views and the stage ever see of a run. Positions are shown on a plane:
the first two coordinates (in one dimension the second is a fixed jitter per walker).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ebm_engine.spec.run_spec import RunSpec

HISTORY = (
    "step",
    "kl_exact",
    "kl_exact_se",
    "kl_data",
    "kl_estimate",
    "kl_estimate_se",
    "kl_witness",
    "kl_witness_se",
    "ess",
    "ancestors",
    "contrast",
    "resamplings",
    "gradient_cosine",
    "gradient_ratio",
    "total_variation",
    "step_size",
    "rate",
    "acceptance",
    "gradient_norm",
    "cd_gradient_norm",
    "kl_gradient_norm",
    "data_energy",
    "walker_energy",
)


@dataclass(frozen=True)
class Divergence:
    """Why a run stopped by itself: which quantity, at which update, and the likely cause."""

    quantity: str
    step: int
    value: float
    knob: str
    message: str


@dataclass(frozen=True)
class ModeMasses:
    """The share of each mode; arrays (J,).

    The modes are those of the energy where target and energy are mixtures, with share E[rⱼ(x)], r
    the responsibilities; else they are the regions of the target's modes. `model` is exact, `data`
    is the mean over the training points, `raw` and `weighted` are two readings of the same walkers
    with their standard errors. `truth` is the true mass: of the target modes that lie nearest to
    each mode of the energy, or of each region.
    """

    truth: np.ndarray
    data: np.ndarray
    model: np.ndarray
    raw: np.ndarray
    raw_se: np.ndarray
    weighted: np.ndarray
    weighted_se: np.ndarray


def _no_pictures() -> np.ndarray:
    return np.zeros((0, 0, 0), dtype=np.uint8)


def _no_films() -> np.ndarray:
    return np.zeros((0, 0, 0, 0), dtype=np.uint8)


def _no_rows() -> np.ndarray:
    return np.zeros(0, dtype=np.int64)


def _no_families() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.uint16)


def _no_numbers() -> np.ndarray:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; every array is read-only.

    positions: (n, 2) float32, walkers on the plane; log_w: (n,) float32, log(N·w), 0 = equal
    weight; energies: (n,) float32, U at the walkers; trails: (m, t, 2) float32, the last positions
    of walkers 0 to m−1, oldest first, NaN where there is none; data: (k, 2) float32, training
    points on the plane (thinned evenly); box: (x_min, x_max, y_min, y_max) of the plane;
    field: (g, g) float32, energy of the model's marginal on the plane, row 0 at y_min, and
    log_z_plane with p = exp(−field − log_z_plane); target_density: (g, g) float32;
    history: arrays of equal length named as in HISTORY, NaN where a method has no such number
    (kl_exact_se is 0 where KL comes from quadrature, in up to two dimensions), and
    mass_history (rows, J) with the model's mode masses at the same updates;
    resampled_at: (r,) updates with a resampling, newest last; marks: (update, text) of changes
    made while running; means: (J, d) of a mixture energy, else (0, 2); target_means (J*, d) and
    target_stds (J*,) of a target of Gaussian modes, else empty; mode_centres: (J, ≥ 2), a point of
    each mode of `mode_mass`; ess_ceiling: the highest ESS/N that frozen parameters allow with this
    step size on modes of unit width, NaN for other energies and kernels; known_density: False for
    own points and images, whose entropy nobody knows: every KL is then a cross-entropy and
    target_density is NaN; outside: share of the model's mass that the quadrature misses, and
    quadrature_error of its log Z, both 0 where closed forms judge. changes: (update, {dotted path:
    new value}) of the live changes, newest last.

    Of weighted walkers, else empty: at update genealogy_steps[i] (r ≤ 150,) int64, evenly over the
    whole run, the walkers were sorted by their ancestor of update 0, and genealogy (r, 64) uint16
    (uint32 above 65536 walkers) holds the ancestors at 64 evenly spaced ranks.

    Of images, else empty: tiles (m ≤ 64, h, w) uint8, walkers as images, evenly from all in order
    of weight, heaviest first, or of energy, lowest first, where there are no weights; tile_rows
    (m,) their walker index, tile_log_w (m,) log(N·w), tile_energies (m,) U and tile_labels (m,)
    their class by the classifier; tile_nearest (m, h, w) uint8, the training image nearest to each
    in the pixels, and tile_distance (m,) float32, the root mean square difference of the two, with
    grey from 0 to 1; films (c ≤ 4, t ≤ 12, h, w) uint8, past positions of walkers 0
    to c−1, oldest first and the present one last, black before a restart; class_names (J,), in the
    order of `mode_mass`. There the cross-entropies count in whitened coordinates or in pixels, the
    model's masses are NaN, and so are log_z_exact and log_z_plane.
    """

    spec: RunSpec
    step: int
    playing: bool
    updates_per_second: float
    device: str
    positions: np.ndarray
    log_w: np.ndarray
    energies: np.ndarray
    trails: np.ndarray
    crossings: int
    data: np.ndarray
    box: tuple[float, float, float, float]
    field: np.ndarray
    log_z_plane: float
    target_density: np.ndarray
    history: dict[str, np.ndarray]
    mass_history: np.ndarray
    resampled_at: np.ndarray
    marks: tuple[tuple[int, str], ...]
    mode_mass: ModeMasses
    means: np.ndarray
    target_means: np.ndarray
    target_stds: np.ndarray
    mode_centres: np.ndarray
    ess_ceiling: float
    log_z_exact: float
    log_z_estimate: float | None
    log_z_witness: float | None
    tiles: np.ndarray = field(default_factory=_no_pictures)
    tile_rows: np.ndarray = field(default_factory=_no_rows)
    tile_log_w: np.ndarray = field(default_factory=_no_numbers)
    tile_energies: np.ndarray = field(default_factory=_no_numbers)
    tile_labels: np.ndarray = field(default_factory=_no_rows)
    tile_nearest: np.ndarray = field(default_factory=_no_pictures)
    tile_distance: np.ndarray = field(default_factory=_no_numbers)
    films: np.ndarray = field(default_factory=_no_films)
    class_names: tuple[str, ...] = ()
    known_density: bool = True
    outside: float = 0.0
    quadrature_error: float = 0.0
    divergence: Divergence | None = None
    notice: str = ""
    changes: tuple[tuple[int, dict[str, Any]], ...] = ()
    genealogy_steps: np.ndarray = field(default_factory=_no_rows)
    genealogy: np.ndarray = field(default_factory=_no_families)

    def __post_init__(self) -> None:
        for array in arrays_of(self):
            array.setflags(write=False)


def arrays_of(value: Any) -> list[np.ndarray]:
    """All arrays of a snapshot, or of a part of one."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        return [a for inner in value.values() for a in arrays_of(inner)]
    if isinstance(value, Snapshot | ModeMasses):
        return [a for f in fields(value) for a in arrays_of(getattr(value, f.name))]
    return []


MARK = "parameters from a file"  # of a run at update 0: its spec alone does not give it
