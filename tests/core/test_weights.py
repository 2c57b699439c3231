"""Estimators made of log-weights: facts 8, 9 and 19."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.smc.ais import anneal
from ebm_engine.core.smc.population import (
    log_z_estimate,
    plain_start,
    resample_below,
    weighted_move,
    weighted_start,
)
from ebm_engine.core.smc.weights import ess_fraction, log_mean_exp, normalised, weighted_mean


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_weights(count: int, scale: float, seed: int) -> torch.Tensor:
    return scale * torch.randn(count, generator=rng(seed), dtype=torch.float64)


def test_log_mean_exp_has_the_brute_force_value():
    """log((e⁰ + e¹ + e³)/3); the sum without the 1/n differs by log 3."""
    found = log_mean_exp(torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64))
    assert found == pytest.approx(math.log((1 + math.e + math.exp(3)) / 3), abs=1e-14)


def test_log_weights_of_any_size_stay_finite():
    """A shift by ±10⁵ only shifts log-mean-exp and leaves p alone; exp(A) would be ∞ or 0."""
    log_w = random_weights(100, 3.0, 1)
    for shift in (1e5, -1e5):
        assert log_mean_exp(log_w + shift) == pytest.approx(log_mean_exp(log_w) + shift, abs=1e-9)
        assert torch.allclose(normalised(log_w + shift), normalised(log_w), rtol=1e-9)


@pytest.mark.parametrize("scale", [0.01, 1.0, 5.0, 50.0])
def test_normalised_weights_are_a_probability(scale):
    """p ∝ e^A, Σp = 1."""
    log_w = random_weights(1000, scale, 2)
    p = normalised(log_w)
    assert float(p.sum()) == pytest.approx(1, abs=1e-12)
    assert float(torch.log(p[0] / p[1])) == pytest.approx(float(log_w[0] - log_w[1]), abs=1e-9)


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_ess_equals_its_form_in_the_coefficient_of_variation(scale):
    """ESS/N = 1/(1 + CV²), CV² = mean(w²)/mean(w)² − 1; the sample variance (n − 1) fails."""
    log_w = random_weights(50, scale, 3)
    w = log_w.exp()
    found = ess_fraction(normalised(log_w))
    cv2 = float((w**2).mean() / w.mean() ** 2 - 1)
    assert found == pytest.approx(1 / (1 + cv2), rel=1e-12)
    assert 1 / 50 <= found <= 1
    assert abs(1 / (1 + float(w.var() / w.mean() ** 2)) - found) > 1e-6


def test_ess_reaches_its_two_ends():
    """1 for equal weights whatever their value, 1/N when one walker holds everything."""
    equal = normalised(torch.full((40,), -700.0, dtype=torch.float64))
    assert ess_fraction(equal) == pytest.approx(1, abs=1e-15)
    single = torch.zeros(40, dtype=torch.float64)
    single[7] = 1000.0
    assert ess_fraction(normalised(single)) == pytest.approx(1 / 40, abs=1e-15)
    almost = torch.zeros(40, dtype=torch.float64)
    almost[0] = 1e-3
    assert ess_fraction(normalised(almost)) < 1 - 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_mean_log_weight_lies_below_log_mean_weight(seed):
    """Jensen: mean(A) ≤ log-mean-exp(A), equal only for equal weights; fact 19."""
    log_w = random_weights(200, 2.0, 10 + seed)
    assert float(log_w.mean()) < log_mean_exp(log_w) - 0.5
    equal = torch.full((200,), -3.0, dtype=torch.float64)
    assert log_mean_exp(equal) == pytest.approx(-3.0, abs=1e-12)


def shifted(energy: MixtureEnergy, by: float) -> MixtureEnergy:
    """U + c: the same density, another gauge."""
    return MixtureEnergy(energy.means, energy.z + by)


def test_a_shift_of_the_energy_moves_log_z_and_nothing_else():
    """U → U + cₖ gives A → A − (cₖ − c₀) and log Ẑ → log Ẑ − cₖ; p, D̂ and the cross-entropy stay.

    Resamplings lie on the way, so what they carry over is tested too; fact 8.
    """
    means = torch.tensor([[-0.5, 0.0], [0.5, 0.0]], dtype=torch.float64)
    path = [
        MixtureEnergy((1 + 4 * k / 30) * means, torch.tensor([0, -k / 30], dtype=torch.float64))
        for k in range(31)
    ]
    shifts = [0.7 + 0.3 * k + 5 * math.sin(k) for k in range(31)]
    data = torch.randn(100, 2, generator=rng(20), dtype=torch.float64)
    kernel, results = ULA(0.3), []
    for gauge in ([0.0] * 31, shifts):
        noise, resampling = rng(21), rng(22)
        walkers = weighted_start(shifted(path[0], gauge[0]), 300, rng(23))
        resampled_at = []
        for k in range(1, 31):
            energy = shifted(path[k], gauge[k])
            walkers = weighted_move(walkers, energy, kernel, noise)
            walkers = resample_below(walkers, 0.7, "systematic", resampling)
            resampled_at += [k] if walkers.resampled else []
        p = normalised(walkers.log_w)
        gradient = energy.parameter_gradient(walkers.x, walkers.at, p)["means"]
        cross_entropy = log_z_estimate(walkers)[0] + float(energy.evaluate(data).energy.mean())
        results.append((walkers, p, gradient, cross_entropy, resampled_at))
    (plain, p0, d0, ce0, times0), (moved, p1, d1, ce1, times1) = results
    assert times0 == times1
    assert 0 < len(times0) < 30
    assert torch.allclose(p0, p1, rtol=1e-9)
    assert torch.allclose(d0, d1, rtol=0, atol=1e-10)
    assert ce1 == pytest.approx(ce0, abs=1e-10)
    assert log_z_estimate(moved)[0] == pytest.approx(log_z_estimate(plain)[0] - shifts[30])
    since = shifts[30] - shifts[times0[-1]]
    assert torch.allclose(moved.log_w, plain.log_w - since, rtol=0, atol=1e-9)


def test_walkers_without_weights_have_no_log_z():
    """log Ẑ is NaN, not 0, for chains that were put on data."""
    energy = MixtureEnergy(torch.zeros(1, 2), torch.zeros(1))
    value, error = log_z_estimate(plain_start(energy, torch.zeros(5, 2)))
    assert math.isnan(value)
    assert math.isnan(error)


def log_z_repeats(threshold: float, scheme: str) -> tuple[float, float, float]:
    """Spread of log Ẑ over 300 runs of 100 walkers, its mean s.e., and the naive Σ CV²/N one."""
    start = MixtureEnergy(torch.zeros(1, 1).double(), torch.zeros(1).double())
    goal, kernel = MixtureEnergy(start.means + 2, start.z), ULA(0.2)
    found, naive = [], []
    for seed in range(300):
        noise, square = rng(1000 + seed), 0.0
        walkers = weighted_start(start, 100, noise)
        for k in range(1, 21):
            moved = weighted_move(walkers, start.toward(goal, k / 20), kernel, noise)
            walkers = resample_below(moved, threshold, scheme, noise)
            if walkers.resampled:
                square += (1 / ess_fraction(normalised(moved.log_w)) - 1) / 100
        found.append(log_z_estimate(walkers))
        naive.append(square + (1 / walkers.ess - 1) / 100)
    values, errors = torch.tensor(found, dtype=torch.float64).T
    naive = torch.tensor(naive, dtype=torch.float64)
    return float(values.std()), float(errors.square().mean().sqrt()), float(naive.mean().sqrt())


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95])
def test_log_z_error_is_the_spread_over_repetitions(threshold):
    """Within 20 % of the standard deviation of log Ẑ over 300 independent runs.

    Adding CV²/N of each resampling, as if walkers forgot their past at it, is 25 % too small or
    more, and ever smaller the more often they resample.
    """
    spread, error, naive = log_z_repeats(threshold, "systematic")
    assert error == pytest.approx(spread, rel=0.2)
    assert naive < 0.8 * spread


def test_log_z_error_of_multinomial_resampling_errs_on_the_safe_side():
    """Not below the spread, and at most 50 % above it."""
    spread, error, _ = log_z_repeats(0.7, "multinomial")
    assert 0.95 * spread < error < 1.5 * spread


def test_log_z_error_without_resampling_is_the_delta_method():
    """√(CV²/N) exactly; s.d. of the weights without 1/√N is ten times larger."""
    energy = MixtureEnergy(torch.zeros(1, 1).double(), torch.zeros(1).double())
    walkers = weighted_start(energy, 100, rng(30))._replace(log_w=random_weights(100, 0.5, 31))
    w = walkers.log_w.exp()
    cv2 = float((w**2).mean() / w.mean() ** 2 - 1)
    assert log_z_estimate(walkers)[1] == pytest.approx(math.sqrt(cv2 / 100), rel=1e-9)


def test_weighted_mean_has_the_brute_force_value_and_error():
    """Families {0, 2} and {1}: mean 0.5·1 + 0.3·2 + 0.2·4 = 1.9, error √((−.45 + .42)² + .03²)."""
    values = torch.tensor([[1.0], [2.0], [4.0]], dtype=torch.float64)
    weights = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    mean, error = weighted_mean(values, weights, torch.tensor([0, 1, 0]))
    assert float(mean[0]) == pytest.approx(1.9)
    assert float(error[0]) == pytest.approx(math.sqrt(0.03**2 + 0.03**2))
    alone = weighted_mean(values, weights, torch.arange(3))[1]
    assert float(alone[0]) == pytest.approx(math.sqrt(0.45**2 + 0.03**2 + 0.42**2))


@pytest.mark.parametrize("threshold", [0.5, 0.95])
def test_mass_error_is_the_spread_over_repetitions(threshold):
    """Within 15 % of the standard deviation of a mode's mass over 300 annealed runs.

    Walkers of separated modes never mix, so noise of earlier resamplings stays; √Σ pᵢ²(vᵢ − mean)²
    forgets it and is 40 % too small here.
    """
    start = MixtureEnergy(torch.tensor([[-0.1], [0.1]]).double(), torch.zeros(2).double())
    goal = MixtureEnergy(40 * start.means, torch.tensor([0.0, -1.1]).double())
    masses, errors, naive = [], [], []
    for seed in range(300):
        walkers = anneal(start, goal, 200, 60, ULA(0.1), threshold, "systematic", rng(seed))
        p, share = normalised(walkers.log_w), walkers.at.responsibilities
        for ancestors, found in ((walkers.ancestors, errors), (torch.arange(200), naive)):
            mean, error = weighted_mean(share, p, ancestors)
            found.append(float(error[0]) ** 2)
        masses.append(float(mean[0]))
    spread = float(torch.tensor(masses).std())
    assert math.sqrt(sum(errors) / 300) == pytest.approx(spread, rel=0.15)
    assert math.sqrt(sum(naive) / 300) < 0.6 * spread
