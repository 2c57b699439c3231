"""Chains on a fixed energy: stationary variances, autocorrelation, crossings, and the kernels."""

import math

import pytest
import torch

from ebm_engine.core.chains import (
    autocorrelation,
    chains_at,
    enter_basins,
    integrated_time,
    mean_over_chains,
    measured_variance,
    visit,
)
from ebm_engine.core.energies.fixed import DensityEnergy, NormalMixture
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.stationary import ORDERS, noise_at, stationary_variance, temperature

F64 = torch.float64


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian_energy(std, dim=1):
    zero = torch.zeros(1, dim, dtype=F64)
    return NormalMixture(zero, zero[:, 0], torch.full((1, dim), std, dtype=F64))


def walked(kernel, energy, x, steps, seed=0):
    """The chains after `steps` moves, and the share of moves that changed each."""
    noise, chains, moved = rng(seed), chains_at(x, energy.evaluate(x)), torch.zeros(len(x))
    for _ in range(steps):
        before = chains.x
        chains, _ = kernel.move(chains, energy, noise, energy)
        moved += (chains.x != before).any(1)
    return chains.x, moved / steps


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("s2", "eta", "t"), [(1.0, 0.1, 1.0), (1.0, 0.5, 1.0), (0.3, 0.4, 2.5)])
def test_measured_variances_are_the_closed_forms_of_both_orders(order, s2, eta, t):
    """σ²/(a(2 − a)), and (1 − a)² times that; T s² alone is 11 to 200 standard errors away."""
    noise = noise_at(eta, t)
    found = measured_variance(s2, eta, noise, order, 40_000, rng())
    expected = stationary_variance(s2, eta, noise, order)
    assert abs(found.value - expected) < 5 * found.se
    if eta / s2 > 0.2:
        assert abs(found.value - t * s2) > 5 * found.se


def test_the_two_orders_have_the_variances_of_the_reference():
    """On x²/2 at T = 1: η = 0.1 gives 1.0526 and 0.8526, η = 0.5 gives 1.333 and 0.333."""
    for eta, first, second in ((0.1, 1.052632, 0.852632), (0.5, 4 / 3, 1 / 3)):
        found = [stationary_variance(1.0, eta, math.sqrt(2 * eta), order) for order in ORDERS]
        assert found == pytest.approx([first, second], abs=1e-6)


def test_no_chain_settles_from_twice_the_variance_on():
    """a = 2 is the limit of x ← (1 − a)x; a formula without it turns negative."""
    assert stationary_variance(0.5, 1.0, 0.1) == math.inf
    with pytest.raises(ValueError, match="between 0 and 1"):
        measured_variance(0.5, 1.0, 0.1, ORDERS[0], 10, rng())


def test_the_temperature_is_the_noise_squared_over_twice_the_step():
    """η = 100, σ = 0.001 is T = 5e−9, not 1; σ = √(2ηT) leads back."""
    assert temperature(100.0, 0.001) == pytest.approx(5e-9)
    assert temperature(0.3, noise_at(0.3, 1.7)) == pytest.approx(1.7)
    with pytest.raises(ValueError, match="noise is 0"):
        temperature(1.0, 0.0)
    with pytest.raises(ValueError, match="order must be one of"):
        stationary_variance(1.0, 0.1, 0.1, "neither")


@pytest.mark.parametrize("kernel", [ULA(0.5), Underdamped(0.5, 2.0)])
def test_unadjusted_kernels_settle_at_the_biased_variance(kernel):
    """s²/(1 − h/(2s²)) for ULA, and for OBABO with ε = √(2h); s² is 30 standard errors away."""
    energy = gaussian_energy(0.8)
    x, _ = walked(kernel, energy, torch.zeros(40_000, 1, dtype=F64), 60)
    found = mean_over_chains(x.square()[:, 0])
    assert abs(found.value - 0.64 / (1 - 0.5 / 1.28)) < 5 * found.se
    assert abs(found.value - 0.64) > 30 * found.se


def test_mala_settles_at_the_exact_variance_and_its_acceptance_is_the_integral():
    """E[min(1, e^r)] under exact draws is the share of moves of a chain that has settled."""
    energy, kernel = gaussian_energy(1.0), MALA(0.8)
    start = torch.randn(20_000, 1, generator=rng(1), dtype=F64)
    x, moved = walked(kernel, energy, start, 30)
    found, accepted = mean_over_chains(x.square()[:, 0]), mean_over_chains(moved)
    assert abs(found.value - 1) < 5 * found.se
    proposed = ULA(0.8).propose(start, energy.evaluate(start), rng(2))
    ratio = ULA(0.8).log_ratio(start, energy.evaluate(start), proposed, energy.evaluate(proposed))
    once = mean_over_chains(ratio.exp().clamp_max(1))
    assert abs(accepted.value - once.value) < 5 * math.hypot(accepted.se, once.se)
    assert 0.5 < once.value < 0.95


