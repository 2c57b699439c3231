"""From a run to a Snapshot: the plane, the field and the mode masses, as numpy arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.population import log_z_estimate
from ebm_engine.core.referee import Referee, log_density, log_z
from ebm_engine.core.types import Walkers
from ebm_engine.core.weights import ess_ceiling, normalised, weighted_mean
from ebm_engine.runs.recorder import EVENTS
from ebm_engine.runs.snapshot import ModeMasses, Snapshot

if TYPE_CHECKING:
    from ebm_engine.runs.build import Parts
    from ebm_engine.runs.run import Run

GRID = 100  # points of the field along each axis
MARGIN = 4.0  # widths of a mode between the outermost mean and the edge
SHOWN_DATA = 1000
GOLDEN = 0.6180339887498949


def take_snapshot(run: Run, *, playing: bool, updates_per_second: float, notice: str) -> Snapshot:
    """The present moment of a run; reads, draws no random number, changes nothing."""
    energy, walkers = run.parts.trainer.energy, run.state.walkers
    data = run.parts.trainer.data
    plane = run.plane
    history, mass_history = run.history.columns(run.row(), run.model_masses())
    field, log_z_plane = plane.field(energy)
    stride = max(1, len(data) // SHOWN_DATA)
    estimates = [log_z_estimate(w)[0] if w else math.nan for w in walkers]
    return Snapshot(
        spec=run.spec,
        step=run.step,
        playing=playing,
        updates_per_second=updates_per_second,
        device=run.parts.device,
        positions=plane.project(walkers.train.x),
        log_w=_numpy(torch.log_softmax(walkers.train.log_w, 0) + math.log(len(walkers.train.x))),
        energies=_numpy(walkers.train.at.energy),
        trails=plane.lift(run.trails.highlighted()),
        crossings=run.trails.crossings,
        data=plane.project(data[::stride]),
        box=plane.box,
        field=field,
        log_z_plane=log_z_plane,
        target_density=plane.target_density,
        history=history,
        mass_history=mass_history,
        resampled_at=np.array(run.resampled_at, dtype=np.int64)[-EVENTS:],
        marks=tuple(run.marks),
        mode_mass=mode_masses(run),
        means=_numpy(energy.means),
        target_means=_numpy(run.parts.referee.means),
        ess_ceiling=ess_ceiling(run.spec.sampler.step_size, run.spec.dim),
        log_z_exact=log_z(energy.z, run.spec.dim),
        log_z_estimate=None if math.isnan(estimates[0]) else estimates[0],
        log_z_witness=None if math.isnan(estimates[1]) else estimates[1],
        divergence=run.divergence,
        notice=notice,
    )


def mode_masses(run: Run) -> ModeMasses:
    """The share of each mode, E[rⱼ], in the data, the model and the two readings of the walkers."""
    energy, referee = run.parts.trainer.energy, run.parts.referee
    train: Walkers = run.state.walkers.train
    shares = train.at.responsibilities.double()  # (n, J)
    equal = torch.full((len(shares),), 1 / len(shares), dtype=torch.float64, device=shares.device)
    raw, raw_se = weighted_mean(shares, equal, train.ancestors)
    weighted, weighted_se = weighted_mean(shares, normalised(train.log_w), train.ancestors)
    return ModeMasses(
        truth=referee.nearest_mode_masses(energy.means).numpy(),
        data=_numpy(run.state.data_at.responsibilities.double().mean(0), np.float64),
        model=run.model_masses(),
        raw=_numpy(raw, np.float64),
        raw_se=_numpy(raw_se, np.float64),
        weighted=_numpy(weighted, np.float64),
        weighted_se=_numpy(weighted_se, np.float64),
    )


class Plane:
    """The square of the first two coordinates that holds every mode of target and start.

    In one dimension the second coordinate is a fixed jitter per point and the density is spread
    evenly over the height of the square. `target_density` (g, g) is the target's marginal there.
    """

    def __init__(self, parts: Parts) -> None:
        self._dim = parts.base.means.shape[1]
        means = torch.cat([parts.referee.means, parts.base.means.double().cpu()])[:, :2]
        if self._dim == 1:
            means = torch.cat([means, torch.zeros_like(means)], 1)
        low, high = means.amin(0), means.amax(0)
        centre, half = (low + high) / 2, float((high - low).max()) / 2 + MARGIN
        (cx, cy), self._half = centre.tolist(), half
        self.box = (cx - half, cx + half, cy - half, cy + half)
        axes = [torch.linspace(c - half, c + half, GRID, dtype=torch.float64) for c in (cx, cy)]
        y, x = torch.meshgrid(axes[1], axes[0], indexing="ij")
        self._grid = torch.stack([x, y], -1).reshape(-1, 2)[:, : min(self._dim, 2)]
        self._log_height = math.log(2 * half) if self._dim == 1 else 0.0
        self.target_density = self._density_of(parts.referee)

    def project(self, x: Tensor) -> np.ndarray:
        """Positions (n, 2) float32 on the plane."""
        return self.lift(x[:, :2].float().cpu())

    def lift(self, x: Tensor) -> np.ndarray:
        """Positions with a second coordinate: itself, or a jitter fixed by the first index."""
        if self._dim > 1:
            return _numpy(x)
        index = torch.arange(len(x), dtype=torch.float64)
        jitter = ((index * GOLDEN) % 1 - 0.5) * self._half  # spread evenly, never random
        column = jitter.float().reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
        return _numpy(torch.cat([x, column], -1))

    def field(self, energy: MixtureEnergy) -> tuple[np.ndarray, float]:
        """Energy (g, g) of the model's marginal on the plane and its log Z there."""
        means = energy.means[:, :2].double().cpu()
        marginal = MixtureEnergy(means, energy.z.double().cpu())
        values = marginal.evaluate(self._grid).energy
        total = marginal.log_z() + self._log_height
        return _numpy(values.reshape(GRID, GRID)), total

    def _density_of(self, referee: Referee) -> np.ndarray:
        values = log_density(self._grid, referee.means[:, :2], referee.log_masses)
        return _numpy(torch.exp(values - self._log_height).reshape(GRID, GRID))


def _numpy(tensor: Tensor, dtype: type = np.float32) -> np.ndarray:
    return tensor.detach().cpu().numpy().astype(dtype)
