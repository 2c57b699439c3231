"""Every kernel under the weights: E[e^A] = Z_K/Z₀ at a finite step size; facts 5, 21, A.6, A.10."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.smc.population import weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.smc.weights import normalised, weighted_mean
from ebm_engine.core.types import Walkers
from tests.core.moments import Form, engine_rule, moment
from tests.core.quadratic import QuadraticEnergy, gaussian_energy, variances

UP, DOWN = variances(1.0, 4.0, 20), variances(4.0, 1.0, 20)
COUNT = 200_000
KERNELS = {
    "ula-old": ULA(0.5, backward="old"),
    "ula-old-hot": ULA(0.4, 1.3, "old"),
    "mala": MALA(0.5),
    "hmc": HMC(0.25, 3),
    "hmc-unadjusted": HMC(0.25, 3, metropolis=False),
    "underdamped": Underdamped(0.5, 0.7),
}
UNADJUSTED = ["ula-old", "hmc-unadjusted", "underdamped"]
MULTI_STEP = Schedule(steps=3)

Step = Callable[[Walkers, QuadraticEnergy, QuadraticEnergy, torch.Generator], Walkers]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def propagate(step: Step, path: list[float] = UP, seed: int = 0) -> Walkers:
    """COUNT walkers from N(0, s₀) along the variances of the path."""
    noise, energies = rng(seed), [gaussian_energy(s) for s in path]
    walkers = weighted_start(energies[0], COUNT, rng(seed + 1))
    for before, after in itertools.pairwise(energies):
        walkers = step(walkers, before, after, noise)
    return walkers


def engine(kernel, schedule: Schedule = Schedule()) -> Step:  # noqa: B008
    def step(walkers, before, after, noise):
        return weighted_move(walkers, after, kernel, noise, schedule=schedule, previous=before)

    return step


def sigmas(walkers: Walkers, expected: float) -> float:
    """How many standard errors the mean of e^A is away from `expected`."""
    weights = walkers.log_w.exp()
    return float((weights.mean() - expected) / weights.std()) * math.sqrt(COUNT)


@pytest.mark.parametrize("name", KERNELS)
def test_weights_of_every_kernel_find_the_partition_function(name):
    """mean(e^A) = √(s_K/s₀) = 2 and Σ p x² = s_K = 4, each within 5 s.e.; facts 5 and 21."""
    walkers = propagate(engine(KERNELS[name]))
    assert abs(sigmas(walkers, 2.0)) < 5
    p = normalised(walkers.log_w)
    variance, error = weighted_mean(walkers.x.square(), p, walkers.ancestors)
    assert abs(float(variance) - 4) < 5 * float(error)
    assert float(error) < 0.1


@pytest.mark.parametrize("name", ["mala", "hmc", "hmc-unadjusted", "underdamped"])
def test_weights_of_every_kernel_survive_a_shrinking_path(name):
    """mean(e^A) = ½ within 5 s.e. on 4 → 1; exchanged energies would give 2 or more."""
    assert abs(sigmas(propagate(engine(KERNELS[name]), DOWN), 0.5)) < 5


@pytest.mark.parametrize("name", UNADJUSTED)
def test_unadjusted_kernels_need_their_own_weights(name):
    """With Uₖ(x) − Uₖ₊₁(x) alone the mean is off by more than 5 s.e. and 1 %."""
    walkers = propagate(engine(KERNELS[name], Schedule(correction=False)))
    assert abs(sigmas(walkers, 2.0)) > 5
    assert abs(float(walkers.log_w.exp().mean()) / 2 - 1) > 0.01


@pytest.mark.parametrize("name", ["mala", "hmc"])
def test_invariant_kernels_are_reweighted_before_the_move(name):
    """A move that leaves π_{k+1} invariant and Uₖ(y) − Uₖ₊₁(y) after it misses 2 by > 5 s.e."""

    def late(walkers, before, after, noise):
        moved, _ = KERNELS[name].move(walkers, after, noise, before)
        change = before.evaluate(moved.x).energy - moved.at.energy
        return moved._replace(log_w=walkers.log_w + change)

    assert abs(sigmas(propagate(late), 2.0)) > 5


def test_heat_of_the_thermostat_carries_no_weight():
    """H before the first O minus H after the last is not the shadow work: off by > 5 s.e."""

    def heated(walkers, before, after, noise):
        if walkers.momentum is None:
            start = torch.randn(walkers.x.shape, generator=noise, dtype=torch.float64)
            walkers = walkers._replace(momentum=start)
        moved, _ = KERNELS["underdamped"].move(walkers, after, noise)
        drop = walkers.at.energy - moved.at.energy
        drop += 0.5 * (walkers.momentum.square() - moved.momentum.square()).sum(1)
        return moved._replace(log_w=walkers.log_w + drop)

    assert abs(sigmas(propagate(heated), 2.0)) > 5


def old_rule(kernel: ULA, old: float, new: float) -> Form:
    """The form with ∇Uₖ(y): the engine's frozen rule, and Uₖ(y) − Uₖ₊₁(y) on top."""
    frozen = engine_rule(kernel, old, old)
    return frozen._replace(yy=frozen.yy + 0.5 / old - 0.5 / new)


