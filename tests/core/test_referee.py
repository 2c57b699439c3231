"""The referee against brute force, other referees and closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.referees.mixtures import MixtureReferee, gradient_bias, log_density, log_z
from ebm_engine.data.densities import sample_mixture

DOUBLE = {"dtype": torch.float64}
TARGET = torch.tensor([[-5.0, 0.0], [5.0, 0.0]], **DOUBLE)
MASSES = torch.tensor([0.25, 0.75], **DOUBLE)
MODELS = [
    (torch.tensor([[-0.1, 0.0], [0.1, 0.0]], **DOUBLE), torch.tensor([0.0, 0.0], **DOUBLE)),
    (torch.tensor([[-4.2, 0.3], [5.1, -0.4]], **DOUBLE), torch.tensor([0.0, -1.7], **DOUBLE)),
    (TARGET.clone(), -MASSES.log()),
]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def referee(
    means: torch.Tensor = TARGET, masses: torch.Tensor = MASSES, n: int = 500
) -> MixtureReferee:
    return MixtureReferee(means, masses, sample_mixture(means, masses, n, rng(1)), rng(2))


def fine_grid_kl(means: torch.Tensor, z: torch.Tensor) -> float:
    """∫ p* log(p*/p) over [−16, 16] × [−11, 11] with spacing 0.04, from the definitions."""
    x = torch.cartesian_prod(
        torch.arange(-16, 16.02, 0.04, **DOUBLE), torch.arange(-11, 11.02, 0.04, **DOUBLE)
    )

    def log_p(centres: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        squared = ((x[:, None] - centres) ** 2).sum(2)
        return torch.logsumexp(shares.log() - squared / 2 - math.log(2 * math.pi), 1)

    target, model = log_p(TARGET, MASSES), log_p(means, torch.softmax(-z, 0))
    return float((target.exp() * (target - model)).sum()) * 0.04**2


@pytest.mark.parametrize("model", MODELS)
def test_kl_agrees_with_an_independent_fine_grid(model):
    """KL(target ‖ model) to 1e-6 in 2-D; KL(model ‖ target) is another number."""
    verdict = referee().judge(MixtureEnergy(*model))
    assert verdict.kl == pytest.approx(fine_grid_kl(*model), abs=1e-6)
    assert verdict.kl_se == 0


@pytest.mark.parametrize("stds", [(1.0, 1.0), (0.5, 2.0)])
def test_total_variation_and_modes_of_other_widths_agree_with_a_fine_grid(stds):
    """½∫|p* − p| and KL by sums over a grid of spacing 0.05, from the definitions, to 1e-4.

    Σ|p* − p| without the half would be twice as large.
    """
    stds = torch.tensor(stds, **DOUBLE)
    judge = MixtureReferee(
        TARGET, MASSES, sample_mixture(TARGET, MASSES, 50, rng(1), stds), rng(2), stds
    )
    means, z = MODELS[1]
    verdict = judge.judge(MixtureEnergy(means, z))
    x = torch.cartesian_prod(
        torch.arange(-22, 22, 0.05, **DOUBLE), torch.arange(-17, 17, 0.05, **DOUBLE)
    )

    def density(centres: torch.Tensor, shares: torch.Tensor, widths: torch.Tensor) -> torch.Tensor:
        modes = zip(centres, shares, widths, strict=True)
        return sum(
            p * torch.exp(-((x - a) ** 2).sum(1) / (2 * s**2)) / (2 * math.pi * s**2)
            for a, p, s in modes
        )

    target, model = density(TARGET, MASSES, stds), density(means, torch.softmax(-z, 0), stds**0)
    expected = float((target - model).abs().sum()) / 2 * 0.05**2
    assert verdict.total_variation == pytest.approx(expected, abs=1e-4)
    seen = target > 1e-300
    ratio = torch.log(target[seen] / model[seen].clamp_min(1e-300))
    assert verdict.kl == pytest.approx(float((target[seen] * ratio).sum()) * 0.05**2, abs=1e-4)


def test_the_exact_gradient_has_the_precision_of_the_parameters():
    """float32 parameters get a float32 gradient, equal to the float64 one to 1e-6."""
    means, z = MODELS[1]
    wide = referee().gradient(MixtureEnergy(means, z))
    narrow = referee().gradient(MixtureEnergy(means.float(), z.float()))
    for name, gradient in narrow.items():
        assert gradient.dtype == torch.float32
        assert torch.allclose(gradient.double(), wide[name], rtol=0, atol=1e-6)


def test_kl_of_the_target_itself_is_zero():
    """0 to 1e-9, and log Z and masses are the target's."""
    verdict = referee().judge(MixtureEnergy(TARGET, -MASSES.log()))
    assert verdict.kl == pytest.approx(0, abs=1e-9)
    assert verdict.log_z == pytest.approx(math.log(2 * math.pi), abs=1e-12)
    assert verdict.masses.tolist() == pytest.approx([0.25, 0.75], abs=1e-12)


