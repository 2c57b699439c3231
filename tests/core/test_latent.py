"""JALA-EM on a model whose evidence, posterior and maximiser are known."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from ebm_engine.core.jala_em import (
    LatentRun,
    LatentSpec,
    draw_observations,
    follow_path,
    jala_em,
    log_bayes_factor,
)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def observed(dim: int = 20) -> torch.Tensor:
    return draw_observations(2.0, 1.0, dim, rng(1))


def log_evidence(theta: torch.Tensor, y: torch.Tensor, noise: float) -> torch.Tensor:
    """log N(y; θ1, (1 + σ²)I) by the library."""
    covariance = (1 + noise**2) * torch.eye(len(y), dtype=y.dtype)
    return MultivariateNormal(theta.expand(len(y)), covariance).log_prob(y)


@pytest.fixture(scope="module")
def learned() -> LatentRun:
    return jala_em(LatentSpec(observed()), rng(3))


@pytest.mark.parametrize("threshold", [0.0, 0.6])
def test_the_evidence_is_unbiased_on_a_fixed_path(threshold):
    """exp(estimate) = p_θK(y) within 5 s.e. for h = 0.3, without and with resampling.

    The evidence falls by 2.1 nats on the way; energy-only weights and h-order corrections fail.
    """
    spec = LatentSpec(observed(4), walkers=20_000, step_size=0.3, threshold=threshold)
    path = torch.linspace(2.5, 1.0, 41, dtype=torch.float64)
    run = follow_path(spec, path, rng(5))
    error = float(torch.expm1(run.log_evidence[-1] - run.log_evidence_exact[-1]))
    assert abs(error) < 5 * float(run.log_evidence_se[-1]) < 0.15
    assert (len(run.resampled_at) > 0) == (threshold > 0)
    torch.testing.assert_close(run.theta, path)
    expected = log_evidence(path[-1], spec.observations, 1.0)
    torch.testing.assert_close(run.log_evidence_exact[-1], expected)


def test_the_start_is_exact():
    """At update 0 the estimate is log p_θ₀(y) itself, with no error and equal weights."""
    run = jala_em(LatentSpec(observed(), start=0.7, steps=0), rng(6))
    assert run.log_evidence[0] == run.log_evidence_exact[0]
    assert run.log_evidence_se[0] < 1e-7
    assert run.ess[0] == pytest.approx(1)
    assert float(run.theta[0]) == float(run.theta_exact[0]) == 0.7


def test_theta_finds_the_maximiser_along_the_path_of_exact_ascent(learned):
    """θ_K → mean(y) within 5 s.d. of √Var(ĝ)/(d/(1 + σ²)), Var(ĝ) = dσ²/((1 + σ²)N_eff).

    The other sign of ĝ diverges; the mean over the prior in place of the posterior never moves θ.
    """
    noise = math.sqrt(10 / (0.5 * 1000)) / 10
    assert learned.maximiser == pytest.approx(float(observed().mean()))
    assert float(learned.theta[-1]) == pytest.approx(learned.maximiser, abs=5 * noise)
    assert float((learned.theta - learned.theta_exact).abs().max()) < 5 * noise
    assert float(learned.theta_exact[-1]) == pytest.approx(learned.maximiser, abs=0.01)


def test_weights_let_slow_particles_follow_a_fast_parameter():
    """With γd/(1 + σ²) = 0.2 and hλ = 0.04 θ moves faster than the particles can.

    Weighted, θ stays within 0.03 of exact ascent; equal weights lag behind by more than 0.1.
    """
    y = observed(4)
    spec = LatentSpec(y, 1.0, float(y.mean()) - 0.5, 0.02, rate=0.1, walkers=20_000, steps=15)
    run = jala_em(spec, rng(10))
    assert float((run.theta - run.theta_exact).abs().max()) < 0.03


def test_exact_ascent_is_gradient_ascent_of_the_evidence(learned):
    """θ ← θ + γ ∂log p_θ(y)/∂θ by autograd, to 1e-12 at each of the first 20 updates."""
    theta, y = torch.zeros((), dtype=torch.float64), observed()
    for step in range(20):
        assert float(theta) == pytest.approx(float(learned.theta_exact[step]), abs=1e-12)
        theta.requires_grad_()
        (slope,) = torch.autograd.grad(log_evidence(theta, y, 1.0), theta)
        theta = (theta + 0.001 * slope).detach()


def test_the_estimate_meets_the_evidence_within_its_error(learned):
    """At the end within 5 s.e. of log p_θ(y), after a climb of 19 nats; s.e. below 0.2."""
    exact = learned.log_evidence_exact
    assert float(exact[-1] - exact[0]) > 19
    error = float((learned.log_evidence[-1] - exact[-1]).abs())
    assert error < 5 * float(learned.log_evidence_se[-1]) < 1


def test_resampling_happens_exactly_below_the_threshold(learned):
    """`resampled_at` lists the updates with ESS/N < c, and there are some but not all."""
    below = (learned.ess < 0.5).nonzero().flatten()
    assert torch.equal(below, learned.resampled_at)
    assert 0 < len(below) < 50


def evidence_ratios(adaptive: bool) -> torch.Tensor:
    """p̂/p at the end of 100 runs of 16 particles, on their own path or on one fixed path."""
    y = observed(4)
    start = float(y.mean()) - 0.3
    spec = LatentSpec(y, 1.0, start, step_size=0.2, rate=0.02, walkers=16, steps=60)
    path = start + 0.3 * (1 - 0.96 ** torch.arange(61, dtype=torch.float64))
    runs = [
        jala_em(spec, rng(seed)) if adaptive else follow_path(spec, path, rng(seed))
        for seed in range(100)
    ]
    return torch.stack([run.log_evidence[-1] - run.log_evidence_exact[-1] for run in runs]).exp()


def test_feedback_of_the_particles_on_theta_pushes_the_evidence_up():
    """log E[p̂/p] ≈ +Kγ dσ²/((1 + σ²)N) = 0.15 when θ follows the particles, within 50 %; else 0.

    A minus sign, right for models that lower log Z while they learn, fails by over 10 s.e.
    """
    own, fixed = evidence_ratios(adaptive=True), evidence_ratios(adaptive=False)
    error = float(own.std()) / 10
    assert float(own.mean()) > 1 + 5 * error
    assert math.log(float(own.mean())) == pytest.approx(60 * 0.02 * 2 / 16, rel=0.5)
    assert abs(float(fixed.mean()) - 1) < 5 * float(fixed.std()) / 10 < 0.1


def test_the_bayes_factor_prefers_the_true_error_model():
    """σ = 1 against σ = 2 on data of σ = 1: within 5 s.e. of the closed form, right sign."""
    y = observed()
    runs = [jala_em(LatentSpec(y, noise=s), rng(7 + int(s))) for s in (1.0, 2.0)]
    factor = log_bayes_factor(*runs)
    assert factor.exact > 1
    assert factor.estimate > 0
    assert abs(factor.estimate - factor.exact) < 5 * factor.se
    expected = [log_evidence(run.theta[-1], y, s) for run, s in zip(runs, (1.0, 2.0), strict=True)]
    assert factor.exact == pytest.approx(float(expected[0] - expected[1]))
    turned = log_bayes_factor(*runs[::-1])
    assert turned.estimate == -factor.estimate
    assert turned.se == pytest.approx(factor.se)


def test_observations_have_the_marginal_mean_and_variance():
    """y ~ N(θ, 1 + σ²) within 5 s.e.; without the latent part the variance would be σ²."""
    y = draw_observations(-1.5, 2.0, 50_000, rng(9))
    assert abs(float(y.mean()) + 1.5) < 5 * math.sqrt(5 / 50_000)
    assert abs(float(y.var()) / 5 - 1) < 5 * math.sqrt(2 / 50_000)


def test_the_same_seed_gives_the_same_run():
    """Every recorded number, bit for bit; another seed differs."""
    spec = LatentSpec(observed(), steps=30)
    first, again, other = (jala_em(spec, rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.log_evidence, again.log_evidence)
    assert torch.equal(first.theta, again.theta)
    assert not torch.equal(first.theta, other.theta)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"noise": 0.0}, "noise is 0.0"),
        ({"step_size": 0.5}, "step size is 0.5; it must lie between 0 and 0.5"),
        ({"rate": 0.2}, "rate is 0.2; it must lie between 0 and 0.2"),
        ({"walkers": 1}, "walkers is 1; it must be at least 2"),
        ({"steps": -1}, "steps is -1"),
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"observations": torch.tensor([1.0, math.nan])}, "must be finite"),
        ({"observations": torch.zeros(2, 2)}, r"observations \(2, 2\)"),
    ],
)
def test_a_spec_outside_its_limits_is_refused(change, sentence):
    """One sentence with the value and the limit: h < σ²/(1 + σ²), γ < 2(1 + σ²)/d."""
    with pytest.raises(ValueError, match=sentence):
        jala_em(LatentSpec(observed())._replace(**change), rng())
