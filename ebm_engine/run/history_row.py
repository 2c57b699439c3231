"""The row of HISTORY at one update: exact numbers beside the estimates of the walkers."""

from __future__ import annotations

import math

import torch

from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.core.referees.mixtures import gradient_bias
from ebm_engine.core.referees.referee import Verdict
from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.types import Parameters
from ebm_engine.run.state import RunState


def history_row(state: RunState, verdict: Verdict) -> dict[str, float]:
    """The numbers of HISTORY at the present update; NaN where a method has none."""
    trainer, walkers, metrics = state.parts.trainer, state.walkers, state.metrics
    cosine, ratio = _bias(state)
    row = {
        "step": state.step,
        "kl_exact": verdict.kl,
        "kl_exact_se": verdict.kl_se,
        "kl_data": verdict.kl_data,
        "ess": walkers.train.ess,
        "ancestors": len(torch.unique(walkers.train.ancestors)),
        "contrast": math.nan if metrics is None else metrics.contrast(),
        "resamplings": state.resamplings,
        "gradient_cosine": cosine,
        "gradient_ratio": ratio,
        "total_variation": verdict.total_variation,
        "step_size": state.spec.sampler.step_size * walkers.train.step_scale,
        "rate": trainer.factor(state.training),
        "acceptance": walkers.train.acceptance,
    } | _update(state)
    data_term = _data_energy(state, verdict) + state.parts.referee.data_log_density
    for name, population in (("kl_estimate", walkers.train), ("kl_witness", walkers.witness)):
        value, se = log_z_estimate(population) if population else (math.nan, math.nan)
        row |= {name: value + data_term, f"{name}_se": se}
    return row


def _update(state: RunState) -> dict[str, float]:
    """Norms of the last update's gradient and of its parts, over what is learned, and mean
    energies; NaN before the first update.
    """
    names = ("gradient_norm", "cd_gradient_norm", "kl_gradient_norm", "data_energy")
    metrics = state.metrics
    if metrics is None:
        return dict.fromkeys((*names, "walker_energy"), math.nan)
    cd, kl = _parts(state, metrics)
    norms = (norm(_learned(state, metrics.gradient)), cd, kl)
    energies = (metrics.mean_data_energy(), metrics.mean_walker_energy())
    return dict(zip((*names, "walker_energy"), norms + energies, strict=True))


def _parts(state: RunState, metrics: Metrics) -> tuple[float, float]:
    """Norms of data against walkers and of the KL term; NaN for methods without such a term.

    The term is what is left of the gradient: recording draws no random number, and the term does.
    """
    method = state.spec.method
    if not method.has_kl_term:
        return math.nan, math.nan
    cd = _learned(state, metrics.contrast_gradient())
    if not (method.kl_weight or method.entropy_weight):
        return norm(cd), 0.0
    whole = _learned(state, metrics.gradient)
    return norm(cd), norm({name: whole[name] - cd[name] for name in cd})


def _learned(state: RunState, gradient: Parameters) -> Parameters:
    masks = state.parts.trainer.masks
    return {name: g * masks[name] for name, g in gradient.items()}


def _data_energy(state: RunState, verdict: Verdict) -> float:
    """Mean U of the training points at θ, which the walkers follow, also where an average of θ is
    judged.
    """
    trainer = state.parts.trainer
    if trainer.average is None:
        return verdict.data_energy
    if state.parts.images is not None:
        return state.parts.referee.judge(trainer.energy).data_energy
    return float(trainer.energy.value(trainer.data).double().mean())


def _bias(state: RunState) -> tuple[float, float]:
    """Cosine and norm ratio of the last gradient against the exact one, over what is learned.

    NaN on images, where the exact one is not known.
    """
    if state.metrics is None or state.parts.images is not None:
        return math.nan, math.nan
    masks = state.parts.trainer.masks
    exact = state.parts.referee.gradient(state.metrics.previous)
    estimate = _learned(state, state.metrics.gradient)
    return gradient_bias(estimate, {n: g.cpu() * masks[n].cpu() for n, g in exact.items()})
