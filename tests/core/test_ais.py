"""Annealed importance sampling between two energies, against closed forms."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.smc.ais import anneal
from ebm_engine.core.smc.population import log_z_estimate, weighted_start
from ebm_engine.core.smc.weights import normalised
from tests.core.moments import moment
from tests.core.quadratic import gaussian_energy


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixture(means: list[list[float]], z: list[float]) -> MixtureEnergy:
    as_double = {"dtype": torch.float64}
    return MixtureEnergy(torch.tensor(means, **as_double), torch.tensor(z, **as_double))


START = mixture([[-0.1, 0.0], [0.1, 0.0]], [0.0, 0.0])
GOAL = mixture([[-4.0, 0.0], [4.0, 1.0]], [0.5, -0.6])


def test_partition_function_and_masses_are_unbiased():
    """E[Ẑ] = Z and E[Ẑ·mass] = Z·p within 5 s.e. of 200 runs of 200 walkers.

    Unweighted, half of the walkers end in each mode, where the mass of the first is 0.25.
    """
    z_ratios, masses, raw = [], [], []
    for seed in range(200):
        walkers = anneal(START, GOAL, 200, 60, ULA(0.3), 0.5, "systematic", rng(seed))
        z_ratios.append(math.exp(log_z_estimate(walkers)[0] - GOAL.log_z()))
        share = walkers.at.responsibilities[:, 0]
        masses.append(z_ratios[-1] * float(normalised(walkers.log_w) @ share))
        raw.append(float(share.mean()))
    exact = float(torch.softmax(-GOAL.z, 0)[0])
    for values, expected in ((z_ratios, 1.0), (masses, exact)):
        values = torch.tensor(values, dtype=torch.float64)
        error = float(values.std()) / math.sqrt(len(values))
        assert abs(float(values.mean()) - expected) < 5 * error
    assert exact == pytest.approx(0.25, abs=0.001)
    assert sum(raw) / len(raw) > exact + 0.02


def test_path_visits_equal_shares_up_to_the_goal():
    """The mean of e^A on Gaussians with 1/s equally spaced from 1 to 2, exact spread known.

    Ending one step before the goal, at share (K − 1)/K, would miss √½ by 2.6 %.
    """
    steps, kernel, count = 10, ULA(0.2), 200_000
    path = [1 / (1 + k / steps) for k in range(steps + 1)]
    start, goal = gaussian_energy(1.0), gaussian_energy(0.5)
    walkers = anneal(start, goal, count, steps, kernel, 0.0, "systematic", rng(1))
    weights = walkers.log_w.exp()
    exact = math.sqrt(0.5)
    spread = math.sqrt((moment(path, kernel, 2) - exact**2) / count)
    assert moment(path, kernel, 1) == pytest.approx(exact, abs=1e-12)
    assert abs(float(weights.mean()) - exact) < 5 * spread
    assert abs(math.sqrt(path[-2]) - exact) > 20 * spread


def test_walkers_end_with_the_energy_of_the_goal():
    """The cache at the end belongs to the goal, and log Ẑ starts from the known log Z₀."""
    walkers = anneal(START, GOAL, 100, 5, ULA(0.3), 0.0, "systematic", rng(2))
    assert torch.allclose(walkers.at.energy, GOAL.evaluate(walkers.x).energy, rtol=1e-12)
    assert walkers.log_norm == START.log_z()


def test_a_path_of_no_length_leaves_the_partition_function_alone():
    """From an energy to itself E[e^A] = 1: log Ẑ within 5 s.e. of log Z."""
    walkers = anneal(GOAL, GOAL, 5000, 20, ULA(0.3), 0.0, "systematic", rng(3))
    value, error = log_z_estimate(walkers)
    assert error > 1e-4
    assert abs(value - GOAL.log_z()) < 5 * error


def test_each_step_of_the_path_knows_the_one_before():
    """With the old backward kernel: U_β at the new points, not U₀ and not U_β′; bit by bit.

    Any backward gradient is exact, so only the weights themselves tell them apart.
    """
    kernel, noise = ULA(0.4, backward="old"), rng(5)
    found = anneal(START, GOAL, 50, 4, kernel, 0.0, "systematic", rng(5))
    path = [START.toward(GOAL, k / 4) for k in range(5)]
    walkers, stale = weighted_start(path[0], 50, noise), 0.0
    for before, after in itertools.pairwise([START, *path[1:]]):
        moved, increment = kernel.move(walkers, after, noise, before)
        back = moved.at._replace(gradient=START.evaluate(moved.x).gradient)
        stale += kernel.log_ratio(walkers.x, walkers.at, moved.x, back)
        walkers = moved._replace(log_w=walkers.log_w + increment)
    assert torch.equal(found.log_w, walkers.log_w)
    assert (found.log_w - stale).abs().max() > 0.1
