"""Where the chains of improved CD start: the replay buffer, restarts and augmentation."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.improved_cd import ICDSettings, ImprovedCD
from ebm_engine.core.methods.short_run import ShortRun
from ebm_engine.core.rng import generators
from tests.core.parabola import Parabola

COLD = 1e-30  # a temperature at which the noise is below rounding
DATA = torch.zeros(30, 2, dtype=torch.float64)


def two_modes() -> MixtureEnergy:
    means = torch.tensor([[-1.0, 0.5], [1.2, -0.3]], dtype=torch.float64)
    return MixtureEnergy(means, torch.tensor([0.0, 0.4], dtype=torch.float64))


def advanced(method: ImprovedCD | ShortRun, energy, updates: int):
    """The chains of update `updates` before their gradient."""
    rngs = generators(0, "cpu")
    walkers = method.start(energy, DATA, rngs)
    for step in range(1, updates):
        walkers = method.before_gradient(walkers, energy, DATA, rngs)
        walkers = method.after_update(walkers, energy, energy, DATA, step, rngs)
    return method.before_gradient(walkers, energy, DATA, rngs)


@pytest.mark.parametrize("scheme", ["fifo", "reservoir", "same-slot"])
def test_restarting_always_is_short_run(scheme):
    """restart = 1: the same end points as ShortRun at every update, to the bit."""
    settings = ICDSettings(scheme=scheme, capacity=50, restart=1.0)
    energy, base = two_modes(), two_modes()
    improved, short = ImprovedCD(ULA(0.1), 20, base, 4, settings), ShortRun(ULA(0.1), 20, base, 4)
    for updates in (1, 2, 4):
        ours = advanced(improved, energy, updates)
        theirs = advanced(short, energy, updates)
        assert torch.equal(ours.train.x, theirs.train.x)


def test_never_restarting_continues_the_buffer():
    """restart = 0 and as many slots as chains: each state goes on by K steps at every update.

    Without noise |x| = r^{Ku}|x₀| after u updates, one for one.
    """
    h, theta, steps, energy = 0.1, 0.7, 3, Parabola(0.7, 2)
    settings = ICDSettings(scheme="same-slot", capacity=20, restart=0.0)
    method = ImprovedCD(ULA(h, COLD), 20, Parabola(0.3, 2), steps, settings)
    first = advanced(method, energy, 1)
    later = advanced(method, energy, 5)
    assert torch.equal(later.train.parents.sort().values, torch.arange(20))
    born, now = (w.train.x.norm(dim=1).sort().values for w in (first, later))
    assert torch.allclose(now, (1 - h * theta) ** (4 * steps) * born, rtol=1e-10)


def test_restarts_are_binomial():
    """10 updates of 500 chains at restart 0.1: 500 restarts within 5 s.e., not always the same."""
    settings = ICDSettings(0.0, 0.0, capacity=2000, restart=0.1)
    method, energy = ImprovedCD(ULA(0.1), 500, two_modes(), 1, settings), two_modes()
    rngs = generators(1, "cpu")
    walkers, counts = method.start(energy, DATA, rngs), []
    for step in range(1, 12):
        walkers = method.before_gradient(walkers, energy, DATA, rngs)
        counts.append(int((walkers.train.parents < 0).sum()))
        walkers = method.after_update(walkers, energy, energy, DATA, step, rngs)
        assert (walkers.train.parents == -1).all()
    assert counts[0] == 500
    assert abs(sum(counts[1:]) - 500) < 5 * math.sqrt(5000 * 0.1 * 0.9)
    assert len(set(counts[1:])) > 1


def test_states_are_augmented_when_read_and_only_then():
    """Reflection: a chain starts at ±(state), and within the chain no coordinate changes sign."""
    settings = ICDSettings(capacity=12, scheme="same-slot", restart=0.0, augment="reflection")
    method, energy = ImprovedCD(ULA(0.1, COLD), 12, Parabola(0.3, 2), 4, settings), Parabola(0.7, 2)
    rngs = generators(2, "cpu")
    walkers = method.before_gradient(method.start(energy, DATA, rngs), energy, DATA, rngs)
    walkers = method.after_update(walkers, energy, energy, DATA, 1, rngs)
    held = walkers.buffer.x.clone()
    train = method.before_gradient(walkers, energy, DATA, rngs).train
    assert torch.equal(train.path[0].abs(), held[train.parents].abs())
    flipped = (train.path[0] * held[train.parents] < 0).double().mean()
    assert 0.1 < float(flipped) < 0.9
    assert (train.path[1:] * train.path[0] > 0).all()
