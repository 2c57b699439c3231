"""The plane that points are shown on: the square of their first two coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.referees.mixtures import MixtureReferee, log_density
from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.types import Energy
from ebm_engine.data.densities import Density, GaussianMixture
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.plane import FIELD_EVERY, GRID, WIDER

MARGIN = 4.0  # widths of a mode between the outermost mean and the edge
GOLDEN = 0.6180339887498949

_NO_MEANS = np.zeros((0, 2), dtype=np.float32)
_NO_STDS = np.zeros(0, dtype=np.float32)


class Target(NamedTuple):
    """What the plane shows of a target.

    centre and half: of the square; log_density: of the target's marginal, a function of points
    (m, 1 or 2) float64, None where it is not known; means (J*, d) and stds (J*,) of Gaussian modes,
    else none; centres: (J, 2) of the target's modes, None where the modes are those of the energy.
    """

    centre: list[float]
    half: float
    log_density: Callable[[Tensor], Tensor] | None
    means: np.ndarray = _NO_MEANS
    stds: np.ndarray = _NO_STDS
    centres: np.ndarray | None = None


def density_target(density: Density) -> Target:
    """A density on the plane; the square is a little larger than its box."""
    x_min, x_max, y_min, y_max = density.box
    target = Target(
        [(x_min + x_max) / 2, (y_min + y_max) / 2],
        WIDER * max(x_max - x_min, y_max - y_min) / 2,
        density.log_density if density.known else None,
        centres=as_numpy(density.centres),
    )
    if not isinstance(density, GaussianMixture):
        return target
    return target._replace(means=as_numpy(density.means), stds=as_numpy(density.stds))


def mixture_target(referee: MixtureReferee, base: Energy) -> Target:
    """A mixture in any dimension; the square holds its modes and those of `base`, at θ₀."""

    def marginal(x: Tensor) -> Tensor:
        return log_density(x, referee.means[:, :2], referee.log_masses, referee.stds)

    means = torch.cat([referee.means, base.parameters["means"].double().cpu()])[:, :2]
    if means.shape[1] == 1:
        means = torch.cat([means, torch.zeros_like(means)], 1)
    low, high = means.amin(0), means.amax(0)
    widest = max(1.0, float(referee.stds.max()))
    return Target(
        ((low + high) / 2).tolist(),
        float((high - low).max()) / 2 + MARGIN * widest,
        marginal,
        as_numpy(referee.means),
        as_numpy(referee.stds),
    )


class PointPlane:
    """The square of the first two coordinates that holds every mode of target and start.

    In one dimension the second coordinate is a fixed jitter per point and the density is spread
    evenly over the height of the square. `like` is a tensor (·, d) of the run's dtype and device.
    """

    def __init__(self, target: Target, like: Tensor) -> None:
        self._like = like
        self._dim = like.shape[1]
        self._centres = target.centres
        self.target_means, self.target_stds = target.means, target.stds
        (cx, cy), half = target.centre, target.half
        self._half = half
        self.box = (cx - half, cx + half, cy - half, cy + half)
        axes = [torch.linspace(c - half, c + half, GRID, dtype=torch.float64) for c in (cx, cy)]
        y, x = torch.meshgrid(axes[1], axes[0], indexing="ij")
        self._grid = torch.stack([x, y], -1).reshape(-1, 2)[:, : min(self._dim, 2)]
        self._log_height = math.log(2 * half) if self._dim == 1 else 0.0
        self.target_density = np.full((GRID, GRID), np.nan, dtype=np.float32)
        if target.log_density is not None:
            values = torch.exp(target.log_density(self._grid) - self._log_height)
            self.target_density = as_numpy(values.reshape(GRID, GRID))
        self._field: tuple[int, np.ndarray] | None = None

    def project(self, x: Tensor) -> np.ndarray:
        """Positions (n, 2) float32 on the plane."""
        return self.lift(x[:, :2].float().cpu())

    def lift(self, places: Tensor) -> np.ndarray:
        """Positions with a second coordinate: itself, or a jitter fixed by the first index."""
        if self._dim > 1:
            return as_numpy(places)
        index = torch.arange(len(places), dtype=torch.float64)
        jitter = ((index * GOLDEN) % 1 - 0.5) * self._half  # spread evenly, never random
        column = jitter.float().reshape(-1, *[1] * (places.dim() - 1)).expand_as(places)
        return as_numpy(torch.cat([places, column], -1))

    def field(self, energy: Energy, step: int, *, playing: bool) -> np.ndarray:
        """Energy (g, g) of the model's marginal on the plane; of a network that plays, up to 10
        updates old.
        """
        if "means" in energy.parameters:
            values = _marginal(energy).evaluate(self._grid, gradient=False).energy
            return as_numpy(values.reshape(GRID, GRID))
        if playing and self._field and 0 <= step - self._field[0] < FIELD_EVERY:
            return self._field[1]
        values = energy.value(self._grid.to(self._like))
        self._field = step, as_numpy(values.reshape(GRID, GRID))
        return self._field[1]

    def log_z(self, energy: Energy, verdict: Verdict) -> float:
        """log Z with p = exp(−field − log Z) on the plane."""
        if "means" in energy.parameters:
            return _marginal(energy).log_z() + self._log_height
        return verdict.log_z

    def mode_centres(self, energy: Energy) -> np.ndarray:
        """A point (J, ≥ 2) of each mode whose mass is measured."""
        return means_of(energy) if self._centres is None else self._centres


def means_of(energy: Energy) -> np.ndarray:
    """The means (J, d) of a mixture energy; none (0, 2) of a network."""
    means = energy.parameters.get("means")
    return _NO_MEANS.copy() if means is None else as_numpy(means)


def _marginal(energy: Energy) -> MixtureEnergy:
    """The mixture that the first two coordinates follow."""
    means, z = (energy.parameters[name].double().cpu() for name in ("means", "log_masses"))
    return MixtureEnergy(means[:, :2], z)
