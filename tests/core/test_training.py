"""Whole trainings with a known outcome: facts 14, 15 and 16."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ebm_engine.build.parts import Parts, build
from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.data.densities import sample_mixture
from ebm_engine.spec.edit import parse_spec

PAPER_RATES = {"kind": "sgd", "lr_means": 0.0025, "lr_log_masses": 0.0125}


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def in_dimension(d: int, first: list[float]) -> list[list[float]]:
    """Means on the first axis of a d-dimensional space."""
    return [[a] + [0.0] * (d - 1) for a in first]


def trained(spec: dict[str, Any], updates: int, every: int) -> tuple[Parts, Any, torch.Tensor]:
    """The parts, the last state and log(p₂/p₁) after every `every` updates."""
    parts = build(parse_spec(spec | {"dtype": "float64"}))
    state, log_odds = parts.trainer.start(parts.rngs), []
    with torch.no_grad():
        for k in range(updates):
            if k % every == 0:
                log_odds.append(-float(parts.trainer.energy.z[1]))
            state, _ = parts.trainer.step(state)
    log_odds.append(-float(parts.trainer.energy.z[1]))
    return parts, state, torch.tensor(log_odds, dtype=torch.float64)


@pytest.mark.slow
def test_exact_gradient_descent_follows_the_reference_curve():
    """The paper's d = 50 problem with E_θ[∂_aU] = 0 and E_θ[∂_zU] = p in closed form; fact 14.

    p₁ = .2776/.2540/.2501/.2500 to 2e-4 and a₁ = −3.97/−6.35/−8.66/−9.94 to .02 (the scatter of
    2500 points) after 800/1600/3200/8000 updates. Softmax(+z) for p, or an ascent, ends elsewhere.
    """
    rng, d, n = torch.Generator().manual_seed(0), 50, 10_000
    target = torch.tensor(in_dimension(d, [-10, 6]), dtype=torch.float64)
    x = sample_mixture(target, torch.tensor([0.25, 0.75], dtype=torch.float64), n, rng)
    means = 0.01 * torch.randn(2, d, generator=rng, dtype=torch.float64)
    means[:, 0] = torch.tensor([-0.1, 0.1])
    energy = MixtureEnergy(means, torch.zeros(2, dtype=torch.float64))
    weights, p1, a1 = torch.full((n,), 1 / n, dtype=torch.float64), [], []
    for k in range(1, 8001):
        data = energy.parameter_gradient(x, energy.evaluate(x), weights)
        model = torch.softmax(-energy.z, 0)
        energy.means -= 0.0025 * data["means"]
        energy.z[1] -= 0.0125 * (data["log_masses"][1] - model[1])
        if k in (800, 1600, 3200, 8000):
            p1.append(float(torch.softmax(-energy.z, 0)[0]))
            a1.append(float(energy.means[0, 0]))
    assert p1 == pytest.approx([0.2776, 0.2540, 0.2501, 0.2500], abs=2e-4)
    assert a1 == pytest.approx([-3.97, -6.35, -8.66, -9.94], abs=0.02)
    assert float(energy.means[1, 0]) == pytest.approx(6.002, abs=0.02)


def paper_spec(kind: str) -> dict[str, Any]:
    """The paper's experiment at d = 10 with 5000 points and 3000 walkers."""
    return {
        "target": {"means": in_dimension(10, [-10, 6]), "masses": [0.25, 0.75], "samples": 5000},
        "energy": {"means": in_dimension(10, [-0.1, 0.1]), "masses": [0.5, 0.5], "jitter": 0.01},
        "method": {"kind": kind},
        "walkers": {"count": 3000},
        "optimizer": PAPER_RATES,
    }


