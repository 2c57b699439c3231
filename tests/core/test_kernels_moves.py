"""The moves by themselves: stationary laws, equivalences, costs."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.population import move, plain_start, weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.types import Evaluation
from tests.core.quadratic import QuadraticEnergy, gaussian_energy

DOUBLE = {"dtype": torch.float64}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixture(means: list[list[float]]) -> MixtureEnergy:
    return MixtureEnergy(torch.tensor(means, **DOUBLE), torch.tensor([0.2, -0.3], **DOUBLE))


def variance_after(kernel, steps: int, count: int = 100_000) -> float:
    """Of chains on N(0, 1) that start at N(0, 4)."""
    energy, noise = gaussian_energy(1.0), rng(1)
    chains = plain_start(energy, 2 * torch.randn(count, 1, generator=rng(2), **DOUBLE))
    return float(move(chains, energy, kernel, noise, steps=steps, previous=energy).x.var())


@pytest.mark.parametrize(
    ("step_size", "noise_std"), [(0.1, math.sqrt(0.2)), (0.5, 1.0), (0.1, 0.3)]
)
def test_ula_variance_is_biased_by_the_step_size(step_size, noise_std):
    """Var = σ²/(η(2 − η)) on U = x²/2, at T = σ²/2η, within 5 s.e.

    Noise before the gradient gives (1 − η)² times that.
    """
    kernel = ULA(step_size, noise_std**2 / (2 * step_size))
    exact = noise_std**2 / (step_size * (2 - step_size))
    found, error = variance_after(kernel, 80), exact * math.sqrt(2 / 100_000)
    assert abs(found - exact) < 5 * error
    assert abs(found - (1 - step_size) ** 2 * exact) > 5 * error


@pytest.mark.parametrize(
    "kernel",
    [HMC(0.4, 1, metropolis=False), HMC(0.4, 3, metropolis=False), Underdamped(0.4, 2.0)],
)
def test_leapfrog_kernels_share_the_stationary_variance_of_ula(kernel):
    """1/(1 − h/2) = 1.25 at h = 0.4 for every L and friction: the law of the shadow energy."""
    found, error = variance_after(kernel, 40), 1.25 * math.sqrt(2 / 100_000)
    assert abs(found - 1.25) < 5 * error


@pytest.mark.parametrize("kernel", [MALA(1.5), HMC(1.0, 3), HMC(0.9, 1)])
def test_metropolis_kernels_keep_the_exact_variance_at_a_large_step(kernel):
    """Var of N(0, 1) within 5 s.e.; an inverted acceptance or none (1.5 or more) fails."""
    assert abs(variance_after(kernel, 60) - 1) < 5 * math.sqrt(2 / 100_000)


def test_half_the_langevin_length_is_the_step_size():
    """Step λ/2 with noise variance λ is h = λ/2: x − (λ/2)∇U + √λ ξ, to 1e-15."""
    x = torch.randn(20, 3, generator=rng(3), **DOUBLE)
    energy, lam = QuadraticEnergy(torch.diag(torch.tensor([1.0, 2.0, 5.0], **DOUBLE))), 0.3
    found = ULA(lam / 2).propose(x, energy.evaluate(x), rng(4))
    expected = x - lam / 2 * (x @ energy.precision) + math.sqrt(lam) * gaussian(x, rng(4))
    assert torch.allclose(found, expected, rtol=0, atol=1e-15)


def test_ula_contracts_below_twice_the_inverse_curvature_only():
    """Two chains with one noise part by |1 − ηL| per step: 0 at η = 1/L, growing above 2/L."""
    energy = gaussian_energy(1 / 4)
    x, apart = torch.ones(5, 1, **DOUBLE), torch.full((5, 1), 3.0, **DOUBLE)
    for step_size, ratio in ((0.25, 0.0), (0.49, 0.96), (0.5, 1.0), (0.51, 1.04)):
        one, other = (ULA(step_size).propose(y, energy.evaluate(y), rng(5)) for y in (x, apart))
        assert torch.allclose((other - one).abs(), 2 * ratio + 0 * x, rtol=0, atol=1e-12)


def test_one_unadjusted_leapfrog_step_is_ula():
    """HMC with L = 1 and ε = √(2h): the same points and weights as ULA to 1e-12, same noise.

    A first kick at θₖ₊₁ in place of the cached θₖ moves the points by far more.
    """
    old, new = mixture([[-1, 0], [1, 0]]), mixture([[-2, 0.5], [1, 1]])
    walkers = weighted_start(old, 300, rng(6))
    y, ratio = ULA(0.3).move(walkers, new, rng(7))
    z, drop = HMC(0.3, 1, metropolis=False).move(walkers, new, rng(7))
    assert torch.allclose(y.x, z.x, rtol=0, atol=1e-12)
    assert torch.allclose(ratio, drop, rtol=0, atol=1e-12)
    late = walkers._replace(at=new.evaluate(walkers.x))
    assert (HMC(0.3, 1, metropolis=False).move(late, new, rng(7))[0].x - y.x).abs().max() > 0.1


def test_log_weights_do_not_see_a_rotation_or_translation():
    """x → Rx + c with rotated noise leaves A over 20 updates unchanged to 1e-12; fact 22.

    The same noise unrotated gives other weights.
    """
    turn, shift = torch.linalg.qr(torch.randn(3, 3, generator=rng(8), **DOUBLE))[0], 5.0
    means = torch.tensor([[-1.0, 0.0, 0.3], [1.0, 0.5, 0.0]], **DOUBLE)
    noise = torch.randn(20, 100, 3, generator=rng(9), **DOUBLE)
    x = torch.randn(100, 3, generator=rng(10), **DOUBLE)

    def log_w(x, means, noise):
        kernel, total, z = ULA(0.3), 0.0, torch.zeros(2, **DOUBLE)
        for k, xi in enumerate(noise):
            old, new = (MixtureEnergy(means * (1 + j / 20), z) for j in (k, k + 1))
            at = old.evaluate(x)
            y = x - 0.3 * at.gradient + math.sqrt(0.6) * xi
            total, x = total + kernel.log_ratio(x, at, y, new.evaluate(y)), y
        return total

    plain = log_w(x, means, noise)
    assert torch.allclose(log_w(x @ turn, means @ turn, noise @ turn), plain, rtol=0, atol=1e-12)
    assert (log_w(x @ turn, means @ turn, noise) - plain).abs().max() > 0.1
    old, moved = (MixtureEnergy(m, torch.zeros(2, **DOUBLE)) for m in (means, means + shift))
    one, other = plain_start(old, x), plain_start(moved, x + shift)
    for kernel in (MALA(0.3), HMC(0.2, 3), Underdamped(0.3)):
        here, there = kernel.move(one, old, rng(11)), kernel.move(other, moved, rng(11))
        assert torch.allclose(here[1], there[1], rtol=0, atol=1e-11)
        assert torch.allclose(here[0].x + shift, there[0].x, rtol=0, atol=1e-11)


class Counted:
    """An energy that counts the points it is evaluated at."""

    def __init__(self, energy: QuadraticEnergy) -> None:
        self.energy, self.points = energy, 0

    def evaluate(self, x: torch.Tensor, *, gradient: bool = True) -> Evaluation:
        self.points += len(x)
        return self.energy.evaluate(x, gradient=gradient)


@pytest.mark.parametrize(
    ("kernel", "changed", "frozen"),
    [
        (ULA(0.1), (1, 0), 1),
        (ULA(0.1, backward="old"), (1, 1), 1),
        (MALA(0.1), (2, 0), 1),
        (HMC(0.1, 4), (5, 0), 4),
        (HMC(0.1, 4, metropolis=False), (4, 0), 4),
        (Underdamped(0.1), (1, 0), 1),
    ],
)
def test_a_move_costs_the_evaluations_it_says(kernel, changed, frozen):
    """Of θₖ₊₁ and of θₖ when θ changed, and of θ when it did not, per walker."""
    old, new = Counted(gaussian_energy(1.0)), Counted(gaussian_energy(2.0))
    walkers = weighted_start(old.energy, 10, rng(19))
    kernel.move(walkers, new, rng(20), old)
    assert (new.points, old.points) == tuple(10 * c for c in changed)
    new.points = 0
    kernel.move(walkers._replace(at=new.energy.evaluate(walkers.x)), new, rng(20), new)
    assert new.points == 10 * frozen


@pytest.mark.parametrize(
    ("kernel", "schedule", "cost"),
    [
        (ULA(0.1), Schedule(), 10),
        (ULA(0.1), Schedule(steps=3), 40),
        (MALA(0.1), Schedule(steps=3), 40),
        (ULA(0.1), Schedule(batch=4), 10),
        (MALA(0.1), Schedule(batch=4), 14),
        (ULA(0.1), Schedule(correction=False), 20),
    ],
)
def test_an_ordinary_update_costs_one_evaluation_per_walker(kernel, schedule, cost):
    """10 walkers: one each for ULA, also when only some move; one more where they are reweighted.

    Three MALA moves evaluate x once, not at every move.
    """
    old, new = Counted(gaussian_energy(1.0)), Counted(gaussian_energy(2.0))
    walkers = weighted_start(old.energy, 10, rng(19))
    weighted_move(walkers, new, kernel, rng(20), schedule=schedule, previous=old)
    assert (new.points, old.points) == (cost, 0)


@pytest.mark.parametrize(
    "kernel", [ULA(0.1), MALA(0.1), HMC(0.1, 2), HMC(0.1, 2, False), Underdamped(0.1)]
)
def test_the_scale_of_the_walkers_multiplies_the_step_size(kernel):
    """step_scale 3 with h = 0.1 is h = 0.3: the same points and weights to 1e-12."""
    energy = gaussian_energy(1.0)
    walkers = weighted_start(energy, 50, rng(21))
    options = {k: v for k, v in vars(kernel).items() if k != "step_size"}
    x, a = kernel.move(walkers._replace(step_scale=3.0), energy, rng(22))
    y, b = type(kernel)(0.3, **options).move(walkers, energy, rng(22))
    assert torch.allclose(x.x, y.x, rtol=0, atol=1e-12)
    assert torch.allclose(a, b, rtol=0, atol=1e-12)
    assert (kernel.move(walkers, energy, rng(22))[0].x - x.x).abs().max() > 0.05


def test_momentum_decays_by_the_friction():
    """Without force E[p′p] = e^{−γε} after a move, ε = √(2h), within 5 s.e.; one O gives its √."""
    flat = QuadraticEnergy(torch.zeros(1, 1, **DOUBLE))
    kernel, n = Underdamped(0.5, 0.7), 200_000
    start = plain_start(flat, torch.zeros(n, 1, **DOUBLE))
    first, _ = kernel.move(start, flat, rng(23))
    then, _ = kernel.move(first, flat, rng(24))
    overlap = (first.momentum * then.momentum)[:, 0]
    assert abs(float(overlap.mean()) - math.exp(-0.7)) < 5 * float(overlap.std()) / math.sqrt(n)
    assert float(then.momentum.var()) == pytest.approx(1, abs=5 * math.sqrt(2 / n))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ULA(0.0), "step_size must be positive and finite; it is 0.0"),
        (lambda: ULA(math.nan), "step_size must be positive and finite; it is nan"),
        (lambda: ULA(0.1, -1.0), "temperature must be positive and finite; it is -1.0"),
        (lambda: ULA(0.1, backward="both"), "backward must be one of .* it is 'both'"),
        (lambda: MALA(math.inf), "step_size must be positive and finite; it is inf"),
        (lambda: HMC(0.1, 0), "leapfrog must be at least 1; it is 0"),
        (lambda: Underdamped(0.1, 0.0), "friction must be positive and finite; it is 0.0"),
    ],
)
def test_impossible_kernels_are_refused(make, message):
    """One sentence with the value and the limit, when the kernel is made."""
    with pytest.raises(ValueError, match=message):
        make()
