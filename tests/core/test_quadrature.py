"""The referee of the plane against closed forms, brute force and autograd."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.energies.network_energy import NetworkEnergy
from ebm_engine.core.referees.mixtures import MixtureReferee
from ebm_engine.core.referees.plane import GridReferee, Truth
from ebm_engine.core.referees.regions import Regions
from ebm_engine.data.densities import Density, mixture, ring

DOUBLE = {"dtype": torch.float64}
LIKE = torch.empty(0, **DOUBLE)
TARGET = mixture(
    torch.tensor([[-3.0, 0.0], [3.0, 1.0]], **DOUBLE),
    torch.tensor([0.25, 0.75], **DOUBLE),
    torch.tensor([1.0, 0.6], **DOUBLE),
)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def referee(density: Density = TARGET, *, known: bool = True, n: int = 300) -> GridReferee:
    """The grid's judge of a density, with n training points and the density's own regions."""
    data = density.sample(n, rng(1), LIKE)
    points, shares = density.grid()
    on_data = float(density.log_density(data).mean())
    truth = Truth(
        points if known else data[:0],
        shares if known else data[:0, 0],
        density.log_density(points) if known else data[:0, 0],
        on_data if known else 0.0,
        density.masses,
        density.width,
        density.box,
        known,
    )
    return GridReferee(truth, data, Regions(density.anchors, density.labels, len(density.masses)))


def network(base_std: float = 2.0, last_layer: str = "random", scale: float = 4.0) -> NetworkEnergy:
    """A network whose landscape is far from Gaussian, in float64."""
    energy = mlp_energy(2, 12, 2, "silu", base_std, rng(5), LIKE, last_layer)
    energy.learned.networks[0].output.mul_(scale)
    return energy


def fine(half: float = 16.0, spacing: float = 0.05) -> tuple[torch.Tensor, float]:
    """An independent square grid (m, 2), many times finer than the referee's, and its cell."""
    line = torch.arange(-half, half + spacing / 2, spacing, **DOUBLE)
    return torch.cartesian_prod(line, line), spacing**2


def test_a_mixture_is_judged_as_by_closed_forms():
    """log Z, both KLs, total variation and the gradient: two derivations, to 1e-6."""
    energy = MixtureEnergy(
        torch.tensor([[-2.5, 0.3], [2.8, 0.6]], **DOUBLE), torch.tensor([0.0, -0.7], **DOUBLE)
    )
    grid = referee()
    closed = MixtureReferee(TARGET.means, TARGET.shares, grid.data, rng(2), TARGET.stds)
    found, exact = grid.judge(energy), closed.judge(energy)
    for name in ("kl", "kl_data", "log_z", "data_energy"):
        assert getattr(found, name) == pytest.approx(getattr(exact, name), abs=1e-6), name
    # The integrand of the total variation has a kink, where a sum over a grid is less accurate.
    assert found.total_variation == pytest.approx(exact.total_variation, abs=5e-4)
    assert found.outside < 1e-6
    assert abs(found.log_z - exact.log_z) <= max(found.error, 1e-6)
    by_grid, by_closed = grid.gradient(energy), closed.gradient(energy)
    for name, gradient in by_closed.items():
        assert torch.allclose(by_grid[name], gradient, rtol=0, atol=1e-6), name


@pytest.mark.parametrize("base_std", [0.5, 1.0, 3.0, 6.0])
def test_a_network_at_its_start_has_the_log_z_of_its_gaussian(base_std):
    """log Z = log 2πσ₀² to 2e-6, the share that the box may miss; ½ log 2πσ₀² is that of 1-D."""
    verdict = referee().judge(network(base_std, "zero"))
    assert verdict.log_z == pytest.approx(math.log(2 * math.pi * base_std**2), abs=2e-6)
    assert verdict.outside < 1e-6


