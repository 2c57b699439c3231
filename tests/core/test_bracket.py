"""log Z between a forward and a reverse walk, where the truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.rng import gaussian
from ebm_engine.core.smc.bracket import Bracket, bracket, climb, descend, settle
from ebm_engine.core.smc.weights import normalised, weighted_mean
from ebm_engine.core.types import Evaluation

WIDTH = 1.5  # σ₀ of the Gaussian where the path starts
MASSES = (0.25, 0.75)
SEEDS = 40


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@dataclass(frozen=True)
class Tilted:
    """U = (1 − β)|x|²/2σ₀² + β U_mixture: the path that networks on a Gaussian take as well."""

    mixture: MixtureEnergy
    share: float = 1.0

    def evaluate(self, x: Tensor, *, gradient: bool = True) -> Evaluation:
        found = self.mixture.evaluate(x)
        rest = (1 - self.share) / WIDTH**2
        energy = 0.5 * rest * x.square().sum(1) + self.share * found.energy
        return Evaluation(energy, rest * x + self.share * found.gradient)

    def sample(self, count: int, rng: Generator) -> Tensor:
        return WIDTH * gaussian(self.mixture.means.new_empty(count, self.dim), rng)

    def log_z(self) -> float:
        return 0.5 * self.dim * math.log(2 * math.pi * WIDTH**2)

    def origin(self) -> Tilted:
        return Tilted(self.mixture, 0.0)

    def toward(self, goal: Tilted, share: float) -> Tilted:
        return Tilted(goal.mixture, share)

    @property
    def dim(self) -> int:
        return self.mixture.means.shape[1]


def tilted(dim: int) -> Tilted:
    """Unit modes at −2 and 1.5 on the first axis with masses ¼ and ¾, plus a constant of 3 nats."""
    means = torch.zeros(2, dim)
    means[:, 0] = torch.tensor([-2.0, 1.5])
    return Tilted(MixtureEnergy(means, 3.0 - torch.tensor(MASSES).log()))


def last(walk):
    *_, end = walk
    return end


def walked(goal: Tilted, count: int, steps: int, seed: int):
    """The bracket of one seed, and the walkers at the goal."""
    draws, kernel, start = rng(seed), MALA(0.3), goal.origin()
    up = last(climb(start, goal, count, steps, kernel, draws))
    settled = last(settle(up, goal, 20, kernel, draws))
    down = last(descend(settled, start, goal, steps, kernel, draws))
    return bracket(start, up, down), up


@pytest.mark.parametrize(("dim", "count", "steps"), [(10, 200, 50), (50, 200, 100)])
def test_log_z_lies_in_its_interval_in_nine_of_ten_seeds(dim, count, steps):
    """log Z = (d/2) log 2π − 3, in at least 36 of 40 intervals that are on average below 1 nat.

    The forward value with log Z₀ left out, or the reverse with its sign turned, misses by nats.
    """
    goal = tilted(dim)
    exact = goal.mixture.log_z()
    assert exact == pytest.approx(0.5 * dim * math.log(2 * math.pi) - 3, abs=1e-5)
    found = [walked(goal, count, steps, seed)[0] for seed in range(SEEDS)]
    assert sum(b.low <= exact <= b.high for b in found) >= 0.9 * SEEDS
    assert sum(b.high - b.low for b in found) / SEEDS < 1.0
    assert abs(exact - goal.log_z()) > 3


def test_short_walks_fall_short_forward_and_overshoot_in_reverse():
    """E[log Ẑ] < log Z < E[log Z₀ − log R̂], each by more than 5 s.e. over 40 seeds of 6 steps."""
    goal = tilted(50)
    found = [walked(goal, 20, 6, seed)[0] for seed in range(SEEDS)]
    for values, sign in (([b.forward for b in found], -1), ([b.reverse for b in found], 1)):
        off = torch.tensor(values, dtype=torch.float64) - goal.mixture.log_z()
        assert sign * float(off.mean()) > 5 * float(off.std()) / math.sqrt(SEEDS)


def test_the_masses_of_the_modes_come_out_with_their_errors():
    """Σ p r₁ = ¼ within 5 s.e.; 0.25 ± 5·0.03 excludes ½."""
    _, up = walked(tilted(10), 4000, 60, 1)
    first = tilted(10).mixture.evaluate(up.x).responsibilities[:, :1].double()
    mass, error = weighted_mean(first, normalised(up.log_w), up.ancestors)
    assert 0.002 < float(error) < 0.03
    assert abs(float(mass) - MASSES[0]) < 5 * float(error)


def test_settled_walkers_keep_the_model_and_their_families():
    """Equal weights, ancestors of the climb, and E Σ xⱼ² = 9 over the 9 axes without modes.

    5 s.e. of the families; the Gaussian base has 20.25 instead.
    """
    goal = tilted(10)
    up = last(climb(goal.origin(), goal, 2000, 60, MALA(0.3), rng(2)))
    settled = last(settle(up, goal, 30, MALA(0.3), rng(3)))
    assert (settled.log_w == 0).all()
    assert settled.log_norm == 0
    assert set(settled.ancestors.tolist()) <= set(up.ancestors.tolist())
    squares = settled.x[:, 1:].double().square().sum(1)[:, None]
    mean, error = weighted_mean(squares, normalised(settled.log_w), settled.ancestors)
    assert abs(float(mean) - 9) < 5 * float(error) < 5
    assert torch.allclose(settled.at.energy, goal.evaluate(settled.x).energy, rtol=1e-5)


def test_the_interval_is_two_errors_wide_around_both_values():
    """Hand-made: 1 ± 2·0.1 and 2 ± 2·0.3; also where the two values change places."""
    assert Bracket(1.0, 0.1, 2.0, 0.3).low == pytest.approx(0.8)
    assert Bracket(1.0, 0.1, 2.0, 0.3).high == pytest.approx(2.6)
    assert Bracket(2.0, 0.1, 1.0, 0.3).low == pytest.approx(0.4)
    assert Bracket(2.0, 0.1, 1.0, 0.3).high == pytest.approx(2.2)


def test_what_cannot_be_walked_is_refused():
    """One walker, no step, and a descent of walkers that carry a log Z already."""
    goal = tilted(2)
    with pytest.raises(ValueError, match="at least 2 walkers; there are 1"):
        last(climb(goal.origin(), goal, 1, 5, MALA(0.3), rng()))
    with pytest.raises(ValueError, match="at least 1 step; there are 0"):
        last(climb(goal.origin(), goal, 5, 0, MALA(0.3), rng()))
    up = last(climb(goal.origin(), goal, 5, 5, MALA(0.3), rng()))
    with pytest.raises(ValueError, match="starts with log_norm 0"):
        last(descend(up, goal.origin(), goal, 5, MALA(0.3), rng()))
