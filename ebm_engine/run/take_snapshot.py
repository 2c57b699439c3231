"""From a run to a Snapshot: the plane, the field and the mode masses, as numpy arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.smc.weights import ess_ceiling, normalised, weighted_mean
from ebm_engine.core.types import Evaluation, Walkers
from ebm_engine.run.history import EVENTS
from ebm_engine.run.plane import as_numpy, means_of
from ebm_engine.run.snapshot import ModeMasses, Snapshot
from ebm_engine.run.tiles import pictures

if TYPE_CHECKING:
    from ebm_engine.build.parts import Parts
    from ebm_engine.core.referees.mixtures import Verdict
    from ebm_engine.run.run import Run

SHOWN_DATA = 1000


def take_snapshot(run: Run, *, playing: bool, updates_per_second: float, notice: str) -> Snapshot:
    """The present moment of a run; reads, draws no random number, changes nothing.

    While a network plays, the exact numbers and the field are those of a few updates ago: they
    cost more than an update.
    """
    walkers, plane, parts = run.state.walkers, run.plane, run.parts
    data = parts.trainer.data
    recent = run.recent(playing=playing)
    history, mass_history = run.history.columns(recent.row, recent.verdict.masses.numpy())
    field = plane.field(parts.model, run.step, playing=playing)
    estimates = [log_z_estimate(w)[0] if w else math.nan for w in walkers[:2]]
    count = len(walkers.train.x)
    return Snapshot(
        spec=run.spec,
        step=run.step,
        playing=playing,
        updates_per_second=updates_per_second,
        device=parts.device,
        positions=plane.project(walkers.train.x),
        log_w=as_numpy(torch.log_softmax(walkers.train.log_w, 0) + math.log(count)),
        energies=as_numpy(walkers.train.at.energy),
        trails=plane.lift(run.trails.highlighted()),
        crossings=run.trails.crossings,
        data=plane.project(data[:: max(1, len(data) // SHOWN_DATA)]),
        box=plane.box,
        field=field,
        log_z_plane=plane.log_z(parts.model, recent.verdict),
        target_density=plane.target_density,
        history=history,
        mass_history=mass_history,
        resampled_at=np.array(run.resampled_at, dtype=np.int64)[-EVENTS:],
        marks=tuple(run.marks),
        mode_mass=mode_masses(run, recent.verdict),
        means=means_of(parts.model),
        target_means=plane.target_means,
        target_stds=plane.target_stds,
        mode_centres=plane.mode_centres(parts.model),
        ess_ceiling=_ceiling(run),
        log_z_exact=recent.verdict.log_z,
        log_z_estimate=None if math.isnan(estimates[0]) else estimates[0],
        log_z_witness=None if math.isnan(estimates[1]) else estimates[1],
        known_density=parts.images is None and (parts.density is None or parts.density.known),
        **pictures(run),
        outside=recent.verdict.outside,
        quadrature_error=recent.verdict.error,
        divergence=run.divergence,
        notice=notice,
        changes=tuple(run.changes.entries),
        genealogy_steps=run.genealogy.steps,
        genealogy=run.genealogy.rows,
    )


def mode_masses(run: Run, verdict: Verdict) -> ModeMasses:
    """The share of each mode in the data, the model and the two readings of the walkers."""
    parts, energy = run.parts, run.parts.trainer.energy
    train: Walkers = run.state.walkers.train
    shares = _shares(parts, train.x, train.at)  # (n, J)
    equal = torch.full((len(shares),), 1 / len(shares), dtype=torch.float64, device=shares.device)
    ancestors = train.ancestors.to(shares.device)
    raw, raw_se = weighted_mean(shares, equal, ancestors)
    weights = normalised(train.log_w).to(shares.device)
    weighted, weighted_se = weighted_mean(shares, weights, ancestors)
    if parts.regions is None:
        truth = parts.referee.nearest_mode_masses(energy.parameters["means"])
    else:
        truth = parts.density.masses if parts.images is None else parts.images.shares
    return ModeMasses(
        truth=truth.numpy(),
        data=run.data_masses(),
        model=verdict.masses.numpy(),
        raw=as_numpy(raw, np.float64),
        raw_se=as_numpy(raw_se, np.float64),
        weighted=as_numpy(weighted, np.float64),
        weighted_se=as_numpy(weighted_se, np.float64),
    )


def _shares(parts: Parts, x: Tensor, at: Evaluation) -> Tensor:
    """The share (n, J) float64 that each mode has in each point."""
    if parts.regions is None:
        return at.responsibilities.double()
    return parts.regions.shares(x)


def data_masses(parts: Parts) -> np.ndarray:
    """Mean share (J,) of each mode over all training points."""
    data = parts.trainer.data
    if parts.regions is not None:
        return as_numpy(parts.regions.shares(data).mean(0), np.float64)
    at = parts.trainer.energy.evaluate(data, gradient=False)
    return as_numpy(_shares(parts, data, at).mean(0), np.float64)


def _ceiling(run: Run) -> float:
    """The ESS ceiling of ULA on unit modes; not known for other energies and kernels."""
    sampler, mixture = run.spec.sampler, run.spec.energy.kind == "mixture"
    plain = sampler.kernel == "ula" and getattr(run.spec.method, "steps", 1) == 1
    return ess_ceiling(sampler.step_size, run.spec.dim) if mixture and plain else math.nan
