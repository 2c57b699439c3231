"""The Jarzynski recursion against closed forms: facts 1–6 and 25."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.smc.population import weighted_move, weighted_start
from ebm_engine.core.smc.schedule import Schedule
from ebm_engine.core.smc.weights import ess_ceiling, ess_fraction, normalised
from tests.core import moments
from tests.core.moments import moment
from tests.core.quadratic import QuadraticEnergy, gaussian_energy, variances

UP, DOWN = variances(1.0, 4.0, 20), variances(4.0, 1.0, 20)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mixture(means: list[list[float]], masses: list[float]) -> MixtureEnergy:
    z = -torch.log(torch.tensor(masses, dtype=torch.float64))
    return MixtureEnergy(torch.tensor(means, dtype=torch.float64), z)


def test_frozen_quadratic_weights_telescope_along_any_path():
    """A_K = (h/4)(|PX₀|² − |PX_K|²) to 1e-12, in 3-D with a full precision matrix.

    Energy differences of frozen parameters are 0, so a rule without the discretisation terms gives
    A = 0 and fails by the size of A itself, which is above 0.01 here.
    """
    root = torch.randn(3, 3, generator=rng(1), dtype=torch.float64)
    energy = QuadraticEnergy(root @ root.T + torch.eye(3, dtype=torch.float64))
    kernel, noise = ULA(0.07), rng(2)
    first = walkers = weighted_start(energy, 50, rng(3))
    for _ in range(100):
        walkers = weighted_move(walkers, energy, kernel, noise)
    start, end = first.x @ energy.precision, walkers.x @ energy.precision
    expected = kernel.step_size / 4 * (start.square().sum(1) - end.square().sum(1))
    assert torch.allclose(walkers.log_w, expected, rtol=0, atol=1e-12)
    assert walkers.log_w.abs().min() < walkers.log_w.abs().max() / 2
    assert walkers.log_w.abs().mean() > 0.01


@pytest.mark.parametrize("step_size", [1e-2, 1e-4, 1e-6])
def test_weights_of_frozen_parameters_vanish_with_the_step_size(step_size):
    """|A| ≤ C·h for a frozen mixture over a fixed number of steps.

    The energy difference along the move, Uₖ(x) − Uₖ(y), alone is O(√h) and breaks the bound.
    """
    energy, kernel = mixture([[-2.0, 0.0], [1.5, 1.0]], [0.3, 0.7]), ULA(step_size)
    walkers, noise = weighted_start(energy, 500, rng(4)), rng(5)
    for _ in range(10):
        moved = weighted_move(walkers, energy, kernel, noise)
        wrong = (walkers.at.energy - moved.at.energy).abs().max()
        walkers = moved
    assert walkers.log_w.abs().max() < 10 * step_size
    assert wrong > 10 * step_size


@pytest.mark.parametrize("step_size", [0.1, 0.5])
def test_frozen_weights_have_mean_one_at_a_finite_step(step_size):
    """E[e^A] = Z/Z = 1 for a frozen mixture, within 5 standard errors; fact 2."""
    energy, kernel, noise = mixture([[-2.0], [2.0]], [0.3, 0.7]), ULA(step_size), rng(6)
    walkers = weighted_start(energy, 200_000, rng(7))
    for _ in range(20):
        walkers = weighted_move(walkers, energy, kernel, noise)
    weights = walkers.log_w.exp()
    assert weights.std() > 0.01
    assert abs(weights.mean() - 1) < 5 * weights.std() / math.sqrt(len(weights))


@pytest.mark.parametrize(
    ("path", "step_size", "power", "expected", "tolerance"),
    [
        (UP, 0.1, 1, 2.0, 1e-12),
        (UP, 0.5, 1, 2.0, 1e-12),
        (UP, 0.9, 1, 2.0, 1e-12),
        (UP, 1.5, 1, 2.0, 1e-12),
        (DOWN, 0.5, 1, 0.5, 1e-12),
        (DOWN, 0.9, 1, 0.5, 1e-12),
        (UP, 0.5, 2, 7.476071, 1e-6),
        (UP, 0.9, 2, 13.391572, 1e-6),
        (DOWN, 0.5, 2, 0.303916, 1e-6),
    ],
)
def test_gaussian_path_has_the_closed_form_moments(path, step_size, power, expected, tolerance):
    """E[e^A] = √(s_K/s₀) at every step size, and E[e^{2A}] as tabulated; fact 3."""
    assert moment(path, ULA(step_size), power) == pytest.approx(expected, abs=tolerance)


def test_gaussian_weights_lose_their_variance_beyond_the_first_width():
    """At h = 1.5 > s₀ the mean of e^A is still exact but E[e^{2A}] is infinite."""
    assert moment(UP, ULA(1.5), 2) == math.inf


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (moments.aliased_rule, (3.109, 5.094, 0.383, 0.278)),
        (moments.energy_rule_at_y, (2.307, 2.691, 0.461, 0.412)),
        (moments.energy_rule_at_x, (2.118, 2.400, 0.445, 0.398)),
        (moments.swapped_rule, (0.530, 0.419, 43.0, 6.724)),
        (moments.frozen_rule, (0.922, 0.826, 1.119, 1.256)),
    ],
)
def test_wrong_weight_rules_miss_the_partition_function(rule, expected):
    """The same recursion with a wrong increment gives the tabulated wrong answers, not 2 and ½.

    The first row is fact 25: a buffer overwritten by the move gives 3.109 instead of 2. (A million
    simulated walkers see only 8.8 of the 43.0: heavy tails.)
    """
    cases = [(UP, 0.5), (UP, 0.9), (DOWN, 0.5), (DOWN, 0.9)]
    found = [moment(path, ULA(h), 1, rule) for path, h in cases]
    assert found == pytest.approx(expected, rel=0.02)
    for value, (path, _) in zip(found, cases, strict=True):
        assert abs(value / math.sqrt(path[-1] / path[0]) - 1) > 0.05


@pytest.mark.parametrize("temperature", [0.4, 0.8, 1.3, 2.5])
def test_weights_target_the_model_at_every_temperature(temperature):
    """E[e^A] = √(s_K/s₀) also for noise √(2hT): the kernel terms are divided by T.

    Leaving out that division, or dividing the energies too, misses 2.
    """
    kernel = ULA(0.3, temperature)

    def undivided(kernel: ULA, old: float, new: float) -> moments.Form:
        return moments.engine_rule(ULA(kernel.step_size), old, new)

    def all_divided(kernel: ULA, old: float, new: float) -> moments.Form:
        form = undivided(kernel, old, new)
        return moments.Form(*(part / kernel.temperature for part in form))

    assert moment(UP, kernel, 1) == pytest.approx(2.0, abs=1e-12)
    assert abs(moment(UP, kernel, 1, undivided) - 2) > 0.01
    assert abs(moment(UP, kernel, 1, all_divided) - 2) > 0.01


@pytest.mark.parametrize(("ratio", "ess"), [(0.1, 0.99736495), (0.5, 0.91287093)])
def test_frozen_gaussian_settles_at_the_ess_ceiling(ratio, ess):
    """E[e^A]²/E[e^{2A}] → [(1 − r)(1 + r/2)/(1 − r/2)]^{d/2} for r = h/s; fact 4."""
    path, kernel = [1.0] * 3001, ULA(ratio)
    settled = moment(path, kernel, 1) ** 2 / moment(path, kernel, 2)
    assert settled == pytest.approx(ess, abs=1e-8)
    assert ess_ceiling(ratio, 1) == pytest.approx(ess, abs=1e-8)
    assert ess_ceiling(ratio, 50) == pytest.approx(settled**50, rel=1e-9)


def test_ess_ceiling_has_the_tabulated_values_in_fifty_dimensions():
    """d = 50: r = 0.05, 0.1, 0.2, 0.5 give 0.968, 0.876, 0.570, 0.0105; 0 from r = 1 on."""
    found = [ess_ceiling(r, 50) for r in (0.05, 0.1, 0.2, 0.5)]
    assert found == pytest.approx([0.968, 0.876, 0.570, 0.0105], rel=6e-3)
    assert ess_ceiling(1.0, 1) == ess_ceiling(1.7, 3) == 0.0
    assert moment([1.0] * 500, ULA(1.0), 2) == math.inf


def test_frozen_mixture_walkers_reach_the_ess_ceiling():
    """One unit mode in d = 50 at h = 0.1: ESS/N settles at 0.876, not at 1 (energies only)."""
    energy, kernel, noise = mixture([[0.0] * 50], [1.0]), ULA(0.1), rng(8)
    walkers = weighted_start(energy, 4000, rng(9))
    for _ in range(150):
        walkers = weighted_move(walkers, energy, kernel, noise)
    assert ess_fraction(normalised(walkers.log_w)) == pytest.approx(0.876, abs=0.02)


def simulate(path: list[float], kernel: ULA, count: int, seed: int, correction: bool) -> tuple:
    """Log-weights and final positions of `count` walkers on a path of variances."""
    noise = rng(seed)
    walkers = weighted_start(gaussian_energy(path[0]), count, rng(seed + 1))
    schedule = Schedule(correction=correction)
    for s in path[1:]:
        walkers = weighted_move(walkers, gaussian_energy(s), kernel, noise, schedule=schedule)
    return walkers.log_w, walkers.x


@pytest.mark.slow
def test_four_million_walkers_find_the_partition_function():
    """mean(e^A) = 2 within 5 s.e., and the weighted variance is 4 where the raw one is 3.71."""
    parts = [simulate(UP, ULA(0.5), 1_000_000, 10 + 2 * i, True) for i in range(4)]
    log_w, x = (torch.cat(part) for part in zip(*parts, strict=True))
    weights = log_w.exp()
    assert abs(weights.mean() - 2) < 5 * weights.std() / math.sqrt(len(weights))
    squares = x[:, 0] ** 2
    assert float((weights * squares).mean() / weights.mean()) == pytest.approx(4, abs=0.05)
    assert float(squares.mean()) == pytest.approx(3.71, abs=0.02)


def test_uncorrected_weights_fail_by_more_than_five_percent():
    """Without the discretisation terms the simulated mean is 2.118, 5 s.e. and 5 % away from 2."""
    weights = simulate(UP, ULA(0.5), 1_000_000, 20, correction=False)[0].exp()
    error = weights.std() / math.sqrt(len(weights))
    assert abs(weights.mean() - 2.118) < 5 * error + 5e-4
    assert weights.mean() / 2 - 1 > 0.05
    assert weights.mean() - 2 > 5 * error


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_increment_equals_its_noise_form(temperature):
    """ΔA = Uₖ(x) − Uₖ₊₁(y) + ½|ξ|² − ½|ξ̃|², ξ̃ = (x − y + h∇Uₖ₊₁(y))/√(2hT), to 1e-12; fact 6.

    Backward noise with the old gradient at y is another rule and differs.
    """
    old, new = (
        mixture([[-1, 0, 2], [1, 0, 0]], [0.4, 0.6]),
        mixture([[-2, 0, 1], [1, 1, 0]], [1, 2]),
    )
    h, scale = 0.3, math.sqrt(2 * 0.3 * temperature)
    x = 2 * torch.randn(500, 3, generator=rng(30), dtype=torch.float64)
    xi = torch.randn(500, 3, generator=rng(31), dtype=torch.float64)
    y = x - h * old.evaluate(x).gradient + scale * xi
    increment = ULA(h, temperature).log_ratio(x, old.evaluate(x), y, new.evaluate(y))
    energies = old.evaluate(x).energy - new.evaluate(y).energy

    def noise_form(back: MixtureEnergy) -> torch.Tensor:
        reverse = (x - y + h * back.evaluate(y).gradient) / scale
        return energies + 0.5 * xi.square().sum(1) - 0.5 * reverse.square().sum(1)

    assert torch.allclose(increment, noise_form(new), rtol=1e-12, atol=1e-12)
    assert (increment - noise_form(old)).abs().max() > 0.1


def test_increment_of_frozen_parameters_changes_sign_with_the_direction():
    """ΔA(x → y) = −ΔA(y → x) when θₖ = θₖ₊₁; a rule with the gradient at x only does not."""
    energy, kernel = mixture([[-1.0, 0.0], [1.0, 0.5]], [0.4, 0.6]), ULA(0.3)
    x, y = (2 * torch.randn(200, 2, generator=rng(s), dtype=torch.float64) for s in (32, 33))
    at_x, at_y = energy.evaluate(x), energy.evaluate(y)
    forth, back = kernel.log_ratio(x, at_x, y, at_y), kernel.log_ratio(y, at_y, x, at_x)
    assert torch.allclose(forth, -back, rtol=0, atol=1e-12)
    assert forth.abs().max() > 0.1


def test_move_never_writes_into_the_old_walkers():
    """X, U and ∇U of the population before a move stay as they were: no aliased buffer; fact 25."""
    energy, kernel = gaussian_energy(1.0), ULA(0.5)
    walkers = weighted_start(energy, 1000, rng(40))
    parts = (walkers.x, walkers.log_w, walkers.at.energy, walkers.at.gradient)
    before = [t.clone() for t in parts]
    moved = weighted_move(walkers, gaussian_energy(1.5), kernel, rng(41))
    assert all(map(torch.equal, before, parts))
    assert not torch.equal(moved.x, walkers.x)