def ar1(rho, steps, chains, seed=0):
    """Stationary AR(1) chains (steps, chains) of variance 1."""
    noise = torch.randn(steps, chains, generator=rng(seed), dtype=F64)
    x = [noise[0]]
    for row in noise[1:]:
        x.append(rho * x[-1] + math.sqrt(1 - rho**2) * row)
    return torch.stack(x)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_integrated_time_of_ar1_is_one_plus_rho_over_one_minus_rho(rho):
    """τ = (1 + ρ)/(1 − ρ) to 5 s.e.; the sum Σρ(t) without its 2 gives 1/(1 − ρ)."""
    chains = 20
    found = integrated_time(autocorrelation(ar1(rho, 4000, chains)), chains)
    assert found.resolved
    # The window of five τ leaves out 2ρ^M/(1 − ρ), below 1 % of τ.
    expected = (1 + rho) / (1 - rho)
    assert abs(found.value - expected) < 5 * found.se + 0.01 * expected
    assert found.window >= 5 * found.value - 1
    assert found.se == pytest.approx(
        found.value * math.sqrt(2 * (2 * found.window + 1) / (4000 * chains))
    )


def test_the_autocorrelation_is_the_sum_over_pairs():
    """ρ(t) ∝ Σ (xᵢ − m)(xᵢ₊ₜ − m)/(T − t); an FFT without padding wraps around."""
    series = torch.randn(9, 3, generator=rng(), dtype=F64).cumsum(0)
    rest = series - series.mean()
    direct = torch.stack([(rest[: 9 - t] * rest[t:]).mean() for t in range(9)])
    assert torch.allclose(autocorrelation(series), direct / direct[0], atol=1e-12)
    with pytest.raises(ValueError, match="T at least 2"):
        autocorrelation(series[:1])


def test_chains_that_stay_apart_do_not_look_mixed():
    """ρ stays near 1 around the mean of all chains; around each chain's own mean it falls to 0."""
    apart = torch.tensor([[-5.0, 5.0]]) + 0.1 * torch.randn(400, 2, generator=rng())
    rho = autocorrelation(apart)
    assert float(rho[1:200].min()) > 0.99
    assert not integrated_time(rho, 2).resolved


def test_a_crossing_needs_to_stay_and_counts_once():
    """Trembling on a border counts nothing; there and back with a stay each time counts two."""
    path = [0] * 4 + [1, 0, 1, 1, 0] + [1] * 3 + [0] * 2 + [0] * 5
    basins = enter_basins(torch.zeros(1, dtype=torch.int64))
    counts = []
    for label in path:
        basins = visit(basins, torch.tensor([label]), stay=3)
        counts.append(int(basins.crossed))
    assert counts[8] == 0
    assert counts[11] == 1
    assert counts[-1] == 2


def test_the_error_of_a_mean_over_chains_is_that_of_independent_numbers():
    """s/√n with the divisor n − 1: (1, 2, 3, 4) has mean 2.5 and s.e. √(5/3)/2."""
    found = mean_over_chains(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert found == pytest.approx((2.5, math.sqrt(5 / 3) / 2))


def test_the_normal_mixture_is_the_negative_log_density_with_its_gradient():
    """−log Σ w N(x; a, diag s²) by torch's own distributions, and autograd of it."""
    means = torch.tensor([[-1.0, 0.5], [2.0, -1.0]], dtype=F64)
    stds = torch.tensor([[0.5, 1.5], [1.0, 0.2]], dtype=F64)
    weights = torch.tensor([0.3, 0.7], dtype=F64)
    x = torch.randn(50, 2, generator=rng(), dtype=F64)
    parts = torch.distributions.Normal(means, stds).log_prob(x[:, None]).sum(2) + weights.log()
    at = NormalMixture(means, weights.log(), stds).evaluate(x)
    assert torch.allclose(at.energy, -parts.logsumexp(1))
    by_autograd = DensityEnergy(
        lambda p: (
            torch.distributions.Normal(means, stds).log_prob(p[:, None]).sum(2) + weights.log()
        ).logsumexp(1)
    ).evaluate(x)
    assert torch.allclose(at.gradient, by_autograd.gradient)
    assert torch.equal(by_autograd.energy, -parts.logsumexp(1))
