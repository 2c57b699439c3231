"""Small facts about published recipes that no other test holds."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.parts.buffer import PUSHES, draw, empty, push
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.population import plain_start, resample_below
from tests.core.parabola import Parabola


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_step_of_anatomy_is_ula_on_a_scaled_energy():
    """x ← x − F′(x) + εξ is ULA at h = ε²/2, T = 1 on U = 2F/ε², to 1e-13; fact 22.

    On U = F/ε² the drift is half as long; on F itself it takes h = 1 and T = ε²/2.
    """
    eps, theta = 0.125, 0.7
    x = torch.linspace(-2, 2, 40, dtype=torch.float64)[:, None]
    published = x - theta * x + eps * gaussian(x, rng())

    def step(energy: Parabola, kernel: ULA) -> torch.Tensor:
        return kernel.propose(x, energy.evaluate(x), rng())

    scaled = step(Parabola(2 * theta / eps**2), ULA(eps**2 / 2))
    assert torch.allclose(scaled, published, rtol=0, atol=1e-13)
    cold = step(Parabola(theta), ULA(1.0, temperature=eps**2 / 2))
    assert torch.allclose(cold, published, rtol=0, atol=1e-13)
    halved = step(Parabola(theta / eps**2), ULA(eps**2 / 2))
    assert not torch.allclose(halved, published, rtol=0, atol=0.1)


@pytest.mark.parametrize("bound", [0.1, 0.2, 0.4, 0.8, 1.0, 1.5**2])
def test_a_bound_on_the_variation_of_weights_is_a_threshold_of_the_ess(bound):
    """CV² > s resamples exactly where ESS/N < c = 1/(1 + s): .909, .833, .714, .556, .5 and 1/3.25.

    CV just below and just above √s decides; fact 24. c = 1 − s would never resample at s = 1.
    """
    start = plain_start(Parabola(1.0), torch.zeros(40, 1, dtype=torch.float64))
    for factor, resampled in ((0.999, False), (1.001, True)):
        weights = _with_variation(factor * math.sqrt(bound))
        walkers = start._replace(log_w=weights.log())
        after = resample_below(walkers, 1 / (1 + bound), "systematic", rng())
        assert after.resampled is resampled


def _with_variation(spread: float) -> torch.Tensor:
    """40 weights of mean 1 and mean square 1 + spread²: one heavy walker, 39 equal ones."""
    light = 1 - spread / math.sqrt(39)
    heavy = 1 + spread * math.sqrt(39)
    return torch.tensor([heavy] + [light] * 39, dtype=torch.float64)


@pytest.mark.parametrize("scheme", PUSHES)
def test_grey_values_come_out_of_the_buffer_as_they_went_in(scheme):
    """All 256 levels k/255 in float32, to the bit: 255 stays 255 and 1 stays 1; fact 10.

    A buffer of bytes that stores 256·x would turn 255 into 0.
    """
    levels = torch.arange(256, dtype=torch.float32)
    x = (levels / 255)[:, None]
    fresh = torch.full((256,), -1)
    buffer = push(empty(256, x), x, scheme, fresh, rng())
    out, _ = draw(buffer, 256, rng(1))
    assert torch.equal(out.sort(0).values, x)
    assert torch.equal((out.sort(0).values * 255).round()[:, 0], levels)
