"""From a run to a Snapshot: the plane, the field and the mode masses, as numpy arrays."""

from __future__ import annotations

import math

import numpy as np
import torch

from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.smc.weights import ess_ceiling, normalised, weighted_mean
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.history import EVENTS
from ebm_engine.run.point_plane import means_of
from ebm_engine.run.snapshot import ModeMasses, Snapshot
from ebm_engine.run.state import Recent, RunState, mode_shares
from ebm_engine.run.tiles import pictures

SHOWN_DATA = 1000


def take_snapshot(
    state: RunState, recent: Recent, *, playing: bool, updates_per_second: float, notice: str
) -> Snapshot:
    """The present moment of a run; reads, draws no random number, changes nothing.

    While a network plays, the exact numbers and the field are those of a few updates ago: they
    cost more than an update.
    """
    walkers, plane, parts = state.walkers, state.plane, state.parts
    data = parts.trainer.data
    history, mass_history = state.history.columns(recent.row, recent.verdict.masses.numpy())
    field = plane.field(parts.model, state.step, playing=playing)
    estimates = [log_z_estimate(w)[0] if w else math.nan for w in walkers[:2]]
    count = len(walkers.train.x)
    return Snapshot(
        spec=state.spec,
        step=state.step,
        playing=playing,
        updates_per_second=updates_per_second,
        device=parts.device,
        positions=plane.project(walkers.train.x),
        log_w=as_numpy(torch.log_softmax(walkers.train.log_w, 0) + math.log(count)),
        energies=as_numpy(walkers.train.at.energy),
        trails=plane.lift(state.trails.highlighted()),
        crossings=state.trails.crossings,
        data=plane.project(data[:: max(1, len(data) // SHOWN_DATA)]),
        box=plane.box,
        field=field,
        log_z_plane=plane.log_z(parts.model, recent.verdict),
        target_density=plane.target_density,
        history=history,
        mass_history=mass_history,
        resampled_at=np.array(state.resampled_at, dtype=np.int64)[-EVENTS:],
        marks=tuple(state.marks),
        mode_mass=mode_masses(state, recent.verdict),
        means=means_of(parts.model),
        target_means=plane.target_means,
        target_stds=plane.target_stds,
        mode_centres=plane.mode_centres(parts.model),
        ess_ceiling=_ceiling(state),
        log_z_exact=recent.verdict.log_z,
        log_z_estimate=None if math.isnan(estimates[0]) else estimates[0],
        log_z_witness=None if math.isnan(estimates[1]) else estimates[1],
        known_density=parts.images is None and (parts.density is None or parts.density.known),
        **pictures(state),
        outside=recent.verdict.outside,
        quadrature_error=recent.verdict.error,
        divergence=state.divergence,
        notice=notice,
        changes=tuple(state.changes.entries),
        genealogy_steps=state.genealogy.steps,
        genealogy=state.genealogy.rows,
    )


def mode_masses(state: RunState, verdict: Verdict) -> ModeMasses:
    """The share of each mode in the data, the model and the two readings of the walkers."""
    parts, train = state.parts, state.walkers.train
    shares = mode_shares(parts, train)  # (n, J)
    equal = torch.full((len(shares),), 1 / len(shares), dtype=torch.float64, device=shares.device)
    ancestors = train.ancestors.to(shares.device)
    raw, raw_se = weighted_mean(shares, equal, ancestors)
    weights = normalised(train.log_w).to(shares.device)
    weighted, weighted_se = weighted_mean(shares, weights, ancestors)
    return ModeMasses(
        truth=parts.referee.true_masses(parts.trainer.energy).numpy(),
        data=state.data_masses(),
        model=verdict.masses.numpy(),
        raw=as_numpy(raw, np.float64),
        raw_se=as_numpy(raw_se, np.float64),
        weighted=as_numpy(weighted, np.float64),
        weighted_se=as_numpy(weighted_se, np.float64),
    )


def _ceiling(state: RunState) -> float:
    """The ESS ceiling of ULA on unit modes; not known for other energies and kernels."""
    sampler, mixture = state.spec.sampler, not state.spec.energy.is_network
    plain = sampler.kernel == "ula" and state.spec.method.steps == 1
    return ess_ceiling(sampler.step_size, state.spec.dim) if mixture and plain else math.nan
