"""Learning a latent-variable model with Jarzynski weights (JALA-EM), where the evidence is known.

The evidence p_θ(y) is the normaliser of U(θ, x) = −log p_θ(x, y) (core.energies.latent, with all
closed forms), so weighted ULA estimates it while θ climbs. N particles start exactly at p_θ₀(x|y);
with weights p = softmax(A) and rate γ each update is
θ ← θ − γĝ,  ĝ = Σᵢ pᵢ ∂U/∂θ(xᵢ), an ascent of log p_θ(y) by Fisher's identity,
then the ULA move with its weight increment (core.kernels.ula) and systematic resampling when
ESS/N < c. At any time, with L the sum of log-mean-exp(A) at past resamplings,
log p_θ(y) ≈ log p_θ₀(y) + L + log-mean-exp(A).
(Cuin, Carbone and Akyildiz 2025, arXiv 2505.18427.)

θ follows the same particles that estimate the evidence. With g the exact gradient, an update adds
γĝ² to the estimated log-evidence and γgĝ to the true one: the excess is on average
γ Var(ĝ) ≈ γ Var(∂U/∂θ | y)/N_eff = γ dσ²/((1 + σ²)N_eff) per update. It always pushes up, because θ
climbs the normaliser itself; the loss of an energy model has +log Z, which training lowers, and
there the same feedback pulls down. A second population on the same path of θ (`follow_path`) never
enters a gradient, and its estimate of p_θ(y) has no such drift.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.latent_variable import LatentEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.population import (
    log_z_estimate,
    resample_below,
    weighted_move,
    weighted_start,
)
from ebm_engine.core.smc.weights import normalised
from ebm_engine.core.types import Walkers

SCHEME = "systematic"


class LatentSpec(NamedTuple):
    """One run: y (d,), σ, θ₀, ULA step size h, rate γ, particles N, updates K, ESS/N limit c."""

    observations: Tensor
    noise: float = 1.0
    start: float = 0.0
    step_size: float = 0.05
    rate: float = 0.001
    walkers: int = 1000
    steps: int = 600
    threshold: float = 0.5


class LatentRun(NamedTuple):
    """What a run recorded at θ₀ … θ_K; every series is (K + 1,) float64 on the CPU.

    theta: θₖ; theta_exact: exact gradient ascent from θ₀ with the same rate; maximiser: mean(y),
    where the evidence is largest; log_evidence: the estimate of log p_θₖ(y) in nats;
    log_evidence_se: its standard error for a path of θ that does not depend on the particles;
    log_evidence_exact: the closed form at the same θₖ; ess: ESS/N before any resampling;
    resampled_at: (r,) updates that resampled.
    """

    theta: Tensor
    theta_exact: Tensor
    maximiser: float
    log_evidence: Tensor
    log_evidence_se: Tensor
    log_evidence_exact: Tensor
    ess: Tensor
    resampled_at: Tensor


class BayesFactor(NamedTuple):
    """log p(y | first) − log p(y | second) in nats: estimate, its standard error, closed form."""

    estimate: float
    se: float
    exact: float


Update = Callable[[int, LatentEnergy, Walkers], Tensor]


def jala_em(spec: LatentSpec, rng: Generator) -> LatentRun:
    """Learn θ from the weighted particles and estimate the evidence on the way.

    Raises ValueError for a spec outside its limits, see `check`.
    """

    def ascend(step: int, energy: LatentEnergy, walkers: Walkers) -> Tensor:
        weights = normalised(walkers.log_w)
        gradient = energy.parameter_gradient(walkers.x, walkers.at, weights)["theta"]
        return energy.theta - spec.rate * gradient

    return _run(spec, ascend, rng)


def follow_path(spec: LatentSpec, path: Tensor, rng: Generator) -> LatentRun:
    """Estimate the evidence along given θ₀ … θ_K (K + 1,) with particles that do not steer it.

    The path replaces the spec's start, steps and rate; E[exp(estimate)] = p_θ(y) exactly at every
    step size and resampling rule. Raises ValueError for a spec outside its limits, see `check`.
    """
    fixed = spec._replace(start=float(path[0]), steps=len(path) - 1)
    return _run(fixed, lambda step, energy, walkers: path[step].to(energy.theta), rng)


def log_bayes_factor(first: LatentRun, second: LatentRun) -> BayesFactor:
    """Compare two models of the same y, each at its last θ; the runs are independent."""
    return BayesFactor(
        estimate=float(first.log_evidence[-1] - second.log_evidence[-1]),
        se=math.hypot(float(first.log_evidence_se[-1]), float(second.log_evidence_se[-1])),
        exact=float(first.log_evidence_exact[-1] - second.log_evidence_exact[-1]),
    )


def draw_observations(theta: float, noise: float, dim: int, rng: Generator) -> Tensor:
    """y = θ1 + ξ + σξ′ (dim,) float64: one latent x of the model and its noisy observation."""
    like = torch.zeros(dim, dtype=torch.float64, device=rng.device)
    return theta + gaussian(like, rng) + noise * gaussian(like, rng)


def check(spec: LatentSpec) -> None:
    """Refuse a spec outside its limits with one sentence (ValueError).

    From h = σ²/(1 + σ²) on the weights have infinite variance; from γ = 2(1 + σ²)/d on even exact
    ascent does not converge.
    """
    y, variance = spec.observations, spec.noise**2
    if y.ndim != 1 or len(y) == 0 or not bool(torch.isfinite(y).all()):
        raise ValueError(f"observations {tuple(y.shape)} must be finite numbers of shape (d,)")
    if not 0 < spec.noise < math.inf:
        raise ValueError(f"noise is {spec.noise}; it must be a finite number above 0")
    limits = {
        "step size": (spec.step_size, variance / (1 + variance)),
        "rate": (spec.rate, 2 * (1 + variance) / len(y)),
    }
    for name, (value, limit) in limits.items():
        if not 0 < value < limit:
            raise ValueError(f"{name} is {value}; it must lie between 0 and {limit:.4g}")
    for name, count, least in (("walkers", spec.walkers, 2), ("steps", spec.steps, 0)):
        if count < least:
            raise ValueError(f"{name} is {count}; it must be at least {least}")
    if not 0 <= spec.threshold <= 1:
        raise ValueError(f"threshold is {spec.threshold}; it must lie between 0 and 1")


def _run(spec: LatentSpec, update: Update, rng: Generator) -> LatentRun:
    """Move, reweight and resample along the θ that `update` chooses; record every step."""
    check(spec)
    theta = spec.observations.new_tensor(spec.start)
    energy = LatentEnergy(theta, spec.observations, spec.noise)
    walkers = weighted_start(energy, spec.walkers, rng)
    rows, resampled_at = [_row(energy, walkers)], []
    for step in range(1, spec.steps + 1):
        energy = energy._replace(theta=update(step, energy, walkers))
        walkers = weighted_move(walkers, energy, ULA(spec.step_size), rng)
        walkers = resample_below(walkers, spec.threshold, SCHEME, rng)
        rows.append(_row(energy, walkers))
        resampled_at += [step] if walkers.resampled else []
    theta, estimate, error, exact, ess = torch.tensor(rows, dtype=torch.float64).T
    maximiser = float(spec.observations.double().mean())
    return LatentRun(
        theta=theta,
        theta_exact=_exact_ascent(spec, maximiser),
        maximiser=maximiser,
        log_evidence=estimate,
        log_evidence_se=error,
        log_evidence_exact=exact,
        ess=ess,
        resampled_at=torch.tensor(resampled_at, dtype=torch.int64),
    )


def _row(energy: LatentEnergy, walkers: Walkers) -> tuple[float, ...]:
    """θ, the estimate of log p_θ(y) and its standard error, the closed form, ESS/N."""
    return (float(energy.theta), *log_z_estimate(walkers), energy.log_z(), walkers.ess_before)


def _exact_ascent(spec: LatentSpec, maximiser: float) -> Tensor:
    """θₖ = m + (1 − γd/(1 + σ²))ᵏ (θ₀ − m) with m = mean(y), (K + 1,)."""
    keep = 1 - spec.rate * len(spec.observations) / (1 + spec.noise**2)
    powers = torch.arange(spec.steps + 1, dtype=torch.float64)
    return maximiser + keep**powers * (spec.start - maximiser)
