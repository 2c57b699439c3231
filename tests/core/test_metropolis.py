"""The Metropolis test: who is kept, what a broken walker may look like, whose cache is whose."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.energies.mlp import mlp_energy
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.metropolis import accepted
from ebm_engine.core.smc.population import plain_start
from ebm_engine.core.types import Evaluation
from tests.core.quadratic import gaussian_energy

DOUBLE = {"dtype": torch.float64}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixture(means: list[list[float]]) -> MixtureEnergy:
    return MixtureEnergy(torch.tensor(means, **DOUBLE), torch.tensor([0.2, -0.3], **DOUBLE))


def at(energies: list[float], slope: float = 0.0) -> Evaluation:
    values = torch.tensor(energies, **DOUBLE)
    return Evaluation(values, torch.full((len(values), 1), slope, **DOUBLE))


@pytest.mark.parametrize(("ratio", "share"), [(-0.5, math.exp(-0.5)), (0.0, 1.0), (3.0, 1.0)])
def test_the_proposal_is_kept_with_the_metropolis_probability(ratio, share):
    """min(1, e^r) of 100 000 proposals, within 5 s.e.; the inverted test keeps 1 − min(1, e^r)."""
    n = 100_000
    walkers = plain_start(gaussian_energy(1.0), torch.zeros(n, 1, **DOUBLE))
    y = torch.ones(n, 1, **DOUBLE)
    after = accepted(walkers, y, gaussian_energy(1.0).evaluate(y), torch.full((n,), ratio), rng(12))
    error = math.sqrt(share * (1 - share) / n)
    assert abs(float(after.x.mean()) - share) <= 5 * error
    assert after.acceptance == float(after.x.mean())
    assert torch.equal(after.at.energy, 0.5 * after.x[:, 0] ** 2)
    assert torch.equal(after.at.gradient, after.x)


def test_a_proposal_without_a_finite_energy_is_rejected():
    """NaN, +∞ and −∞ at y never replace a sound walker, whatever the ratio says."""
    walkers = plain_start(gaussian_energy(1.0), torch.zeros(3, 1, **DOUBLE))
    bad = at([math.nan, math.inf, -math.inf])
    for ratio in (math.nan, math.inf, 1.0):
        after = accepted(walkers, walkers.x + 1, bad, torch.full((3,), ratio), rng(13))
        assert (after.x == 0).all()
        assert (after.at.energy == 0).all()
        assert after.acceptance == 0


def test_a_walker_that_is_not_sound_never_looks_sound():
    """NaN energy stays NaN beside a sound proposal; NaN forces lead to the NaN they make."""
    walkers = plain_start(gaussian_energy(1.0), torch.zeros(1, 1, **DOUBLE))
    y, nan = walkers.x + 1, torch.full((1,), math.nan, **DOUBLE)
    lost = accepted(walkers._replace(at=at([math.nan])), y, at([0.5]), nan, rng(14))
    assert lost.at.energy.isnan().all()
    forced = accepted(walkers._replace(at=at([0.0], math.nan)), y, at([math.nan]), nan, rng(14))
    assert forced.at.energy.isnan().all()


@pytest.mark.parametrize("kernel", [MALA(0.8), HMC(0.8, 2)])
@pytest.mark.parametrize("network", [True, False])
def test_every_cache_belongs_to_the_walker_that_stands_there(kernel, network):
    """U, ∇U, responsibilities and layers after accepted and rejected moves are those at x."""
    energy, new = mixture([[-1, 0], [1, 0]]), mixture([[-2, 0.5], [1, 1]])
    if network:
        energy, new = (network_energy(seed) for seed in (15, 16))
    walkers = plain_start(energy, 2 * torch.randn(400, 2, generator=rng(17), **DOUBLE))
    moved, _ = kernel.move(walkers, new, rng(18))
    assert 0.1 < moved.acceptance < 0.99
    fresh = new.evaluate(moved.x)
    pairs = [*zip(moved.at[:3], fresh[:3], strict=True)]
    pairs += [*zip(moved.at.layers, fresh.layers, strict=True)]
    for found, expected in pairs:
        assert (found is None) == (expected is None)
        assert found is None or torch.allclose(found, expected, rtol=0, atol=1e-12)


def network_energy(seed: int):
    return mlp_energy(2, 8, 2, "silu", 2.0, rng(seed), torch.zeros(1, **DOUBLE), "random")
