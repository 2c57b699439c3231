"""Walker mini-batches: some move, the others are reweighted where they stand; fact 12."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.metropolis import reweighted
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.methods.weighted_ula import WeightedULA
from ebm_engine.core.rng import generators
from ebm_engine.core.smc.population import weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.smc.weights import ess_fraction, normalised
from tests.core.quadratic import gaussian_energy, variances

UP = variances(1.0, 4.0, 20)
KERNELS = [ULA(0.4), ULA(0.4, backward="old"), MALA(0.4), HMC(0.3, 2, False), Underdamped(0.4)]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixture(gap: float) -> MixtureEnergy:
    means = torch.tensor([[-gap, 0.0], [gap, 0.5]], dtype=torch.float64)
    return MixtureEnergy(means, torch.tensor([0.0, 0.4 * gap], dtype=torch.float64))


def test_walkers_that_all_stay_gain_the_drop_of_the_energy():
    """B = ∅: ΔA = −(Uₖ₊₁ − Uₖ)(X) and X is the same."""
    old, new = mixture(1.0), mixture(1.4)
    walkers = weighted_start(old, 50, rng(1))
    stayed, gain = reweighted(walkers, new, old)
    assert torch.equal(stayed.x, walkers.x)
    expected = old.evaluate(walkers.x).energy - new.evaluate(walkers.x).energy
    assert torch.allclose(gain, expected, rtol=0, atol=1e-12)
    assert torch.allclose(stayed.at.energy, new.evaluate(walkers.x).energy, rtol=0, atol=1e-12)


@pytest.mark.parametrize("batch", [50, 80])
def test_a_batch_of_all_is_the_plain_move(batch):
    """B = all, or more: bit by bit the same as without a batch."""
    old, new = mixture(1.0), mixture(1.4)
    walkers = weighted_start(old, 50, rng(1))
    plain = weighted_move(walkers, new, ULA(0.3), rng(2))
    batched = weighted_move(walkers, new, ULA(0.3), rng(2), schedule=Schedule(batch=batch))
    assert torch.equal(plain.x, batched.x)
    assert torch.equal(plain.log_w, batched.log_w)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
def test_every_walker_keeps_its_slot_its_weight_and_its_caches(kernel):
    """Exactly B move; the rest gain Uₖ(x) − Uₖ₊₁(x); U and ∇U at θₖ₊₁ are those at x for all.

    A cache in the order of the batch instead of the slots fails for almost every walker.
    """
    old, new = mixture(1.0), mixture(1.4)
    walkers = weighted_start(old, 200, rng(3))
    walkers = walkers._replace(log_w=torch.linspace(-1, 1, 200, dtype=torch.float64))
    moved = weighted_move(walkers, new, kernel, rng(4), schedule=Schedule(batch=60), previous=old)
    went = (moved.x != walkers.x).any(1)
    rejected = 0 if math.isnan(moved.acceptance) else round((1 - moved.acceptance) * 60)
    assert int(went.sum()) == 60 - rejected
    fresh = new.evaluate(moved.x)
    for found, expected in zip(moved.at[:3], fresh[:3], strict=True):
        assert torch.allclose(found, expected, rtol=0, atol=1e-12)
    gain = walkers.at.energy - fresh.energy
    assert torch.allclose((moved.log_w - walkers.log_w)[~went], gain[~went], rtol=0, atol=1e-12)
    assert torch.equal(moved.ancestors, walkers.ancestors)


def test_every_walker_is_as_likely_to_move():
    """Batches of 5 of 20: each moves in a quarter of 4000 updates, within 5 s.e."""
    energy, noise, counts = gaussian_energy(1.0), rng(5), torch.zeros(20)
    walkers = weighted_start(energy, 20, rng(6))
    for _ in range(4000):
        after = weighted_move(walkers, energy, ULA(0.1), noise, schedule=Schedule(batch=5))
        counts += (after.x != walkers.x)[:, 0]
        walkers = after
    assert int(counts.sum()) == 20_000
    assert (counts / 4000 - 0.25).abs().max() < 5 * math.sqrt(0.25 * 0.75 / 4000)


@pytest.mark.parametrize("batch", [1, 25_000, 75_000])
@pytest.mark.parametrize("kernel", [ULA(0.5), MALA(0.5), Underdamped(0.5)], ids=repr)
def test_weights_are_exact_for_any_batch(batch, kernel):
    """mean(e^A) = 2 within 5 s.e. of 100 000 walkers, s: 1 → 4, for any |B|."""
    noise, walkers = rng(7), weighted_start(gaussian_energy(1.0), 100_000, rng(8))
    for s in UP[1:]:
        energy = gaussian_energy(s)
        walkers = weighted_move(walkers, energy, kernel, noise, schedule=Schedule(batch=batch))
    weights = walkers.log_w.exp()
    assert abs(float(weights.mean()) - 2) < 5 * float(weights.std()) / math.sqrt(len(weights))


def test_walkers_that_stay_must_be_reweighted():
    """Without their Uₖ(x) − Uₖ₊₁(x) the mean is off by > 5 s.e.; the ESS is below that of all."""
    noise, n = rng(9), 100_000
    walkers = whole = weighted_start(gaussian_energy(1.0), n, rng(8))
    forgetful = torch.zeros(n, dtype=torch.float64)
    for s in UP[1:]:
        energy = gaussian_energy(s)
        after = weighted_move(walkers, energy, ULA(0.4), noise, schedule=Schedule(batch=n // 4))
        went = (after.x != walkers.x)[:, 0]
        forgetful += torch.where(went, after.log_w - walkers.log_w, 0)
        walkers, whole = after, weighted_move(whole, energy, ULA(0.4), noise)
    wrong = forgetful.exp()
    assert abs(float(wrong.mean()) - 2) > 5 * float(wrong.std()) / math.sqrt(n)
    some, every = (ess_fraction(normalised(w.log_w)) for w in (walkers, whole))
    assert some < 0.75 * every


def test_momentum_of_the_walkers_that_stay_is_kept():
    """Every walker has one after the first batch; later only those of the batch change."""
    energy, schedule, noise = gaussian_energy(1.0), Schedule(batch=30), rng(10)
    first = weighted_move(
        weighted_start(energy, 100, rng(11)), energy, Underdamped(0.1), noise, schedule=schedule
    )
    then = weighted_move(first, energy, Underdamped(0.1), noise, schedule=schedule)
    assert first.momentum.shape == (100, 1)
    assert first.momentum.unique().numel() == 100
    assert torch.equal((then.momentum != first.momentum)[:, 0], (then.x != first.x)[:, 0])
    assert int((then.x != first.x).sum()) == 30


def test_several_moves_of_a_batch_are_exact():
    """Reweight all, then three moves of a quarter: mean(e^A) = 2 within 5 s.e."""
    noise, walkers = rng(12), weighted_start(gaussian_energy(1.0), 100_000, rng(13))
    schedule = Schedule(steps=3, batch=25_000)
    for s in UP[1:]:
        walkers = weighted_move(walkers, gaussian_energy(s), ULA(0.5), noise, schedule=schedule)
    weights = walkers.log_w.exp()
    assert abs(float(weights.mean()) - 2) < 5 * float(weights.std()) / math.sqrt(len(weights))


def test_the_method_moves_its_batch_and_no_more():
    """Of 100 walkers 10 move at an update, and of 40 witnesses 10 as well."""
    energy = mixture(1.0)
    method = WeightedULA(ULA(0.1), 100, energy, witnesses=40, walker_batch=10, threshold=0.0)
    rngs = generators(0, "cpu")
    before = method.start(energy, energy.means, rngs)
    after = method.after_update(before, energy, mixture(1.1), energy.means, 1, rngs)
    for old, new in zip(before[:2], after[:2], strict=True):
        assert int((old.x != new.x).any(1).sum()) == 10
