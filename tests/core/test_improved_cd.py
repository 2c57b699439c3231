"""Improved CD: the gradient through the last step, and what it refuses."""

from __future__ import annotations

import contextlib

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.improved_cd import ICDSettings, ImprovedCD, through_last_step
from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.methods.parts.entropy import log_nearest, log_spacing
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer
from ebm_engine.core.types import Batch, Populations
from tests.core.parabola import Parabola

COLD = 1e-30  # a temperature at which the noise is below rounding
DATA = torch.linspace(-2, 2, 30, dtype=torch.float64)[:, None].repeat(1, 2)


def mixture() -> MixtureEnergy:
    means = torch.tensor([[-1.0, 0.5], [1.2, -0.3], [0.1, 1.4]], dtype=torch.float64)
    return MixtureEnergy(means, torch.tensor([0.0, 0.4, -0.7], dtype=torch.float64))


def batch(energy) -> Batch:
    return Batch(DATA, energy.evaluate(DATA, gradient=False))


def advanced(method: ImprovedCD, energy, updates: int, seed: int = 0):
    """The chains of update `updates` before their gradient, and the streams at that point."""
    rngs = generators(seed, "cpu")
    walkers = method.start(energy, DATA, rngs)
    for step in range(1, updates):
        walkers = method.before_gradient(walkers, energy, DATA, rngs)
        walkers = method.after_update(walkers, energy, energy, DATA, step, rngs)
    return method.before_gradient(walkers, energy, DATA, rngs), rngs


def extra(method: ImprovedCD, energy, walkers: Populations, rngs) -> dict[str, torch.Tensor]:
    """What the two terms add to the contrast of data and end points."""
    plain = contrast(walkers.train, energy, batch(energy))
    full = method.gradient(walkers, energy, batch(energy), rngs)
    return {name: full[name] - plain[name] for name in plain}


def test_the_last_step_alone_gives_the_closed_form():
    """U = ½θx², h = .1, θ = .7, K = 5, x₀ = 1.3: −hθ(1 − hθ)^{2K−1}x₀² = −.0615646.

    Differentiating through all K steps gives K times that, −.3078232.
    """
    h, theta, steps, start = 0.1, 0.7, 5, 1.3
    energy, r = Parabola(theta), 1 - h * theta
    before = torch.tensor([[r ** (steps - 1) * start]], dtype=torch.float64)
    pull = energy.evaluate(r * before).gradient
    found = float(through_last_step(energy, before, pull, h)["theta"])
    assert found == pytest.approx(-h * theta * r ** (2 * steps - 1) * start**2, rel=1e-12)
    assert found == pytest.approx(-0.0615646, abs=1e-7)


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_the_whole_method_adds_the_closed_form_to_the_contrast(weight):
    """c_kl·(−hθ(1 − hθ)^{2K−1}) mean x₀² on its kl_samples chains, to rounding."""
    h, theta, steps = 0.1, 0.7, 5
    settings = ICDSettings(kl_weight=weight, entropy_weight=0.0, capacity=40, kl_samples=7)
    method = ImprovedCD(ULA(h, COLD), 12, Parabola(0.3, 2), steps, settings)
    energy = Parabola(theta, 2)
    walkers, rngs = advanced(method, energy, 1)
    square = float(walkers.train.path[0, :7].square().sum(1).mean())
    expected = -weight * h * theta * (1 - h * theta) ** (2 * steps - 1) * square
    found = float(extra(method, energy, walkers, rngs)["theta"])
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("entropy", ["nearest", "kozachenko-leonenko"])
@pytest.mark.parametrize(("kl", "spread"), [(1.0, 0.0), (0.0, 0.3), (0.7, 0.4)])
def test_the_gradient_is_that_of_the_loss_through_the_last_step(entropy, kl, spread):
    """Central differences of c_kl mean U_θ(x_K(θ')) − c_ent mean log ρ(x_K(θ')) in θ', to 1e-7.

    x_K(θ') = x_{K−1} − h∇U_θ'(x_{K−1}) + the noise that was drawn; the score U_θ and the past
    samples are fixed. The Kozachenko-Leonenko form carries a factor d = 2 besides.
    """
    h, n, energy = 0.2, 15, mixture()
    settings = ICDSettings(kl, spread, entropy, capacity=90, kl_samples=n)
    method = ImprovedCD(ULA(h), 25, mixture(), 3, settings)
    walkers, rngs = advanced(method, energy, 3)
    x, before = walkers.train.x[:n], walkers.train.before_last
    noise = x - (before - h * energy.evaluate(before).gradient)
    past = walkers.buffer.x[: walkers.buffer.filled].clone()
    assert len(past) == 50

    def loss(changed: MixtureEnergy) -> float:
        moved = before - h * changed.evaluate(before).gradient + noise
        near = log_nearest(moved, past)[0] if entropy == "nearest" else 2 * log_spacing(moved)[0]
        return float(kl * energy.evaluate(moved).energy.mean() - spread * near.mean())

    found, step = extra(method, energy, walkers, rngs), 1e-6
    for name, parameter in energy.parameters.items():
        for i in range(parameter.numel()):
            sides = [mixture(), mixture()]
            for side, sign in zip(sides, (1, -1), strict=True):
                side.parameters[name].view(-1)[i] += sign * step
            slope = (loss(sides[0]) - loss(sides[1])) / (2 * step)
            assert float(found[name].view(-1)[i]) == pytest.approx(slope, abs=1e-7)