@pytest.mark.slow
def test_pcd_finds_the_means_and_loses_a_mode_at_a_constant_rate():
    """Log-odds grow linearly (differences within 10 % from update 2400 on) to p₁ < 0.01; fact 15.

    The rate is γ_z(q̂_data − q̂_walkers) per update, with shares of the right mode: the walkers do
    not cross any more, so it never decays as that of a consistent estimate would.
    """
    parts, state, log_odds = trained(paper_spec("pcd"), updates=8000, every=800)
    energy = parts.trainer.energy
    assert float(torch.softmax(-energy.z, 0)[0]) < 0.01
    assert energy.means[:, 0].tolist() == pytest.approx([-10, 6], abs=0.15)
    steps = log_odds.diff()[3:]
    assert (steps / steps.mean() - 1).abs().max() < 0.1
    right = (state.walkers.train.x[:, 0] > -2).double().mean()
    assert float(steps.mean()) == pytest.approx(800 * 0.0125 * (0.75 - float(right)), rel=0.01)


@pytest.mark.slow
def test_weighted_ula_finds_the_means_and_the_masses():
    """p₁ within .05 of .25 and the means within .1 of the data's after 8000 updates; fact 15.

    The same walkers without weights (PCD) end below 0.01.
    """
    parts = trained(paper_spec("weighted-ula"), updates=8000, every=8000)[0]
    energy = parts.trainer.energy
    assert float(torch.softmax(-energy.z, 0)[0]) == pytest.approx(0.25, abs=0.05)
    left = parts.trainer.data[:, 0] < -2
    centres = [parts.trainer.data[side].mean(0) for side in (left, ~left)]
    assert torch.allclose(energy.means, torch.stack(centres), rtol=0, atol=0.1)


def frozen_means_spec(method: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """1-D modes at −12 and 9, known; only the mass is learned, from one third, with few walkers."""
    means = [[-12.0], [9.0]]
    return {
        "target": {"means": means, "masses": [0.2, 0.8], "samples": 200},
        "energy": {"means": means, "masses": [1 / 3, 2 / 3], "learn": ["log_masses"]},
        "method": method,
        "sampler": {"step_size": 0.01},
        "walkers": {"count": 50},
        "optimizer": {"kind": "sgd", "lr_means": 0.0, "lr_log_masses": 0.05},
    } | changes


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weighted_masses_settle_at_the_theoretical_fixed_point(seed):
    """log-odds* = logit(q̂*) − logit(q̂₀) + log-odds₀ within .005; fact 16.

    q̂₀ is the share of walkers that start in the second mode. The naive answer logit(q̂*) is off by
    logit(q̂₀) − log-odds₀, which is 0.03 or more with 50 walkers at two thirds.
    """
    method = {"kind": "weighted-ula", "ess_threshold": 0.0}
    spec = frozen_means_spec(method, seed=seed)
    parts = build(parse_spec(spec | {"dtype": "float64"}))
    first = parts.trainer.start(parts.rngs).walkers.train.x
    q0 = float((first[:, 0] > 0).double().mean())
    log_odds = trained(spec, updates=3000, every=3000)[2]
    expected = logit(0.8) - logit(q0) + float(log_odds[0])
    assert float(log_odds[-1]) == pytest.approx(expected, abs=0.005)
    assert abs(expected - logit(0.8)) > 0.02


def test_unweighted_walkers_drive_the_log_odds_linearly():
    """z(t) = z(0) + γt with γ = rate·(q̂_data − q̂_walkers), within 1 % all the way; fact 16.

    An exponential approach or growth, z ∝ e^{γt}, does not fit both the middle and the end.
    """
    spec = frozen_means_spec({"kind": "pcd", "start": "model"})
    _, state, log_odds = trained(spec, updates=2000, every=500)
    q0 = float((state.walkers.train.x[:, 0] > 0).double().mean())
    rate = 0.05 * (0.8 - q0)
    expected = log_odds[0] + rate * 500 * torch.arange(5, dtype=torch.float64)
    assert (log_odds - expected).abs().max() < 0.01 * abs(rate) * 2000
    assert abs(rate) * 2000 > 5


def test_pcd_from_the_data_never_moves_the_masses():
    """γ = 0: walkers that are the data keep the log-odds at their start, whatever it was; fact 16.

    The true log-odds are log 4, so an unbiased gradient would move it by 0.69.
    """
    spec = frozen_means_spec({"kind": "pcd"}, walkers={"count": 200})
    log_odds = trained(spec, updates=2000, every=500)[2]
    assert (log_odds - math.log(2)).abs().max() < 1e-8
