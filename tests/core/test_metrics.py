"""What an update used: mean energies, and its gradient split into contrast and KL term."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.improved_cd import ICDSettings, ImprovedCD
from ebm_engine.core.metrics import Metrics, norm
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer, TrainState
from tests.core.parabola import Parabola

COLD = 1e-30  # a temperature at which the noise is below rounding
DATA = torch.linspace(-2, 2, 30, dtype=torch.float64)[:, None].repeat(1, 2)


def updated(method: ImprovedCD, energy, rate: float) -> tuple[Trainer, TrainState, Metrics]:
    """One update of plain gradient descent."""
    parameters = energy.parameters
    optimizer = torch.optim.SGD(list(parameters.values()), lr=rate)
    masks = {name: torch.ones_like(p) for name, p in parameters.items()}
    with torch.no_grad():
        trainer = Trainer(energy, DATA, method, optimizer, masks)
        return trainer, *trainer.step(trainer.start(generators(0, "cpu")))


def test_what_the_contrast_leaves_is_the_kl_term_in_closed_form():
    """U = ½θ|x|²: contrast ½(E|x*|² − E|x_K|²), KL term −c_kl hθ(1 − hθ)^{2K−1} E|x₀|².

    At the θ of after the update, or over all chains instead of the first ones, it is another one.
    """
    h, theta, steps, weight = 0.1, 0.7, 5, 0.8
    settings = ICDSettings(weight, 0.0, capacity=40, kl_samples=7)
    method = ImprovedCD(ULA(h, COLD), 12, Parabola(0.3, 2), steps, settings)
    _, state, metrics = updated(method, Parabola(theta, 2), 0.05)
    path = state.walkers.train.path
    walkers = metrics.walkers.square().sum(1).mean()
    contrast = float(0.5 * (DATA.square().sum(1).mean() - walkers))
    factor = -weight * h * theta * (1 - h * theta) ** (2 * steps - 1)
    found = metrics.contrast_gradient()["theta"]
    assert float(found) == pytest.approx(contrast, rel=1e-12)
    rest = float(metrics.gradient["theta"] - found)
    assert rest == pytest.approx(factor * float(path[0, :7].square().sum(1).mean()), rel=1e-9)
    assert rest != pytest.approx(factor * float(path[0].square().sum(1).mean()), rel=1e-2)


def test_the_contrast_is_that_of_the_parameters_before_the_update():
    """Without a KL term the gradient is the contrast, to 1e-12; at θ after a long step it is not.

    The responsibilities of a mixture depend on θ, so the two differ by a tenth and more.
    """
    means = torch.tensor([[-1.0, 0.5], [1.2, -0.3]], dtype=torch.float64)
    energy = MixtureEnergy(means, torch.tensor([0.0, 0.4], dtype=torch.float64))
    settings = ICDSettings(0.0, 0.0, capacity=50)
    method = ImprovedCD(ULA(0.1), 20, energy.frozen(), 3, settings)
    trainer, _, metrics = updated(method, energy, 1.0)
    again = metrics.contrast_gradient()
    later = metrics._replace(previous=trainer.energy).contrast_gradient()
    for name, gradient in metrics.gradient.items():
        assert torch.allclose(again[name], gradient, rtol=0, atol=1e-12)
    assert norm({name: later[name] - again[name] for name in again}) > 0.1


def test_mean_energies_carry_the_weights_and_differ_by_the_contrast():
    """Weights (.5, .3, .2) on U = (1, 2, 4): 1.9, not the plain mean 7/3; data (3, 5): 4."""
    numbers = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([3.0, 5.0])
    weights, nothing = torch.tensor([0.5, 0.3, 0.2]), torch.zeros(0)
    metrics = Metrics({}, Parabola(1.0), weights, numbers[1], numbers[0], nothing, nothing)
    assert metrics.mean_walker_energy() == pytest.approx(1.9, rel=1e-6)
    assert metrics.mean_data_energy() == 4
    assert metrics.contrast() == pytest.approx(2.1, rel=1e-6)


def test_the_norm_is_over_all_parameters_together():
    """(3) and (0, 4): 5, not the sum of both norms, 7."""
    assert norm({"a": torch.tensor([3.0]), "b": torch.tensor([0.0, 4.0])}) == 5
    assert math.isnan(norm({"a": torch.tensor([math.nan])}))
