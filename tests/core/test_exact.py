"""The exact gradient: whatever the batch, and walkers that are only looked at."""

from __future__ import annotations

import pytest
import torch

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.exact import Exact
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer
from ebm_engine.core.types import Parameters
from tests.core.parabola import Parabola

VARIANCE = 4.0  # of the target


def exact_gradient(energy: Parabola) -> Parameters:
    """∂H/∂θ = ½(v − 1/θ) for U = ½θx² and a target of variance v."""
    return {"theta": 0.5 * (VARIANCE - 1 / energy.theta)}


def trained(data: float, seed: int = 0, updates: int = 60):
    energy = Parabola(1.0)
    method = Exact(ULA(0.1), 20, energy.frozen(), exact_gradient)
    optimizer = torch.optim.SGD([energy.theta], lr=0.1)
    masks = {"theta": torch.ones((), dtype=torch.float64)}
    trainer = Trainer(energy, torch.full((5, 1), data).double(), method, optimizer, masks)
    state = trainer.start(generators(seed, "cpu"))
    for _ in range(updates):
        state, _ = trainer.step(state)
    return float(energy.theta), state.walkers.train


def test_descent_ends_at_the_target_whatever_the_data_and_the_seed_are():
    """θ → 1/v = 0.25, the same bits for other data and other noise; the data's own fit is 1/49."""
    theta, walkers = trained(7.0)
    other, elsewhere = trained(-1.0, seed=5)
    assert theta == pytest.approx(0.25, abs=1e-3)
    assert theta == other
    assert not torch.equal(walkers.x, elsewhere.x)


def test_the_walkers_shown_start_at_the_base_and_move_by_the_kernel():
    """x ← x − hθₖx + √(2h)ξ with the OLD θ and the stream of the walkers."""
    energy, later, base = Parabola(1.0), Parabola(3.0), Parabola(0.5)
    method, rngs = Exact(ULA(0.1), 20, base, exact_gradient), generators(0, "cpu")
    twin = generators(0, "cpu")["walkers"]
    walkers = method.start(energy, torch.zeros(5, 1), rngs)
    assert torch.equal(walkers.train.x, base.sample(20, twin))
    assert method.before_gradient(walkers, energy, torch.zeros(5, 1), rngs) is walkers
    moved = method.after_update(walkers, energy, later, torch.zeros(5, 1), 1, rngs).train
    noise = torch.randn(20, 1, generator=twin).double()
    expected = 0.9 * walkers.train.x + 0.2**0.5 * noise
    assert torch.allclose(moved.x, expected, rtol=1e-12)
    assert torch.equal(moved.at.gradient, 3.0 * moved.x)
