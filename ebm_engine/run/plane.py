"""The plane that is shown: the square of the first two coordinates, and what lies on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.referees.mixtures import log_density
from ebm_engine.core.types import Energy

if TYPE_CHECKING:
    from ebm_engine.build.parts import Parts
    from ebm_engine.core.referees.mixtures import Verdict

GRID = 100  # points of the field along each axis
MARGIN = 4.0  # widths of a mode between the outermost mean and the edge
WIDER = 1.15  # the square shown, in units of the box that holds the target
FIELD_EVERY = 10  # updates between two fields of a network while it plays
GOLDEN = 0.6180339887498949


class Plane:
    """The square of the first two coordinates that holds every mode of target and start.

    In one dimension the second coordinate is a fixed jitter per point and the density is spread
    evenly over the height of the square. `target_density` (g, g) is the target's marginal there.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._dim = parts.trainer.data.shape[1]
        self.target_means, self.target_stds = _target_modes(parts)
        (cx, cy), half = _square(parts, self._dim)
        self._half = half
        self.box = (cx - half, cx + half, cy - half, cy + half)
        axes = [torch.linspace(c - half, c + half, GRID, dtype=torch.float64) for c in (cx, cy)]
        y, x = torch.meshgrid(axes[1], axes[0], indexing="ij")
        self._grid = torch.stack([x, y], -1).reshape(-1, 2)[:, : min(self._dim, 2)]
        self._log_height = math.log(2 * half) if self._dim == 1 else 0.0
        self.target_density = self._target_density()
        self._field: tuple[int, np.ndarray] | None = None

    def project(self, x: Tensor) -> np.ndarray:
        """Positions (n, 2) float32 on the plane."""
        return self.lift(x[:, :2].float().cpu())

    def lift(self, x: Tensor) -> np.ndarray:
        """Positions with a second coordinate: itself, or a jitter fixed by the first index."""
        if self._dim > 1:
            return as_numpy(x)
        index = torch.arange(len(x), dtype=torch.float64)
        jitter = ((index * GOLDEN) % 1 - 0.5) * self._half  # spread evenly, never random
        column = jitter.float().reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
        return as_numpy(torch.cat([x, column], -1))

    def field(self, energy: Energy, step: int, *, playing: bool) -> np.ndarray:
        """Energy (g, g) of the model's marginal on the plane."""
        if "means" in energy.parameters:
            values = _marginal(energy).evaluate(self._grid, gradient=False).energy
            return as_numpy(values.reshape(GRID, GRID))
        if playing and self._field and 0 <= step - self._field[0] < FIELD_EVERY:
            return self._field[1]
        values = energy.value(self._grid.to(self._parts.trainer.data))
        self._field = step, as_numpy(values.reshape(GRID, GRID))
        return self._field[1]

    def log_z(self, energy: Energy, verdict: Verdict) -> float:
        """log Z with p = exp(−field − log Z) on the plane."""
        if "means" in energy.parameters:
            return _marginal(energy).log_z() + self._log_height
        return verdict.log_z

    def mode_centres(self, energy: Energy) -> np.ndarray:
        """A point (J, ≥ 2) of each mode whose mass is measured."""
        if self._parts.regions is None:
            return means_of(energy)
        return as_numpy(self._parts.density.centres)

    def _target_density(self) -> np.ndarray:
        density, referee = self._parts.density, self._parts.referee
        if density is None:
            means = referee.means[:, :2]
            values = log_density(self._grid, means, referee.log_masses, referee.stds)
        elif density.known:
            values = density.log_density(self._grid)
        else:
            return np.full((GRID, GRID), np.nan, dtype=np.float32)
        return as_numpy(torch.exp(values - self._log_height).reshape(GRID, GRID))


def _marginal(energy: Energy) -> MixtureEnergy:
    """The mixture that the first two coordinates follow."""
    means, z = (energy.parameters[name].double().cpu() for name in ("means", "log_masses"))
    return MixtureEnergy(means[:, :2], z)


def _square(parts: Parts, dim: int) -> tuple[list[float], float]:
    """Centre and half side of the square that is shown."""
    if parts.density is not None:
        x_min, x_max, y_min, y_max = parts.density.box
        half = WIDER * max(x_max - x_min, y_max - y_min) / 2
        return [(x_min + x_max) / 2, (y_min + y_max) / 2], half
    start = parts.base.parameters["means"].double().cpu()
    means = torch.cat([parts.referee.means, start])[:, :2]
    if dim == 1:
        means = torch.cat([means, torch.zeros_like(means)], 1)
    low, high = means.amin(0), means.amax(0)
    widest = max(1.0, float(parts.referee.stds.max()))
    return ((low + high) / 2).tolist(), float((high - low).max()) / 2 + MARGIN * widest


def _target_modes(parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Means and stds of a target of Gaussian modes, else none."""
    modes = parts.referee if parts.density is None else parts.density
    if not hasattr(modes, "stds"):
        return np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.float32)
    return as_numpy(modes.means), as_numpy(modes.stds)


def means_of(energy: Energy) -> np.ndarray:
    """The means of a mixture energy; none of a network."""
    means = energy.parameters.get("means")
    return np.zeros((0, 2), dtype=np.float32) if means is None else as_numpy(means)


def as_numpy(tensor: Tensor, dtype: type = np.float32) -> np.ndarray:
    """The numbers of a tensor, in float32 unless told otherwise."""
    # A run that diverges in float64 may hold numbers that are infinite in float32.
    with np.errstate(over="ignore"):
        return tensor.detach().cpu().numpy().astype(dtype)
