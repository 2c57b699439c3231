"""Short-run chains, and that they differ from CD only in where they start."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.cd import FILMED, run_chains
from ebm_engine.core.methods.short_run import ShortRun
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer
from tests.core.parabola import Parabola

DATA = torch.full((40, 1), 7.0, dtype=torch.float64)


def test_the_law_of_short_run_chains_has_its_closed_form():
    """Variance r^{2K}/θ₀ + 2h(1 − r^{2K})/(1 − r²), r = 1 − hθ, within 5 s.e.

    From the data (CD) the mean would be 7r^K, and chains that reach p would have variance 1/θ.
    """
    h, theta, steps, n = 0.1, 2.0, 3, 40_000
    energy, base = Parabola(theta), Parabola(0.25)
    method, rngs = ShortRun(ULA(h), n, base, steps), generators(0, "cpu")
    walkers = method.start(energy, DATA, rngs)
    x = method.before_gradient(walkers, energy, DATA, rngs).train.x
    share = (1 - h * theta) ** (2 * steps)
    variance = share / 0.25 + 2 * h * (1 - share) / (1 - (1 - h * theta) ** 2)
    assert abs(float(x.mean())) < 5 * math.sqrt(variance / n)
    assert float(x.var()) == pytest.approx(variance, abs=5 * variance * math.sqrt(2 / n))
    assert abs(variance - 1 / theta) > 0.5


def test_every_update_starts_anew():
    """x_K/r^K is a new base draw each time; a persistent chain would go on to r^{2K}."""
    energy, base = Parabola(2.0), Parabola(0.25)
    method, rngs = ShortRun(ULA(0.1, 1e-30), 9, base, 4), generators(0, "cpu")
    walkers, starts = method.start(energy, DATA, rngs), generators(0, "cpu")["restart"]
    for step in (1, 2, 3):
        walkers = method.before_gradient(walkers, energy, DATA, rngs)
        assert torch.allclose(walkers.train.x, 0.8**4 * base.sample(9, starts), rtol=1e-12)
        assert (walkers.train.parents == -1).all()
        walkers = method.after_update(walkers, energy, energy, DATA, step, rngs)


def test_the_gradient_is_data_against_end_points():
    """∂H/∂θ = ½(mean of x² over data − mean of x_K²), to rounding."""
    energy, base = Parabola(2.0), Parabola(0.25)
    method = ShortRun(ULA(0.1), 50, base, 4)
    optimizer = torch.optim.SGD([energy.theta], lr=0.0)
    masks = {"theta": torch.ones((), dtype=torch.float64)}
    trainer = Trainer(energy, DATA, method, optimizer, masks)
    state, metrics = trainer.step(trainer.start(generators(0, "cpu")))
    expected = 0.5 * (49 - state.walkers.train.x.square().mean())
    assert float(metrics.gradient["theta"]) == pytest.approx(float(expected), rel=1e-12)


def test_the_evaluation_after_an_update_is_at_the_new_parameters():
    """U = ½θx² with the θ after the update."""
    energy, later = Parabola(2.0), Parabola(5.0)
    method, rngs = ShortRun(ULA(0.1), 5, energy.frozen(), 2), generators(0, "cpu")
    walkers = method.before_gradient(method.start(energy, DATA, rngs), energy, DATA, rngs)
    moved = method.after_update(walkers, energy, later, DATA, 1, rngs).train
    assert torch.equal(moved.at.energy, 2.5 * moved.x[:, 0].square())


@pytest.mark.parametrize("kept", [0, 3, 100])
def test_chains_carry_their_film_and_the_place_before_the_last_step(kept):
    """path[0] is the start, path[−1] the end, before_last path[−2]; no field without `kept`."""
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    noise = torch.Generator().manual_seed(1)
    chains = run_chains(x, Parabola(1.0, 2), ULA(0.1), 4, noise, kept)
    assert chains.path.shape == (5, FILMED, 2)
    assert torch.equal(chains.path[0], x[:FILMED])
    assert torch.equal(chains.path[-1], chains.x[:FILMED])
    if kept:
        assert len(chains.before_last) == min(kept, 30)
        shown = min(kept, FILMED)
        assert torch.equal(chains.before_last[:shown], chains.path[-2][:shown])
    else:
        assert chains.before_last is None


def test_no_step_at_all_leaves_the_chains_at_their_start():
    """K = 0: x_K = x₀, a film of one picture, and CD's gradient against the same data is 0."""
    energy = Parabola(2.0)
    chains = run_chains(DATA, energy, ULA(0.1), 0, torch.Generator())
    assert torch.equal(chains.x, DATA)
    assert chains.path.shape == (1, FILMED, 1)