def test_kl_in_one_dimension_has_the_gaussian_closed_form():
    """KL(N(0,1) ‖ N(δ,1)) = δ²/2, d = 1."""
    zero, one = torch.zeros(1, 1, **DOUBLE), torch.ones(1, **DOUBLE)
    verdict = referee(zero, one).judge(MixtureEnergy(zero + 1.3, 0 * one))
    assert verdict.kl == pytest.approx(1.3**2 / 2, abs=1e-9)
    assert verdict.kl_se == 0


def test_kl_in_five_dimensions_is_a_monte_carlo_mean_with_an_honest_error():
    """KL = δ²/2 for one mode in d = 5: off by less than 5 of its s.e., whose size is δ/√20000."""
    zero, one = torch.zeros(1, 5, **DOUBLE), torch.ones(1, **DOUBLE)
    model = zero.clone()
    model[0, 2] = 0.8
    verdict = referee(zero, one).judge(MixtureEnergy(model, 0 * one))
    assert verdict.kl_se == pytest.approx(0.8 / math.sqrt(20_000), rel=0.05)
    assert abs(verdict.kl - 0.32) < 5 * verdict.kl_se


@pytest.mark.parametrize(("p1", "expected"), [(0.4577, 0.0920), (1e-4, 1.7403), (0.2377, 0.000413)])
def test_kl_of_separated_modes_decomposes(p1, expected):
    """KL = Σ p*ⱼ log(p*ⱼ/pⱼ) + ½ Σ p*ⱼ|aⱼ − a*ⱼ|²; fact 23, with right and with shifted means.

    Σ pⱼ log(pⱼ/p*ⱼ), the other direction, gives 0.094, 0.285 and 0.00041.
    """
    means = torch.tensor([[-10.0, 0.0], [6.0, 0.0]], **DOUBLE)
    masses = torch.tensor([p1, 1 - p1], **DOUBLE)
    judge = referee(means).judge
    assert judge(MixtureEnergy(means, -masses.log())).kl == pytest.approx(expected, rel=2e-3)
    moved = means + torch.tensor([[0.3, 0.0], [0.0, -0.2]], **DOUBLE)
    shift = 0.5 * (0.25 * 0.09 + 0.75 * 0.04)
    entropy = float((MASSES * (MASSES / masses).log()).sum())
    assert judge(MixtureEnergy(moved, -masses.log())).kl == pytest.approx(entropy + shift, abs=1e-6)


