"""Resampling schemes and what they leave behind: facts 10 and 11."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.smc.population import (
    log_z_estimate,
    resample_below,
    weighted_move,
    weighted_start,
)
from ebm_engine.core.smc.resampling import SCHEMES
from ebm_engine.core.smc.weights import ess_fraction, normalised
from tests.core.quadratic import gaussian_energy, variances

P = torch.tensor([0.02, 0.31, 0.005, 0.125, 0.25, 0.09, 0.2], dtype=torch.float64)
PATH = variances(1.0, 4.0, 20)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copies(scheme: str, weights: torch.Tensor, repeats: int, seed: int = 0) -> torch.Tensor:
    """How often each walker was kept, (repeats, n)."""
    noise, n = rng(seed), len(weights)
    drawn = [torch.bincount(SCHEMES[scheme](weights, noise), minlength=n) for _ in range(repeats)]
    return torch.stack(drawn).double()


def test_a_draw_beyond_a_short_sum_goes_to_the_last_walker_alive():
    """Weights that sum to 0.6, as rounding makes them sum to 1 − 1e-16: the dead get no copy."""
    weights = torch.tensor([0.2, 0.4, 0.0, 0.0], dtype=torch.float64)
    kept = copies("multinomial", weights, 2000).mean(0)
    assert kept[2:].tolist() == [0.0, 0.0]
    assert float(kept[0]) == pytest.approx(0.8, abs=5 * 0.8 / math.sqrt(2000))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_expected_copies_are_in_proportion_to_the_weights(scheme):
    """E[copies of i] = N pᵢ within 5 s.e. of 20 000 draws, N in all; keeping round(N pᵢ) fails."""
    found = copies(scheme, P, 20_000)
    assert (found.sum(1) == len(P)).all()
    error = found.std(0) / math.sqrt(len(found))
    off = (found.mean(0) - len(P) * P).abs()
    assert (off <= 5 * error + 1e-12).all()
    assert (((len(P) * P).round() - len(P) * P).abs() > 5 * error).any()


def test_systematic_copies_are_floor_or_ceiling():
    """Copies ∈ {⌊N pᵢ⌋, ⌈N pᵢ⌉}, which multinomial draws break."""
    n = len(P)
    low, high = (n * P).floor(), (n * P).ceil()
    found = copies("systematic", P, 2000)
    assert ((found >= low) & (found <= high)).all()
    assert (copies("multinomial", P, 2000) > high).any()


def test_residual_copies_are_at_least_the_floor():
    """⌊N pᵢ⌋ certain copies of each walker; a multinomial draw may lose one with N pᵢ = 2.17."""
    low = (len(P) * P).floor()
    assert (copies("residual", P, 2000) >= low).all()
    assert (copies("multinomial", P, 2000) < low).any()


def test_stratified_copies_miss_the_expected_number_by_less_than_two():
    """|copies − N pᵢ| < 2 for one draw per slice, which multinomial draws break."""
    n = len(P)
    assert ((copies("stratified", P, 2000) - n * P).abs() < 2).all()
    assert ((copies("multinomial", P, 2000) - n * P).abs() >= 2).any()


def test_copies_of_the_schemes_vary_in_the_known_order():
    """Var(multinomial) = N pᵢ(1 − pᵢ); residual and systematic vary less (Douc et al. 2005)."""
    n = len(P)
    spread = {s: copies(s, P, 8_000, seed=3).var(0) for s in SCHEMES}
    assert torch.allclose(spread["multinomial"], n * P * (1 - P), rtol=0.1)
    fraction = n * P - (n * P).floor()
    assert torch.allclose(spread["systematic"], fraction * (1 - fraction), rtol=0.1, atol=1e-3)
    assert spread["residual"].sum() < spread["multinomial"].sum()


@pytest.mark.parametrize("scheme", ["residual", "stratified", "systematic"])
@pytest.mark.parametrize("count", [2, 3, 7, 1000])
def test_equal_weights_keep_every_walker_once(scheme, count):
    """N pᵢ = 1 leaves nothing to chance, also where 1/N has no exact binary form."""
    weights = torch.full((count,), 1 / count, dtype=torch.float64)
    assert (copies(scheme, weights, 50) == 1).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_walkers_of_weight_zero_die_and_one_of_weight_one_takes_all(scheme):
    """The two ends of a degenerate population, also when the last weight is 0."""
    weights = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=torch.float64)
    assert (copies(scheme, weights, 200) == torch.tensor([0, 4, 0, 0])).all()


def weighted_population(seed: int = 5):
    noise, kernel = rng(seed), ULA(0.5)
    walkers = weighted_start(gaussian_energy(1.0), 400, rng(seed + 1))
    for s in (1.5, 2.5, 4.0):
        walkers = weighted_move(walkers, gaussian_energy(s), kernel, noise)
    return walkers


@pytest.mark.parametrize("scheme", SCHEMES)
def test_log_z_is_continuous_across_a_resampling(scheme):
    """A = 0 and ESS = 1 afterwards, log Ẑ as before; forgetting log-mean-exp(A) loses 0.3 nats."""
    before = weighted_population()
    log_z = before.log_norm + float(torch.logsumexp(before.log_w, 0)) - math.log(400)
    after = resample_below(before, 1.0, scheme, rng(7))
    assert after.resampled
    assert (after.log_w == 0).all()
    assert ess_fraction(normalised(after.log_w)) == pytest.approx(1, abs=1e-12)
    assert after.ess == 1.0
    assert log_z_estimate(after)[0] == pytest.approx(log_z, abs=1e-12)
    assert abs(log_z - before.log_norm) > 0.3


def test_resampling_permutes_every_cache_of_a_walker():
    """Energies, gradients and ancestors follow the walkers; parents name the old slots.

    Permuting x alone would pair a walker with another one's energy.
    """
    before = weighted_population()
    before = before._replace(ancestors=torch.arange(400).flip(0))
    after = resample_below(before, 1.0, "multinomial", rng(8))
    fresh = gaussian_energy(4.0).evaluate(after.x)
    assert torch.allclose(after.at.energy, fresh.energy, rtol=1e-12)
    assert torch.allclose(after.at.gradient, fresh.gradient, rtol=1e-12)
    assert torch.equal(after.x, before.x[after.parents])
    assert torch.equal(after.ancestors, 399 - after.parents)
    assert (after.at.energy - before.at.energy).abs().max() > 0.1


def test_resampling_waits_for_the_threshold():
    """Nothing but the noted ESS changes while ESS/N ≥ threshold, and never at threshold 0."""
    before = weighted_population()
    share = ess_fraction(normalised(before.log_w))
    assert 0.05 < share < 0.95
    for threshold in (0.0, share - 1e-9):
        after = resample_below(before, threshold, "systematic", rng(9))
        assert not after.resampled
        assert after.ess == pytest.approx(share, rel=1e-12)
        assert torch.equal(after.log_w, before.log_w)
        assert torch.equal(after.x, before.x)
    assert resample_below(before, share + 1e-9, "systematic", rng(9)).resampled


@pytest.mark.parametrize("scheme", ["multinomial", "systematic"])
def test_partition_function_stays_unbiased_through_adaptive_resampling(scheme):
    """E[Ẑ_K/Z₀] = 2 with N = 8 walkers, threshold 0.8, within 5 s.e. of 1500 runs; fact 10.

    E[log Ẑ] lies below log 2 by more than 3 s.e. (Jensen), and the wrong estimator that forgets the
    earlier log-mean-exp(A) is off by more than 5 s.e.
    """
    noise, kernel, found, forgetful = rng(11), ULA(0.5), [], []
    energies = [gaussian_energy(s) for s in PATH]
    for _ in range(1500):
        walkers = weighted_start(energies[0], 8, noise)
        for energy in energies[1:]:
            walkers = weighted_move(walkers, energy, kernel, noise)
            walkers = resample_below(walkers, 0.8, scheme, noise)
        found.append(log_z_estimate(walkers)[0] - energies[0].log_z())
        forgetful.append(found[-1] - walkers.log_norm + energies[0].log_z())
    log_ratio = torch.tensor(found, dtype=torch.float64)
    ratio, wrong = log_ratio.exp(), torch.tensor(forgetful, dtype=torch.float64).exp()
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert abs(float(ratio.mean()) - 2) < 5 * error
    assert abs(float(wrong.mean()) - 2) > 5 * error
    jensen = float(log_ratio.std()) / math.sqrt(len(log_ratio))
    assert float(log_ratio.mean()) < math.log(2) - 3 * jensen
