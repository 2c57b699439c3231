"""Numbers on the plane of a snapshot: grid, density, integrals, interpolation, the cut.

The plane holds g × g values at the points of `numpy.linspace` over the box, row 0 at y_min;
p = exp(−field − log_z_plane) is the density of the model's marginal there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.spec.targets import MixtureTarget
from ebm_engine.views.style.wording import own_modes

LIFT = 2.0  # nats above the barrier between the modes that the cut still shows
DEEPEST = 40.0  # nats above the lowest point where the cut ends at the latest


class Cut(NamedTuple):
    """A straight line on the plane: points (m, 2) at `distance` (m,), and where `modes` lie."""

    points: np.ndarray
    distance: np.ndarray
    modes: np.ndarray


def axes(snapshot: Snapshot) -> tuple[np.ndarray, np.ndarray]:
    """The grid's coordinates x (g,) and y (g,)."""
    rows, columns = snapshot.field.shape
    x_min, x_max, y_min, y_max = snapshot.box
    return np.linspace(x_min, x_max, columns), np.linspace(y_min, y_max, rows)


def relative_energy(snapshot: Snapshot) -> np.ndarray:
    """E − min E on the grid, (g, g) in kT; NaN where a diverged run has no energy."""
    energy = snapshot.field.astype(np.float64)
    return energy - np.min(energy, initial=np.inf, where=np.isfinite(energy))


def model_density(snapshot: Snapshot) -> np.ndarray:
    """p = exp(−field − log_z_plane) on the grid, (g, g)."""
    return np.exp(-snapshot.field.astype(np.float64) - snapshot.log_z_plane)


def integral(values: np.ndarray, snapshot: Snapshot) -> float:
    """∫ values over the box by the trapezoid rule."""
    x, y = axes(snapshot)
    return float(np.trapezoid(np.trapezoid(values, x, axis=1), y))


def total_variation(snapshot: Snapshot) -> float:
    """½∫|p_model − p_data| over the box by the trapezoid rule, 0 (equal) to 1 (disjoint).

    NaN where the target's density is not known.
    """
    return 0.5 * integral(np.abs(model_density(snapshot) - snapshot.target_density), snapshot)


def on_plane(means: np.ndarray) -> np.ndarray:
    """Means (J, d) on the plane, (J, 2): the first two coordinates, 0 where d = 1."""
    points = np.zeros((len(means), 2))
    points[:, : min(2, means.shape[1])] = means[:, :2]
    return points


def bilinear(values: np.ndarray, snapshot: Snapshot, points: np.ndarray) -> np.ndarray:
    """Grid values (g, g) between the grid points, at points (m, 2); NaN outside the box."""
    x_min, x_max, y_min, y_max = snapshot.box
    rows, columns = values.shape
    u = (points[:, 0] - x_min) / (x_max - x_min) * (columns - 1)
    v = (points[:, 1] - y_min) / (y_max - y_min) * (rows - 1)
    slack = 1e-9 * max(rows, columns)  # a point on the edge may round to just outside
    inside = (u >= -slack) & (u <= columns - 1 + slack) & (v >= -slack) & (v <= rows - 1 + slack)
    i = np.clip(np.floor(u), 0, columns - 2).astype(int)
    j = np.clip(np.floor(v), 0, rows - 2).astype(int)
    s, t = u - i, v - j
    below = (1 - s) * values[j, i] + s * values[j, i + 1]
    above = (1 - s) * values[j + 1, i] + s * values[j + 1, i + 1]
    return np.where(inside, (1 - t) * below + t * above, np.nan)


def cut_line(snapshot: Snapshot, count: int = 501) -> Cut:
    """The line through the two heaviest target modes, or along x₁ when there is only one.

    It ends at the box; distance 0 is the mode that comes first along x₁ (then x₂).
    """
    centres, masses = target_modes(snapshot)
    heaviest = np.argsort(-masses, kind="stable")[:2]
    ends = on_plane(centres)[heaviest]
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    gap = float(np.linalg.norm(ends[-1] - ends[0]))
    if gap < 1e-9:  # one mode, or two that coincide on the plane
        direction, modes = np.array([1.0, 0.0]), np.array([0.0])
    else:
        direction, modes = (ends[-1] - ends[0]) / gap, np.array([0.0, gap])
    distance = np.linspace(*_reach(snapshot.box, ends[0], direction), count)
    return Cut(ends[0] + distance[:, None] * direction, distance, modes)


def target_modes(snapshot: Snapshot) -> tuple[np.ndarray, np.ndarray]:
    """A point (J, ≥ 1) and the mass (J,) of each mode of the target.

    Where the mode masses are those of the energy's own modes, the target's are in the spec: the
    cut must not follow the model.
    """
    target = snapshot.spec.target
    if own_modes(snapshot) and isinstance(target, MixtureTarget):
        return snapshot.target_means, np.asarray(target.masses)
    return snapshot.mode_centres, snapshot.mode_mass.truth


def cut_values(snapshot: Snapshot, line: Cut) -> tuple[np.ndarray, np.ndarray]:
    """−log p of the model and of the target at the points of the cut, two arrays (m,).

    The target's is NaN where its density is 0 or not known.
    """
    surprise = np.full(snapshot.target_density.shape, np.nan)
    some = snapshot.target_density > 0
    surprise[some] = -np.log(snapshot.target_density[some].astype(np.float64))
    energy = snapshot.field.astype(np.float64) + snapshot.log_z_plane
    return (
        bilinear(energy, snapshot, line.points),
        bilinear(surprise, snapshot, line.points),
    )


def cut_range(line: Cut, model: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """What the vertical axis shows: from the lowest point to above the barrier of the modes."""
    both = np.concatenate([model, target])
    if not np.isfinite(both).any():
        return 0.0, DEEPEST
    low = float(np.nanmin(both))
    between = (line.distance >= line.modes[0]) & (line.distance <= line.modes[-1])
    inner = np.concatenate([model[between], target[between]])
    barrier = float(np.nanmax(inner)) if np.isfinite(inner).any() else low
    return low - 0.5, min(max(barrier + LIFT, low + 8), low + DEEPEST)


def _reach(
    box: tuple[float, float, float, float], start: np.ndarray, direction: np.ndarray
) -> tuple[float, float]:
    """First and last distance along the line that still lie in the box."""
    low, high = np.array([box[0], box[2]]), np.array([box[1], box[3]])
    moving = np.abs(direction) > 1e-12
    to_low = (low - start)[moving] / direction[moving]
    to_high = (high - start)[moving] / direction[moving]
    return float(np.minimum(to_low, to_high).max()), float(np.maximum(to_low, to_high).min())