def test_kl_on_the_data_is_the_mean_log_ratio():
    """(1/n) Σ log p*(xᵢ)/p(xᵢ) point by point, to 1e-12."""
    means, z = MODELS[1]
    data = sample_mixture(TARGET, MASSES, 300, rng(1))

    def density(x: torch.Tensor, centres: torch.Tensor, shares: torch.Tensor) -> float:
        modes = zip(centres, shares, strict=True)
        return sum(float(p * torch.exp(-((x - a) ** 2).sum() / 2)) for a, p in modes)

    model_shares = torch.softmax(-z, 0)
    ratios = [math.log(density(x, TARGET, MASSES) / density(x, means, model_shares)) for x in data]
    found = MixtureReferee(TARGET, MASSES, data, rng(2)).judge(MixtureEnergy(means, z)).kl_data
    assert found == pytest.approx(sum(ratios) / 300, abs=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_exact_gradient_agrees_with_differences_of_the_data_kl(dim):
    """∂H/∂θ on the data against central differences of kl_data, to 1e-7, in d = 1, 2, 5.

    ∂KL(target)/∂θ, the population's gradient, differs by the sampling noise of 200 points.
    """
    target = torch.randn(2, dim, generator=rng(3), **DOUBLE)
    judge = referee(target, n=200)

    def kl_data(means: torch.Tensor, z: torch.Tensor) -> float:
        return judge.judge(MixtureEnergy(means, z)).kl_data

    means = 1.5 * torch.randn(3, dim, generator=rng(4), **DOUBLE)
    z, eps = torch.tensor([0.0, 0.4, -0.7], **DOUBLE), 1e-5
    found = judge.gradient(MixtureEnergy(means, z))
    for index in ((0, 0), (2, dim - 1)):
        e = torch.zeros_like(means)
        e[index] = eps
        rise = kl_data(means + e, z) - kl_data(means - e, z)
        assert float(found["means"][index]) == pytest.approx(rise / (2 * eps), abs=1e-7)
    for j in range(3):
        e = torch.zeros_like(z)
        e[j] = eps
        rise = kl_data(means, z + e) - kl_data(means, z - e)
        assert float(found["log_masses"][j]) == pytest.approx(rise / (2 * eps), abs=1e-7)


def test_exact_gradient_agrees_with_the_energy_in_closed_form():
    """E_data[∂U] − E_θ[∂U] with E_θ[∂_aU] = 0, E_θ[∂_zU] = p: two derivations, one number."""
    means, z = MODELS[1]
    data = sample_mixture(TARGET, MASSES, 300, rng(1))
    energy = MixtureEnergy(means, z)
    weights = torch.full((300,), 1 / 300, **DOUBLE)
    positive = energy.parameter_gradient(data, energy.evaluate(data), weights)
    exact = MixtureReferee(TARGET, MASSES, data, rng(2)).gradient(energy)
    assert torch.allclose(exact["means"], positive["means"], rtol=0, atol=1e-12)
    closed = positive["log_masses"] - torch.softmax(-z, 0)
    assert torch.allclose(exact["log_masses"], closed, rtol=0, atol=1e-12)


def test_log_density_stays_finite_far_away():
    """log p(x) ≈ −½r² at r = 1000, where the density itself is 0 in float64."""
    far = torch.tensor([[1000.0, 0.0]], **DOUBLE)
    found = float(log_density(far, TARGET, MASSES.log())[0])
    exact = math.log(0.75) - 0.5 * 995.0**2 - math.log(2 * math.pi)
    assert found == pytest.approx(exact, rel=1e-12)


def test_log_z_has_its_closed_form():
    """(d/2) log 2π + log Σ e^{−z}: 2.5 log 2π + log 4 for z = (0, −log 3) in d = 5."""
    z = torch.tensor([0.0, -math.log(3)], **DOUBLE)
    assert log_z(z, 5) == pytest.approx(2.5 * math.log(2 * math.pi) + math.log(4), abs=1e-12)


def test_masses_of_the_nearest_modes_add_up_where_modes_share_a_mean():
    """Target modes go to the nearest model mean; a mean that is nearest to none gets 0."""
    means = torch.tensor([[-1.0, 0.0], [0.0, 7.0], [1.0, 0.0]], **DOUBLE)
    assert referee().true_masses(MixtureEnergy(means, means[:, 0])).tolist() == pytest.approx(
        [0.25, 0, 0.75]
    )
    both = torch.tensor([[0.0, 0.0], [0.0, 70.0]], **DOUBLE)
    assert referee().true_masses(MixtureEnergy(both, both[:, 0])).tolist() == pytest.approx(
        [1.0, 0.0]
    )


def test_gradient_bias_is_the_cosine_and_the_ratio_of_norms():
    """(3, 4) against (6, 0): cosine 0.6, ratio 5/6; NaN where a norm is 0."""
    a = {"means": torch.tensor([[3.0]], **DOUBLE), "log_masses": torch.tensor([4.0], **DOUBLE)}
    b = {"means": torch.tensor([[6.0]], **DOUBLE), "log_masses": torch.tensor([0.0], **DOUBLE)}
    assert gradient_bias(a, b) == pytest.approx((0.6, 5 / 6))
    assert gradient_bias(b, a) == pytest.approx((0.6, 6 / 5))
    assert all(map(math.isnan, gradient_bias(a, {n: 0 * t for n, t in b.items()})))


@pytest.mark.slow
def test_training_kl_falls_below_zero_by_the_number_of_parameters():
    """At the optimum on n = 5000 points in d = 50: KL on the data ≈ −100/(2n), held out ≥ 0.

    100 of the 101 parameters are free here: the data hold the masses exactly. Fact 18, mean of 4
    data sets within 5 s.e. (χ²₁₀₀/2n has s.d. .0014). A floor of 0 on training data would be wrong.
    """
    means = torch.zeros(2, 50, **DOUBLE)
    means[:, 0] = torch.tensor([-10.0, 6.0])
    on_data, held_out = [], []
    for seed in range(4):
        data = sample_mixture(means, MASSES, 5000, rng(10 + seed))
        judge, a, z = MixtureReferee(means, MASSES, data, rng(seed)), means.clone(), -MASSES.log()
        for _ in range(10):
            gradient = judge.gradient(MixtureEnergy(a, z))
            a = a - gradient["means"] / torch.softmax(-z, 0)[:, None]
            z = z - 2 * gradient["log_masses"]
        verdict = judge.judge(MixtureEnergy(a, z))
        on_data.append(verdict.kl_data)
        held_out.append(verdict.kl / verdict.kl_se)
    error = math.sqrt(200) / 10_000 / 2
    assert sum(on_data) / 4 == pytest.approx(-0.0100, abs=5 * error)
    assert max(on_data) < -0.005
    assert min(held_out) > 5
