"""The row of HISTORY at one update: exact numbers beside the estimates of the walkers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.core.referees.mixtures import Verdict, gradient_bias
from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.types import Parameters

if TYPE_CHECKING:
    from ebm_engine.run.run import Run


def history_row(run: Run, verdict: Verdict) -> dict[str, float]:
    """The numbers of HISTORY at the present update; NaN where a method has none."""
    trainer, walkers, metrics = run.parts.trainer, run.state.walkers, run.metrics
    cosine, ratio = _bias(run)
    row = {
        "step": run.step,
        "kl_exact": verdict.kl,
        "kl_exact_se": verdict.kl_se,
        "kl_data": verdict.kl_data,
        "ess": walkers.train.ess,
        "ancestors": len(torch.unique(walkers.train.ancestors)),
        "contrast": math.nan if metrics is None else metrics.contrast(),
        "resamplings": run.resamplings,
        "gradient_cosine": cosine,
        "gradient_ratio": ratio,
        "total_variation": verdict.total_variation,
        "step_size": run.spec.sampler.step_size * walkers.train.step_scale,
        "rate": trainer.factor(run.state),
        "acceptance": walkers.train.acceptance,
    } | _update(run)
    data_term = _data_energy(run, verdict) + run.parts.referee.data_log_density
    for name, population in (("kl_estimate", walkers.train), ("kl_witness", walkers.witness)):
        value, se = log_z_estimate(population) if population else (math.nan, math.nan)
        row |= {name: value + data_term, f"{name}_se": se}
    return row


def _update(run: Run) -> dict[str, float]:
    """Norms of the last update's gradient and of its parts, over what is learned, and mean
    energies; NaN before the first update.
    """
    names = ("gradient_norm", "cd_gradient_norm", "kl_gradient_norm", "data_energy")
    metrics = run.metrics
    if metrics is None:
        return dict.fromkeys((*names, "walker_energy"), math.nan)
    cd, kl = _parts(run, metrics)
    norms = (norm(_learned(run, metrics.gradient)), cd, kl)
    energies = (metrics.mean_data_energy(), metrics.mean_walker_energy())
    return dict(zip((*names, "walker_energy"), norms + energies, strict=True))


def _parts(run: Run, metrics: Metrics) -> tuple[float, float]:
    """Norms of data against walkers and of the KL term; NaN for methods without such a term.

    The term is what is left of the gradient: recording draws no random number, and the term does.
    """
    method = run.spec.method
    if method.kind != "improved-cd":
        return math.nan, math.nan
    cd = _learned(run, metrics.contrast_gradient())
    if not (method.kl_weight or method.entropy_weight):
        return norm(cd), 0.0
    whole = _learned(run, metrics.gradient)
    return norm(cd), norm({name: whole[name] - cd[name] for name in cd})


def _learned(run: Run, gradient: Parameters) -> Parameters:
    masks = run.parts.trainer.masks
    return {name: g * masks[name] for name, g in gradient.items()}


def _data_energy(run: Run, verdict: Verdict) -> float:
    """Mean U of the training points at θ, which the walkers follow, also where an average of θ is
    judged.
    """
    trainer = run.parts.trainer
    if trainer.average is None:
        return verdict.data_energy
    if run.parts.images is not None:
        return run.parts.referee.judge(trainer.energy).data_energy
    return float(trainer.energy.value(trainer.data).double().mean())


def _bias(run: Run) -> tuple[float, float]:
    """Cosine and norm ratio of the last gradient against the exact one, over what is learned.

    NaN on images, where the exact one is not known.
    """
    if run.metrics is None or run.parts.images is not None:
        return math.nan, math.nan
    masks = run.parts.trainer.masks
    exact = run.parts.referee.gradient(run.metrics.previous)
    estimate = _learned(run, run.metrics.gradient)
    return gradient_bias(estimate, {n: g.cpu() * masks[n].cpu() for n, g in exact.items()})
