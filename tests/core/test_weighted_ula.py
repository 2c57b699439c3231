"""Weighted ULA as a method: witnesses, refreshes, and the feedback bias they cure."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.weighted_ula import WeightedULA
from ebm_engine.core.rng import generators
from ebm_engine.core.smc.population import log_z_estimate
from ebm_engine.core.smc.weights import normalised
from ebm_engine.core.training import Trainer


def trainer(seed: int, rate: float, **options: Any) -> Trainer:
    """A mixture with means at ±0.5 that learns data around ±2."""
    means = torch.tensor([[-0.5, 0.0], [0.5, 0.0]], dtype=torch.float64)
    energy = MixtureEnergy(means, torch.zeros(2, dtype=torch.float64))
    noise = torch.Generator().manual_seed(99)
    data = 4 * means[[0, 1, 1, 1] * 50] + torch.randn(200, 2, generator=noise, dtype=torch.float64)
    count = options.pop("count", 100)
    method = WeightedULA(ULA(0.2), count, energy.frozen(), **options)
    optimizer = torch.optim.SGD(list(energy.parameters.values()), lr=rate)
    masks = {name: torch.ones_like(p) for name, p in energy.parameters.items()}
    return Trainer(energy, data, method, optimizer, masks)


def run(seed: int, updates: int, rate: float = 0.05, **options: Any):
    made = trainer(seed, rate, **options)
    state = made.start(generators(seed, "cpu"))
    with torch.no_grad():
        for _ in range(updates):
            state, _ = made.step(state)
    return made, state


def test_witnesses_do_not_change_one_bit_of_the_training():
    """Same θ, walkers and weights with 0, 50 or 200 witnesses, through resamplings of both."""
    alone, state = run(0, 60, threshold=0.8)
    assert state.walkers.witness is None
    for count in (50, 200):
        watched, watched_state = run(0, 60, threshold=0.8, witnesses=count)
        assert len(watched_state.walkers.witness.x) == count
        for name, parameter in alone.energy.parameters.items():
            assert torch.equal(parameter, watched.energy.parameters[name])
        assert torch.equal(state.walkers.train.x, watched_state.walkers.train.x)
        assert torch.equal(state.walkers.train.log_w, watched_state.walkers.train.log_w)


def test_witnesses_are_unbiased_where_training_walkers_read_too_low():
    """E[Ẑ_witness/Z] = 1 within 5 s.e. of 150 runs; the training walkers' log Ẑ is below by 5 s.e.

    θ is chosen from the training walkers, so each step adds about −γ tr Cov(∂U)/N_eff to their
    log Ẑ: they cannot judge themselves.
    """
    own, seen = [], []
    for seed in range(150):
        made, state = run(seed, 80, count=60, threshold=0.0, witnesses=60)
        exact = made.energy.log_z()
        own.append(log_z_estimate(state.walkers.train)[0] - exact)
        seen.append(log_z_estimate(state.walkers.witness)[0] - exact)
    own, seen = torch.tensor([own, seen], dtype=torch.float64)
    ratio = seen.exp()
    assert abs(float(ratio.mean()) - 1) < 5 * float(ratio.std()) / math.sqrt(150)
    assert float(own.mean()) < -5 * float(own.std()) / math.sqrt(150)
    assert float(own.mean()) < float(seen.mean()) - 0.05


def test_feedback_bias_has_its_leading_order_size():
    """U = ½|x − a|², d = 20, γ = .01, 200 updates: drift −γ·d·K/N = −0.08 at N = 500, within 30 %.

    The data are the fixed point, so the walkers' noise alone moves a; fact 20.
    """
    d, n, rate, updates, drifts = 20, 500, 0.01, 200, []
    data = torch.zeros(2, d, dtype=torch.float64)
    for seed in range(12):
        energy = MixtureEnergy(torch.zeros(1, d).double(), torch.zeros(1).double())
        method = WeightedULA(ULA(0.1), n, energy.frozen(), threshold=0.0)
        optimizer = torch.optim.SGD([energy.means], lr=rate)
        masks = {name: torch.ones_like(p) for name, p in energy.parameters.items()}
        made = Trainer(energy, data, method, optimizer, masks)
        state, predicted = made.start(generators(seed, "cpu")), 0.0
        with torch.no_grad():
            for _ in range(updates):
                predicted -= rate * d / (n * state.walkers.train.ess)
                state, _ = made.step(state)
        drifts.append(log_z_estimate(state.walkers.train)[0] - energy.log_z())
    drift = sum(drifts) / len(drifts)
    assert drift == pytest.approx(predicted, rel=0.3)
    assert predicted == pytest.approx(-0.084, abs=0.01)


def test_refresh_replaces_the_walkers_by_a_population_for_the_present_model():
    """After a refresh log Ẑ is unbiased again: mean of Ẑ/Z over 100 runs within 5 s.e. of 1.

    A refresh that kept the old walkers' normalisation would keep their bias, which is 5 s.e. away.
    """
    before, after = [], []
    for seed in range(100):
        made, state = run(seed, 79, count=60, threshold=0.0, refresh_every=80, refresh_steps=40)
        before.append(log_z_estimate(state.walkers.train)[0] - made.energy.log_z())
        with torch.no_grad():
            state, _ = made.step(state)
        train = state.walkers.train
        assert (train.parents == -1).all()
        assert torch.equal(train.ancestors, torch.arange(60))
        assert torch.allclose(train.at.energy, made.energy.evaluate(train.x).energy, rtol=1e-12)
        after.append(log_z_estimate(train)[0] - made.energy.log_z())
    before, after = torch.tensor([before, after], dtype=torch.float64)
    ratio = after.exp()
    error = float(ratio.std()) / math.sqrt(100)
    assert abs(float(ratio.mean()) - 1) < 5 * error
    assert float(before.exp().mean()) < 1 - 5 * float(before.exp().std()) / 10


def test_gradient_weights_are_the_normalised_weights_of_the_last_move():
    """Metrics hold E_data[∂U] − Σ pᵢ ∂U(Xᵢ) at θₖ, p from the weights before the move.

    Equal weights give another gradient, and so do the weights after the move.
    """
    made, state = run(0, 40, threshold=0.0)
    with torch.no_grad():
        walkers, energy = state.walkers.train, made.energy.frozen()
        following, metrics = made.step(state)
        data = energy.evaluate(made.data).responsibilities.mean(0)
        shares = walkers.at.responsibilities
        exact = data - normalised(walkers.log_w) @ shares
    assert torch.allclose(metrics.gradient["log_masses"], exact, rtol=0, atol=1e-12)
    assert (metrics.gradient["log_masses"] - (data - shares.mean(0))).abs().max() > 1e-3
    later = data - normalised(following.walkers.train.log_w) @ shares
    assert (metrics.gradient["log_masses"] - later).abs().max() > 1e-5


def test_walkers_move_with_the_old_parameters_and_are_weighed_with_the_new():
    """X' = X − h∇U_{θₖ}(X) + √(2h)ξ, and ΔA has U_{θₖ₊₁} at X' only (Algorithm 1)."""
    made, state = run(0, 40, rate=0.5, threshold=0.0)
    kernel, noise = made.method.kernel, torch.Generator()
    noise.set_state(state.rngs["noise"].get_state())
    with torch.no_grad():
        walkers, old = state.walkers.train, made.energy.frozen()
        following, _ = made.step(state)
        new, after = made.energy, following.walkers.train
        expected = kernel.propose(walkers.x, old.evaluate(walkers.x), noise)
        increment = kernel.log_ratio(
            walkers.x, old.evaluate(walkers.x), expected, new.evaluate(expected)
        )
    assert torch.allclose(after.x, expected, rtol=0, atol=1e-12)
    assert torch.allclose(after.log_w - walkers.log_w, increment, rtol=0, atol=1e-12)
    assert (new.means - old.means).abs().max() > 1e-3