def test_without_the_two_terms_the_gradient_is_the_contrast_and_costs_no_more():
    """Both weights 0: the same bits as the contrast, and U is never recorded for autograd."""
    energy = mixture()
    method = ImprovedCD(ULA(0.1), 20, mixture(), 3, ICDSettings(0.0, 0.0, capacity=50))
    walkers, rngs = advanced(method, energy, 2)
    assert walkers.train.before_last is None
    energy.value = None  # calling it would raise
    found = method.gradient(walkers, energy, batch(energy), rngs)
    plain = contrast(walkers.train, energy, batch(energy))
    assert all(torch.equal(found[name], plain[name]) for name in plain)


def test_the_first_update_has_no_past_to_keep_away_from():
    """An empty buffer: the nearest-neighbour term is exactly 0, not NaN."""
    energy = mixture()
    method = ImprovedCD(ULA(0.1), 20, mixture(), 3, ICDSettings(0.0, 0.3, capacity=50))
    walkers, rngs = advanced(method, energy, 1)
    assert walkers.buffer.filled == 0
    assert all(float(g.abs().max()) == 0 for g in extra(method, energy, walkers, rngs).values())


def test_a_constant_in_the_energy_changes_nothing():
    """U + c: the same chains and the same gradient, to the bit."""
    found = []
    for shift in (0.0, 1000.0):
        energy = Parabola(0.7, 2, shift)
        method = ImprovedCD(ULA(0.1), 20, Parabola(0.3, 2), 3, ICDSettings(capacity=50))
        walkers, rngs = advanced(method, energy, 3)
        found.append((walkers.train.x, method.gradient(walkers, energy, batch(energy), rngs)))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1]["theta"], found[1][1]["theta"])


@pytest.mark.parametrize("mode", [contextlib.nullcontext, torch.no_grad, torch.inference_mode])
def test_updates_leave_no_trace_in_any_mode(mode):
    """.grad None and requires_grad False after a gradient, and the numbers of the plain mode."""
    method = ImprovedCD(ULA(0.1), 20, mixture(), 3, ICDSettings(capacity=50))
    with mode():
        energy = mixture()
        walkers, rngs = advanced(method, energy, 3)
        found = method.gradient(walkers, energy, batch(energy), rngs)
    plain = mixture()
    walkers, rngs = advanced(method, plain, 3)
    expected = method.gradient(walkers, plain, batch(plain), rngs)
    for name, parameter in energy.parameters.items():
        assert parameter.grad is None
        assert not parameter.requires_grad
        assert not found[name].requires_grad
        assert torch.equal(found[name], expected[name])


def trace(seed: int) -> torch.Tensor:
    """θ after 15 updates under inference mode, with everything switched on."""
    settings = ICDSettings(
        scheme="reservoir", capacity=45, restart=0.2, augment="rotation", augment_scale=20.0
    )
    with torch.inference_mode():
        energy = mixture()
        method = ImprovedCD(ULA(0.1), 20, mixture(), 3, settings)
        optimizer = torch.optim.Adam(list(energy.parameters.values()), lr=0.01)
        masks = {name: torch.ones_like(p) for name, p in energy.parameters.items()}
        trainer = Trainer(energy, DATA, method, optimizer, masks)
        state = trainer.start(generators(seed, "cpu"))
        for _ in range(15):
            state, _ = trainer.step(state)
            assert state.walkers.train.before_last is None
            assert torch.equal(
                state.walkers.train.at.energy, energy.evaluate(state.walkers.train.x).energy
            )
        assert len(state.walkers.buffer.x) == state.walkers.buffer.filled == 45
        return energy.means.clone()


def test_the_same_seed_gives_the_same_bits():
    """And another seed another run."""
    assert torch.equal(trace(3), trace(3))
    assert not torch.equal(trace(3), trace(4))


@pytest.mark.parametrize(
    ("settings", "steps", "message"),
    [
        (ICDSettings(capacity=19), 3, "19 slots, it needs one for each of 20 chains"),
        (ICDSettings(), 0, "makes 0 steps, it needs at least 1"),
        (ICDSettings(entropy="kde"), 3, "entropy 'kde' is unknown, it can be nearest, koz"),
        (ICDSettings(scheme="lifo"), 3, "buffer scheme 'lifo' is unknown, it can be fifo, res"),
        (ICDSettings(augment="crop"), 3, "augmentation 'crop' is unknown, it can be none, rot"),
    ],
)
def test_impossible_settings_are_refused_at_the_start(settings, steps, message):
    """Value and limit in one sentence."""
    method = ImprovedCD(ULA(0.1), 20, mixture(), steps, settings)
    with pytest.raises(ValueError, match=message):
        method.start(mixture(), DATA, generators(0, "cpu"))
