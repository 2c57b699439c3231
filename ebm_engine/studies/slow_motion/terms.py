"""The terms of one update: where the gradient came from, what it did to θ, what the weights did.

data term (1/m) Σⱼ ∂U/∂θ(x*ⱼ), walker term Σᵢ pᵢ ∂U/∂θ(xᵢ), both at θₖ by the energy's own
derivative; their difference is the gradient of every method that compares data with walkers.
(Carbone et al. 2023, arXiv 2305.19414.) x* (m, d) data, x (n, d) walkers, p (n,) their weights,
A (n,) log-weights.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebm_engine.core.smc.weights import ess_fraction, normalised
from ebm_engine.core.training import norm
from ebm_engine.core.types import Batch, Parameters, Walkers
from ebm_engine.run.arrays import as_numpy
from ebm_engine.run.run import Run
from ebm_engine.studies.specs.slow_motion import Term, Weights

MOST_ENTRIES = 64  # of a parameter, up to which they are reported one by one


class Before(NamedTuple):
    """What an update began with: walkers and training points."""

    walkers: Walkers
    batch: Batch


def parameter_terms(run: Run, before: Before) -> dict[str, Term]:
    """The terms by name.

    data and walkers: the two terms, where the method has them; gradient: its estimate of ∂H/∂θ;
    used: what the optimiser took, masked, penalised and clipped; change: θₖ₊₁ − θₖ.
    """
    trainer, metrics = run.parts.trainer, run.state.last_metrics
    now, then = trainer.energy.parameters, metrics.previous.parameters
    terms = _two_sides(run, before) | {
        "gradient": metrics.gradient,
        "used": {name: parameter.grad for name, parameter in now.items()},
        "change": {name: now[name] - then[name] for name in now},
    }
    return {name: _term({n: parts[n] for n in now}) for name, parts in terms.items()}


def _term(parts: Parameters) -> Term:
    small = {n: g for n, g in parts.items() if g.numel() <= MOST_ENTRIES}
    return Term(
        np.array([norm({name: part}) for name, part in parts.items()]),
        {name: as_numpy(part, np.float64) for name, part in small.items()},
    )


def _two_sides(run: Run, before: Before) -> dict[str, Parameters]:
    """The data term and the walker term; none of score matching, which has no such sides.

    For the exact gradient the second one is the expectation under the model: what the exact
    gradient leaves of the term of all training points.
    """
    method, energy = run.spec.method, run.state.last_metrics.previous
    if not method.reads_walkers and method.reads_batch:
        return {}
    x = before.batch.x if method.reads_batch else run.parts.trainer.data
    equal = torch.full_like(x[:, 0], 1 / len(x))
    data = energy.parameter_gradient(x, energy.evaluate(x, gradient=False), equal)
    if not method.reads_walkers:
        return {
            "data": data,
            "walkers": {n: data[n] - g for n, g in run.state.last_metrics.gradient.items()},
        }
    samples = samples_of_gradient(run, before)
    at = energy.evaluate(samples)
    return {
        "data": data,
        "walkers": energy.parameter_gradient(samples, at, run.state.last_metrics.weights),
    }


def samples_of_gradient(run: Run, before: Before) -> Tensor:
    """The walkers (n, d) that stood for the model: those of before, or the ends of new chains."""
    now = run.state.walkers.train
    return before.walkers.x if now.path is None else now.x


def walker_weights(run: Run, before: Before, end: Walkers) -> Weights:
    """Weights and energies before and after; `end`: the walkers before any resampling."""
    now, first = run.state.walkers.train, before.walkers
    samples = samples_of_gradient(run, before)
    at = run.state.last_metrics.previous.evaluate(samples, gradient=False)
    modes = at.responsibilities
    return Weights(
        share=as_numpy(run.state.last_metrics.weights, np.float64),
        responsibilities=np.zeros((0, 0)) if modes is None else as_numpy(modes),
        log_w=_relative(first.log_w),
        log_w_after=_relative(end.log_w),
        gain=as_numpy(end.log_w - first.log_w, np.float64),
        energy=as_numpy(at.energy, np.float64),
        energy_after=as_numpy(end.at.energy, np.float64),
        ess_before=ess_fraction(normalised(first.log_w)),
        ess=now.ess_before,
        threshold=run.spec.method.ess_threshold if run.spec.method.weighted else math.nan,
        resampled=now.resampled,
        parents=_parents(now),
        restarted=_restarted(now),
        acceptance=now.acceptance,
    )


def _parents(walkers: Walkers) -> np.ndarray:
    """Whose copy each slot (n,) holds, (0,) without a resampling."""
    if walkers.parents is None or not walkers.resampled:
        return np.zeros(0, np.int64)
    return as_numpy(walkers.parents, np.int64)


def _restarted(walkers: Walkers) -> np.ndarray:
    """Whether each walker (n,) was put back to a start."""
    if walkers.parents is None:
        return np.zeros(len(walkers.x), dtype=bool)
    return (walkers.parents < 0).cpu().numpy()


def _relative(log_w: Tensor) -> np.ndarray:
    """log(N·w), 0 for an equal weight."""
    return as_numpy(torch.log_softmax(log_w, 0) + math.log(len(log_w)), np.float64)