@pytest.mark.parametrize("density", [TARGET, ring(6, 3.0, 0.35, 4.0)], ids=["mixture", "ring"])
def test_a_network_is_judged_as_by_a_brute_force_grid(density):
    """log Z, KL, total variation and masses by sums over 640² points from the definitions.

    KL(model ‖ target) and Σ|p* − p| without the half are other numbers.
    """
    energy, (x, cell) = network(), fine()
    verdict = referee(density).judge(energy)
    u = energy.value(x)
    log_z = float(torch.logsumexp(-u, 0)) + math.log(cell)
    log_target = density.log_density(x)
    target, model = log_target.exp(), torch.exp(-u - log_z)
    assert verdict.log_z == pytest.approx(log_z, abs=2e-6)
    kl = float((target * (log_target + u + log_z)).sum()) * cell
    assert verdict.kl == pytest.approx(kl, abs=1e-5)
    total_variation = float((target - model).abs().sum()) / 2 * cell
    assert verdict.total_variation == pytest.approx(total_variation, abs=1e-3)
    near = (x[:, None] - density.anchors).square().sum(2).argmin(1)
    for mode, mass in enumerate(verdict.masses.tolist()):
        assert mass == pytest.approx(
            float(model[density.labels[near] == mode].sum()) * cell, abs=0.01
        )
    assert float(verdict.masses.sum()) == pytest.approx(1, abs=1e-9)
    assert 0 < verdict.total_variation < 1
    assert verdict.error < 1e-3


@pytest.mark.parametrize("base_std", [40.0, 1000.0])
def test_mass_that_no_box_holds_is_reported(base_std):
    """A Gaussian far wider than the largest box: the verdict says that it misses most of it.

    The largest box has 7 times the target's sides; a look at nothing beyond it would report 0.
    """
    judge = referee()
    verdict = judge.judge(network(base_std, "zero"))
    x_min, x_max, y_min, y_max = judge.truth.box
    ratios = [7 * side / 2 / base_std for side in (x_max - x_min, y_max - y_min)]
    held = math.prod(math.erf(r / math.sqrt(2)) for r in ratios)
    assert verdict.outside > 0.5 * (1 - held)
    assert verdict.outside > 1e-3


def test_a_box_that_holds_the_model_misses_nothing():
    """The box grows with the model: σ₀ = 0.3, 3 and 6 about a target of extent ±5."""
    for base_std in (0.3, 3.0, 6.0):
        assert referee().judge(network(base_std, "zero")).outside < 1e-6


def test_own_points_are_judged_by_the_cross_entropy():
    """KL is replaced by log Z + mean U of the points, and the total variation is not a number."""
    energy, judge = network(), referee(known=False)
    verdict = judge.judge(energy)
    expected = verdict.log_z + float(energy.value(judge.data).mean())
    assert verdict.kl == verdict.kl_data == pytest.approx(expected, abs=1e-9)
    assert math.isnan(verdict.total_variation)
    assert verdict.log_z == referee().judge(energy).log_z


def test_the_gradient_is_that_of_log_z_by_autograd():
    """∂/∂θ of mean U(data) + log Σ exp(−U), by float64 autograd on an independent grid, to 1e-6.

    With the signs exchanged, or without the data, every entry would be another.
    """
    energy, judge = network(), referee()
    theta = {name: p.clone().requires_grad_() for name, p in energy.parameters.items()}
    x, _ = fine(spacing=0.1)
    cross_entropy = energy.value(judge.data, theta).mean() + torch.logsumexp(
        -energy.value(x, theta), 0
    )
    expected = torch.autograd.grad(cross_entropy, list(theta.values()))
    found = judge.gradient(energy)
    for name, gradient in zip(theta, expected, strict=True):
        assert torch.allclose(found[name], gradient, rtol=0, atol=1e-6), name


@pytest.mark.parametrize(("length", "size"), [(0.3, 1e-6), (0.15, 1e-4)])
def test_the_error_of_log_z_is_bounded_by_the_one_reported(length, size):
    """A landscape with features as fine as the grid: the report grows with them, and holds."""
    energy = mlp_energy(2, 12, 2, "silu", 2.0, rng(5), LIKE, "random", length=length)
    energy.learned.networks[0].output.mul_(4.0)
    verdict, (x, cell) = referee().judge(energy), fine(24.0, 0.06)
    log_z = float(torch.logsumexp(-energy.value(x), 0)) + math.log(cell)
    assert abs(verdict.log_z - log_z) <= verdict.error
    assert verdict.error > size
