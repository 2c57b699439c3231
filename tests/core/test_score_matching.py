"""Score matching: closed forms for a parabola, autograd-free references for a mixture."""

from __future__ import annotations

import contextlib
import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.score_matching import DenoisingScoreMatching, ScoreMatching
from ebm_engine.core.rng import gaussian, generators
from ebm_engine.core.types import Batch
from tests.core.parabola import Parabola


def mixture() -> MixtureEnergy:
    means = torch.tensor([[-1.0, 0.5], [1.2, -0.3], [0.1, 1.4]], dtype=torch.float64)
    return MixtureEnergy(means, torch.tensor([0.0, 0.4, -0.7], dtype=torch.float64))


def points(n: int = 60, d: int = 2) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(n, d, generator=rng, dtype=torch.float64)


def gradient(method, energy, x):
    return method.gradient(None, energy, Batch(x, energy.evaluate(x)), generators(0, "cpu"))


def numeric(loss, energy, step=1e-6):
    """Central differences of a scalar loss in every parameter of the energy."""
    found = {}
    for name, parameter in energy.parameters.items():
        slopes = torch.zeros_like(parameter)
        for i in range(parameter.numel()):
            sides = []
            for sign in (1, -1):
                changed = energy.frozen()
                changed.parameters[name].view(-1)[i] += sign * step
                sides.append(float(loss(changed)))
            slopes.view(-1)[i] = (sides[0] - sides[1]) / (2 * step)
        found[name] = slopes
    return found


def hyvarinen(energy, x, step=1e-4):
    """½|∇U|² − ΔU from `evaluate` alone, the Laplacian by differences of the gradient."""
    total = 0.5 * energy.evaluate(x).gradient.square().sum(1)
    for i in range(x.shape[1]):
        away = torch.zeros_like(x)
        away[:, i] = step
        ahead, behind = energy.evaluate(x + away).gradient, energy.evaluate(x - away).gradient
        total = total - (ahead - behind)[:, i] / (2 * step)
    return total.mean()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_score_matching_of_a_parabola_has_its_closed_form(d):
    """∂J/∂θ = θ mean|x|² − d; fitting by moments (θ = d/mean|x|²) makes it 0.

    Without the ½ of |∇U|², or with one dimension's curvature only, it differs.
    """
    x, method = points(50, d), ScoreMatching(ULA(0.1), 5, Parabola(1.0, d))
    square = float(x.square().sum(1).mean())
    found = gradient(method, Parabola(0.7, d), x)["theta"]
    assert float(found) == pytest.approx(0.7 * square - d, rel=1e-12)
    assert abs(float(gradient(method, Parabola(d / square, d), x)["theta"])) < 1e-12


def test_score_matching_of_a_mixture_agrees_with_differences():
    """∂J/∂θ against central differences of J, to 1e-6, with respect to means and log-masses."""
    energy, x = mixture(), points()
    found = gradient(ScoreMatching(ULA(0.1), 5, energy), energy, x)
    expected = numeric(lambda changed: hyvarinen(changed, x), energy)
    for name, value in expected.items():
        assert torch.allclose(found[name], value, atol=1e-6), name
        assert value.abs().max() > 1e-3


def test_score_matching_vanishes_at_the_truth():
    """E_p[∂J/∂θ] = 0 where data come from the model: within 5 s.e. of 20 batches."""
    energy, noise = mixture(), torch.Generator().manual_seed(2)
    method = ScoreMatching(ULA(0.1), 5, energy)
    found = [gradient(method, energy, energy.sample(500, noise))["means"] for _ in range(20)]
    batches = torch.stack(found)
    error = batches.std(0) / math.sqrt(20)
    assert (batches.mean(0).abs() < 5 * error).all()


def test_a_parameter_that_the_score_does_not_see_gets_zero():
    """One mode: z is a constant in U and its gradient is exactly 0, not missing."""
    energy = MixtureEnergy(torch.zeros(1, 2).double(), torch.zeros(1).double())
    for method in (
        ScoreMatching(ULA(0.1), 5, energy),
        DenoisingScoreMatching(ULA(0.1), 5, energy, 1),
    ):
        found = gradient(method, energy, points())
        assert found["log_masses"].tolist() == [0.0]
        assert found["means"].abs().max() > 0


