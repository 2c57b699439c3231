"""The step size that follows the walkers: its rule, its bounds, and what it is worth."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.adaptation import adapted
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.methods.weighted_ula import WeightedULA
from ebm_engine.core.rng import generators
from ebm_engine.core.smc.population import resample_below, weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from tests.core.quadratic import QuadraticEnergy, gaussian_energy, variances

ADAPT = Schedule(adapt=True)
STIFF = QuadraticEnergy(torch.diag(torch.tensor([1.0, 100.0], dtype=torch.float64)))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scale_after(increments: list[float], scale: float = 1.0) -> float:
    walkers = weighted_start(gaussian_energy(1.0), 4, rng())._replace(step_scale=scale)
    return adapted(walkers, torch.tensor(increments), math.nan).step_scale


@pytest.mark.parametrize(
    ("spread", "factor"),
    [(0.25, 1.0), (0.26, (0.25 / 0.26) ** 0.3), (10.0, 0.9), (0.01, 1.02), (0.0, 1.02)],
)
def test_unadjusted_kernels_hold_the_spread_of_the_increments(spread, factor):
    """Factor (0.25/sd ΔA)^0.3 within [0.9, 1.02], sd over all walkers and not of their mean."""
    found = scale_after([5 - spread, 5 + spread, 5 - spread, 5 + spread], 2.0)
    assert found == pytest.approx(2 * factor, rel=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_increments_that_are_no_numbers_shrink_the_step(value):
    """0.9, the hardest step back."""
    assert scale_after([0.0, 0.1, value, 0.2]) == 0.9


@pytest.mark.parametrize(
    ("acceptance", "target", "factor"),
    [
        (0.574, 0.574, 1.0),
        (0.5, 0.574, (0.5 / 0.574) ** 0.3),
        (1.0, 0.574, 1.02),
        (0.0, 0.8, 0.9),
    ],
)
def test_metropolis_kernels_hold_their_acceptance(acceptance, target, factor):
    """Factor (acceptance/target)^0.3 within [0.9, 1.02], whatever the weights do."""
    walkers = weighted_start(gaussian_energy(1.0), 4, rng())._replace(acceptance=acceptance)
    found = adapted(walkers, torch.tensor([0.0, 9.0, -9.0, 4.0]), target).step_scale
    assert found == pytest.approx(factor, rel=1e-12)


def test_the_scale_stays_between_its_bounds():
    """1e-3 and 1e3."""
    assert scale_after([0.0, 99.0, 0.0, 99.0], 1e-3) == 1e-3
    assert scale_after([0.0, 0.0, 0.0, 0.0], 1e3) == 1e3


def test_a_new_step_size_waits_for_the_next_move():
    """The adaptive move itself equals the plain one bit by bit; only the next one differs."""
    energy = gaussian_energy(1.0)
    walkers = weighted_start(energy, 100, rng(1))
    plain = weighted_move(walkers, energy, ULA(0.9), rng(2))
    adaptive = weighted_move(walkers, energy, ULA(0.9), rng(2), schedule=ADAPT)
    assert torch.equal(plain.x, adaptive.x)
    assert torch.equal(plain.log_w, adaptive.log_w)
    assert (plain.step_scale, adaptive.step_scale == 1) == (1.0, False)
    then = [weighted_move(w, energy, ULA(0.9), rng(3)).x for w in (plain, adaptive)]
    assert (then[0] - then[1]).abs().max() > 1e-3


@pytest.mark.parametrize(
    "kernel",
    [ULA(0.015), HMC(0.015, 2, metropolis=False), Underdamped(0.015)],
    ids=lambda k: type(k).__name__,
)
def test_weights_recover_from_a_step_that_is_too_large(kernel):
    """h·λ = 1.5 on curvatures 1 and 100: ESS/N after a move below 0.5 without, above 0.85 with.

    The spread of ΔA settles near 0.25, where a move of Gaussian weights keeps e^{−1/16} = 0.94.
    """
    found = []
    for schedule in (Schedule(), ADAPT):
        noise, walkers, ess = rng(4), weighted_start(STIFF, 1000, rng(5)), []
        for _ in range(80):
            walkers = weighted_move(walkers, STIFF, kernel, noise, schedule=schedule)
            walkers = resample_below(walkers, 1.1, "systematic", noise)
            ess.append(walkers.ess_before)
        found.append(sum(ess[-20:]) / 20)
    assert found[0] < 0.8
    assert found[1] > 0.9
    assert walkers.step_scale < 0.9


@pytest.mark.parametrize(("kernel", "target"), [(MALA(0.1), 0.574), (HMC(0.1, 3), 0.8)])
def test_acceptance_settles_at_its_target(kernel, target):
    """From a step that is too large, h·λ = 10, within 0.05 of the target after 200 moves."""
    noise, walkers, shares = rng(6), weighted_start(STIFF, 500, rng(7)), []
    for _ in range(200):
        walkers = weighted_move(walkers, STIFF, kernel, noise, schedule=ADAPT)
        shares.append(walkers.acceptance)
    assert shares[0] < target - 0.2
    assert sum(shares[-50:]) / 50 == pytest.approx(target, abs=0.05)


def test_adaptation_leaves_a_small_bias_only():
    """mean(e^A) = 2 within 5 s.e. of 200 000 walkers on s: 1 → 4, though h follows them.

    An h that changed between the proposal and its weight would miss by more.
    """
    noise, path = rng(8), variances(1.0, 4.0, 20)
    walkers = weighted_start(gaussian_energy(1.0), 200_000, rng(9))
    for s in path[1:]:
        walkers = weighted_move(walkers, gaussian_energy(s), ULA(0.5), noise, schedule=ADAPT)
    weights = walkers.log_w.exp()
    assert walkers.step_scale != 1
    assert abs(float(weights.mean()) - 2) < 5 * float(weights.std()) / math.sqrt(200_000)


def test_each_population_has_a_step_size_of_its_own_and_a_refresh_keeps_it():
    """50 witnesses and 100 walkers read different spreads; new walkers go on with the old scale."""
    energy = MixtureEnergy(torch.zeros(1, 2).double(), torch.zeros(1).double())
    method = WeightedULA(
        ULA(0.8), 100, energy, witnesses=50, refresh_every=10, refresh_steps=3, adapt=True
    )
    rngs = generators(0, "cpu")
    walkers = method.start(energy, energy.means, rngs)
    for step in range(1, 10):
        walkers = method.after_update(walkers, energy, energy, energy.means, step, rngs)
    scale = walkers.train.step_scale
    assert 0.3 < scale < 1
    assert walkers.witness.step_scale not in (1.0, scale)
    walkers = method.after_update(walkers, energy, energy, energy.means, 10, rngs)
    assert (walkers.train.parents == -1).all()
    assert walkers.train.step_scale == scale
