"""The weighted law of the walkers, propagated by quadrature with the engine's own increments."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA

STEPS = 25
SPACING = 0.05
GRID = torch.arange(-14, 13, SPACING, dtype=torch.float64)[:, None]  # (g, 1)


def energy(share: float) -> MixtureEnergy:
    """a: ∓0.5 → (−2.5, 2) and z₂: 0 → −log 3, so that Z_K/Z₀ = 2."""
    means = torch.tensor([[-0.5 - 2.0 * share], [0.5 + 1.5 * share]], dtype=torch.float64)
    return MixtureEnergy(means, torch.tensor([0, -share * math.log(3)], dtype=torch.float64))


def propagate(step_size: float, power: float = 1.0, correction: bool = True) -> torch.Tensor:
    """E[e^{mA_K}; X_K ∈ dy]/dy at the grid points: K sums over the old point."""
    kernel, g = ULA(step_size), len(GRID)
    x, y = GRID.repeat_interleave(g, 0), GRID.repeat(g, 1)
    law = torch.exp(-energy(0).evaluate(GRID).energy - energy(0).log_z())
    for k in range(STEPS):
        old, new = energy(k / STEPS), energy((k + 1) / STEPS)
        at_x = old.evaluate(GRID)
        drifted = GRID - step_size * at_x.gradient
        density = torch.exp(-((GRID.T - drifted) ** 2) / (4 * step_size))
        density /= math.sqrt(4 * math.pi * step_size)
        if correction:
            spread = at_x.take(torch.arange(g).repeat_interleave(g))
            increment = kernel.log_ratio(x, spread, y, new.evaluate(y)).reshape(g, g)
        else:
            increment = (at_x.energy - new.evaluate(GRID).energy)[:, None]
        law = (law[:, None] * density * torch.exp(power * increment)).sum(0) * SPACING
    return law


@pytest.mark.parametrize("step_size", [0.1, 0.4, 0.8])
def test_weighted_law_is_the_model_at_every_point(step_size):
    """E[e^A; X_K = y] = e^{−U_K(y)}/Z₀ pointwise to 1e-10, and E[e^A] = 2, at any step size."""
    law = propagate(step_size)
    exact = torch.exp(-energy(1).evaluate(GRID).energy - energy(0).log_z())
    assert (law - exact).abs().max() < 1e-10
    assert float(law.sum() * SPACING) == pytest.approx(2.0, abs=1e-10)


def test_weighted_law_of_the_energy_only_rule_is_not_the_model():
    """With Uₖ(x) − Uₖ₊₁(x) alone the same sums miss the density by more than 0.01 at h = 0.4."""
    law = propagate(0.4, correction=False)
    exact = torch.exp(-energy(1).evaluate(GRID).energy - energy(0).log_z())
    assert (law - exact).abs().max() > 0.01


@pytest.mark.parametrize(("step_size", "ess"), [(0.1, 0.2415), (0.4, 0.4567), (0.8, 0.0066)])
def test_exact_ess_of_the_path_has_the_tabulated_value(step_size, ess):
    """E[e^A]²/E[e^{2A}] by the same quadrature."""
    square = float(propagate(step_size, power=2.0).sum() * SPACING)
    assert 4 / square == pytest.approx(ess, abs=1e-4)