def test_denoising_of_a_parabola_has_its_closed_form():
    """∂J_σ/∂θ = mean x̃·(θx̃ − (x̃ − x)/σ²) with the noise of its own stream, to rounding.

    The opposite sign of the pull, or 1/σ for 1/σ², is another number.
    """
    x, sigma, theta = points(), 0.4, 0.7
    method = DenoisingScoreMatching(ULA(0.1), 5, Parabola(1.0, 2), sigma)
    found = gradient(method, Parabola(theta, 2), x)["theta"]
    noisy = x + sigma * gaussian(x, generators(0, "cpu")["noise"])
    expected = (noisy * (theta * noisy - (noisy - x) / sigma**2)).sum(1).mean()
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


def test_denoising_fits_the_blurred_data():
    """E ∂J_σ/∂θ = θ(v + σ²) − 1 in one dimension, 0 at θ = 1/(v + σ²); within 5 s.e.

    A noise that is not drawn anew, or that is not added, would give the fit 1/v.
    """
    sigma, n = 0.8, 200_000
    x = points(n, 1)
    v = float(x.square().mean())
    method = DenoisingScoreMatching(ULA(0.1), 5, Parabola(1.0), sigma)
    found = float(gradient(method, Parabola(1 / (v + sigma**2)), x)["theta"])
    assert abs(found) < 5 * 3 / math.sqrt(n)
    assert abs(1 - v / (v + sigma**2)) > 0.3


def test_denoising_of_a_mixture_agrees_with_differences():
    """∂J_σ/∂θ against central differences of ½ mean|∇U(x̃) − ξ/σ|², to 1e-7."""
    energy, x, sigma = mixture(), points(), 0.5
    found = gradient(DenoisingScoreMatching(ULA(0.1), 5, energy, sigma), energy, x)
    xi = gaussian(x, generators(0, "cpu")["noise"])

    def loss(changed: MixtureEnergy) -> torch.Tensor:
        slope = changed.evaluate(x + sigma * xi).gradient
        return 0.5 * (slope - xi / sigma).square().sum(1).mean()

    for name, value in numeric(loss, energy).items():
        assert torch.allclose(found[name], value, atol=1e-7), name


def test_noise_must_be_positive():
    """σ = 0 is refused with its value."""
    method = DenoisingScoreMatching(ULA(0.1), 5, Parabola(1.0), 0.0)
    with pytest.raises(ValueError, match=r"is 0\.0, not above 0"):
        method.start(Parabola(1.0), points(), generators(0, "cpu"))


@pytest.mark.parametrize("mode", [contextlib.nullcontext, torch.no_grad, torch.inference_mode])
def test_gradients_leave_no_trace_in_any_mode(mode):
    """.grad stays None, requires_grad False, and the numbers are those of the plain mode."""
    with mode():
        energy, x = mixture(), points()
        found = [
            gradient(method, energy, x)
            for method in (
                ScoreMatching(ULA(0.1), 5, energy),
                DenoisingScoreMatching(ULA(0.1), 5, energy, 0.5),
            )
        ]
        assert torch.is_grad_enabled() == (mode is contextlib.nullcontext)
    for parameter in energy.parameters.values():
        assert parameter.grad is None
        assert not parameter.requires_grad
    plain = mixture()
    again = gradient(ScoreMatching(ULA(0.1), 5, plain), plain, points())
    for name, value in again.items():
        assert not value.requires_grad
        assert torch.equal(value, found[0][name])
        assert not found[1][name].requires_grad


@pytest.mark.parametrize("kind", ["exact", "denoising"])
def test_the_walkers_shown_do_not_change_the_gradient(kind):
    """Other walkers, same gradient; they move by the kernel with their own stream."""
    energy = Parabola(1.0, 2)
    method = {
        "exact": ScoreMatching(ULA(0.1), 20, Parabola(0.5, 2)),
        "denoising": DenoisingScoreMatching(ULA(0.1), 20, Parabola(0.5, 2), 0.5),
    }[kind]
    rngs, twin = generators(0, "cpu"), generators(0, "cpu")
    walkers = method.start(energy, points(), rngs)
    assert torch.equal(walkers.train.x, Parabola(0.5, 2).sample(20, twin["walkers"]))
    batch = Batch(points(), energy.evaluate(points()))
    first = method.gradient(walkers, energy, batch, generators(3, "cpu"))
    moved = method.after_update(walkers, energy, energy, points(), 1, rngs)
    expected = 0.9 * walkers.train.x + 0.2**0.5 * gaussian(walkers.train.x, twin["walkers"])
    assert torch.allclose(moved.train.x, expected, rtol=1e-12)
    second = method.gradient(moved, energy, batch, generators(3, "cpu"))
    assert torch.equal(first["theta"], second["theta"])
    assert torch.equal(rngs["noise"].get_state(), twin["noise"].get_state())