@pytest.mark.parametrize("step_size", [0.1, 0.5, 0.9])
def test_old_backward_kernel_is_exact_in_closed_form(step_size):
    """E[e^A] = 2 to 1e-12, and the ESS at h = .5 is above that of the new gradient, 0.535."""
    kernel = ULA(step_size)
    assert moment(UP, kernel, 1, old_rule) == pytest.approx(2, abs=1e-12)
    if step_size == 0.5:
        ess = [
            moment(UP, kernel, 1, r) ** 2 / moment(UP, kernel, 2, r)
            for r in (engine_rule, old_rule)
        ]
        assert ess[0] == pytest.approx(0.535, abs=1e-3)
        assert ess[1] > 0.75


def test_old_backward_kernel_uses_the_old_gradient_at_the_new_point():
    """The engine's increment is that form to 1e-12, and without `previous` the new one's."""
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)[:, None]
    before, after = gaussian_energy(1.0), gaussian_energy(1.7)
    walkers = weighted_start(before, 50, rng())._replace(x=x, at=before.evaluate(x))
    for known, rule in ((before, old_rule), (None, engine_rule)):
        moved, increment = ULA(0.5, backward="old").move(walkers, after, rng(2), known)
        form, y = rule(ULA(0.5), 1.0, 1.7), moved.x[:, 0]
        expected = form.xx * x[:, 0] ** 2 + form.xy * x[:, 0] * y + form.yy * y**2
        assert torch.allclose(increment, expected, rtol=0, atol=1e-12)
        assert torch.equal(moved.at.gradient, after.evaluate(moved.x).gradient)


@pytest.mark.parametrize("name", ["ula", "ula-old", "mala", "hmc-unadjusted", "underdamped"])
def test_several_moves_at_the_new_parameters_are_exact(name):
    """Reweight, then three moves at θₖ₊₁, each with its own increment: 2 within 5 s.e.; A.6."""
    kernel = KERNELS.get(name, ULA(0.5))
    assert abs(sigmas(propagate(engine(kernel, MULTI_STEP)), 2.0)) < 5


def test_old_and_new_parameters_in_every_inner_step_are_wrong():
    """Three moves that each add αₖ − αₖ₊₁ count the change of θ three times: far from 2."""

    def repeated(walkers, before, after, noise):
        for _ in range(3):
            walkers = walkers._replace(at=before.evaluate(walkers.x))
            moved, increment = ULA(0.5).move(walkers, after, noise)
            walkers = moved._replace(log_w=walkers.log_w + increment)
        return walkers

    assert abs(sigmas(propagate(repeated), 2.0)) > 5


@pytest.mark.parametrize("name", ["mala", "hmc", "hmc-unadjusted", "underdamped"])
def test_masses_of_a_moving_mixture_are_unbiased(name):
    """E[e^A r₁] = (Z_K/Z₀)·0.2 within 5 s.e. in 2-D; counting walkers gives about 0.5."""
    kernel, noise = KERNELS[name], rng(3)
    z = [0.0, math.log(4)]

    def mixture(share: float) -> MixtureEnergy:
        means = torch.tensor([[-1.0, 0.0], [1.0, 0.5]], dtype=torch.float64) * (1 + 2 * share)
        return MixtureEnergy(means, torch.tensor(z[::-1], dtype=torch.float64) * share)

    walkers = weighted_start(mixture(0), 20_000, rng(4))
    for k in range(1, 21):
        walkers = weighted_move(walkers, mixture(k / 20), kernel, noise)
    first, ratio = (
        walkers.at.responsibilities[:, 0],
        math.exp(mixture(1).log_z() - mixture(0).log_z()),
    )
    parts = walkers.log_w.exp() * first / ratio
    assert abs(float(parts.mean()) - 0.2) < 5 * float(parts.std()) / math.sqrt(20_000)
    assert float(first.mean()) > 0.3
