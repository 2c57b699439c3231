"""Snapshot: one moment of a run, as read-only numpy arrays.

A snapshot is all that the views and the stage ever see of a run. Positions are shown on a plane:
the first two coordinates (in one dimension the second is a fixed jitter per walker).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
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

    @property
    def error(self) -> float:
        """½ Σⱼ |mⱼ − m*ⱼ| of model and truth, their total variation; NaN where not known."""
        return mass_error(self.model, self.truth)


def mass_error(masses: np.ndarray, truth: np.ndarray) -> float:
    """½ Σⱼ |mⱼ − m*ⱼ| of masses (J,) and true masses (J,), between 0 and 1."""
    return 0.5 * float(np.abs(masses - truth).sum())


_NO_IMAGES = partial(np.zeros, (0, 0, 0), np.uint8)
_NO_FILMS = partial(np.zeros, (0, 0, 0, 0), np.uint8)
_NO_NUMBERS = partial(np.zeros, 0, np.float32)
_NO_STEPS = partial(np.zeros, 0, np.int64)
_NO_FAMILIES = partial(np.zeros, (0, 0), np.uint16)


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; every array is read-only.

    n walkers, J modes, g points of the field along each axis. What belongs to images or to weighted
    walkers is empty for other runs.
    """

    spec: RunSpec
    step: int
    playing: bool
    updates_per_second: float
    device: str
    positions: np.ndarray  # (n, 2) float32, walkers on the plane
    log_w: np.ndarray  # (n,) float32, log(N·w); 0 is equal weight
    energies: np.ndarray  # (n,) float32, U at the walkers
    # (m, t, 2) float32, last positions of walkers 0 to m−1, oldest first, NaN where there is none.
    trails: np.ndarray
    crossings: int  # of these walkers from one mode to another
    data: np.ndarray  # (k, 2) float32, training points on the plane, thinned evenly
    box: tuple[float, float, float, float]  # x_min, x_max, y_min, y_max of the plane
    field: np.ndarray  # (g, g) float32, energy of the model's marginal on the plane, row 0 at y_min
    log_z_plane: float  # p = exp(−field − log_z_plane) on the plane; NaN for images
    target_density: np.ndarray  # (g, g) float32, NaN where it is not known
    # Arrays of equal length named as in HISTORY, NaN where a method has no such number; kl_exact_se
    # is 0 where KL comes from quadrature, in up to two dimensions.
    history: dict[str, np.ndarray]
    mass_history: np.ndarray  # (rows, J) masses of the modes in the model at the same updates
    resampled_at: np.ndarray  # (r,) int64, updates with a resampling, newest last
    marks: tuple[tuple[int, str], ...]  # update and text of changes made while running
    mode_mass: ModeMasses
    means: np.ndarray  # (J, d) of a mixture energy, else (0, 2)
    target_means: np.ndarray  # (J*, d) of a target of Gaussian modes, else (0, 2)
    target_stds: np.ndarray  # (J*,)
    mode_centres: np.ndarray  # (J, ≥ 2), a point of each mode of `mode_mass`
    # The highest ESS/N that frozen parameters allow with this step size on modes of unit width, NaN
    # for other energies and kernels.
    ess_ceiling: float
    log_z_exact: float  # NaN for images
    log_z_estimate: float | None
    log_z_witness: float | None
    # Of images: walkers as images (m ≤ 64, h, w) uint8, evenly from all in order of weight, the
    # heaviest first, or of energy, the lowest first, where there are no weights; of each its index
    # as a walker, log(N·w), U, its class by the classifier, the training image (h, w) nearest in
    # pixels and the root mean square difference to that, with grey from 0 to 1.
    tiles: np.ndarray = dataclasses.field(default_factory=_NO_IMAGES)
    tile_rows: np.ndarray = dataclasses.field(default_factory=_NO_STEPS)
    tile_log_w: np.ndarray = dataclasses.field(default_factory=_NO_NUMBERS)
    tile_energies: np.ndarray = dataclasses.field(default_factory=_NO_NUMBERS)
    tile_labels: np.ndarray = dataclasses.field(default_factory=_NO_STEPS)
    tile_nearest: np.ndarray = dataclasses.field(default_factory=_NO_IMAGES)
    tile_distance: np.ndarray = dataclasses.field(default_factory=_NO_NUMBERS)
    # (c ≤ 4, t ≤ 12, h, w) uint8, past positions of walkers 0 to c−1, oldest first and the present
    # one last, black before a restart.
    films: np.ndarray = dataclasses.field(default_factory=_NO_FILMS)
    class_names: tuple[str, ...] = ()  # (J,) in the order of `mode_mass`
    # False for own points and images, whose entropy is not known: every KL is a cross-entropy, of
    # images in whitened coordinates or in pixels.
    known_density: bool = True
    outside: float = 0.0  # share of the model's mass that the quadrature misses, 0 for closed forms
    quadrature_error: float = 0.0  # of log Z
    divergence: Divergence | None = None
    notice: str = ""  # one sentence of news
    # Update and {dotted path: new value} of the live changes, newest last.
    changes: tuple[tuple[int, dict[str, Any]], ...] = ()
    # Of weighted walkers: at updates (r ≤ 150,) int64, evenly over the whole run, they were sorted
    # by their ancestor of update 0; genealogy (r, 64) uint16 (uint32 above 65536 walkers) holds the
    # ancestors at 64 evenly spaced ranks.
    genealogy_steps: np.ndarray = dataclasses.field(default_factory=_NO_STEPS)
    genealogy: np.ndarray = dataclasses.field(default_factory=_NO_FAMILIES)

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
        return [a for f in dataclasses.fields(value) for a in arrays_of(getattr(value, f.name))]
    return []


MARK = "parameters from a file"  # of a run at update 0: its spec alone does not give it
