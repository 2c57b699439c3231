"""What goes beside the plain update: penalty, clip, average, decay, ESS rate and batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, repeat
from typing import NamedTuple

import pytest
import torch

from ebm_engine.core.methods.parts.contrast import contrast
from ebm_engine.core.rng import generators
from ebm_engine.core.smc.population import plain_start
from ebm_engine.core.training import Extras, Trainer
from ebm_engine.core.types import Evaluation, Populations
from tests.core.parabola import Parabola


class Scripted(NamedTuple):
    """Walkers that never move, of equal weight.

    `slopes`: ∂H/∂θ at each update, None for the contrast; `resampled`: the updates that resample.
    """

    x: torch.Tensor
    slopes: Iterator[float | torch.Tensor] | None = None
    resampled: tuple[int, ...] = ()

    def start(self, energy, data, rngs):
        return Populations(plain_start(energy, self.x))

    def before_gradient(self, walkers, energy, data, rngs):
        return walkers

    def gradient(self, walkers, energy, batch, rngs):
        if self.slopes is None:
            return contrast(walkers.train, energy, batch)
        slope = next(self.slopes)
        return {name: torch.zeros_like(p) + slope for name, p in energy.parameters.items()}

    def after_update(self, walkers, previous, energy, data, step, rngs):
        at = energy.evaluate(self.x)
        return Populations(walkers.train._replace(at=at, resampled=step in self.resampled))


class TwoLevels:
    """U(x) = θ₀ for x < 0 and θ₁ for x > 0: every energy is a parameter of its own."""

    def __init__(self, levels: torch.Tensor) -> None:
        self.levels = levels

    @property
    def parameters(self):
        return {"levels": self.levels}

    def evaluate(self, x, *, gradient=True):
        return Evaluation(self.levels[(x[:, 0] > 0).long()], torch.zeros_like(x))

    def parameter_gradient(self, x, at, weights):
        return {"levels": torch.zeros(2).double().index_add(0, (x[:, 0] > 0).long(), weights)}

    def confinement(self, x):
        return torch.zeros_like(x[:, 0])

    def frozen(self):
        return TwoLevels(self.levels.clone())

    def constrain(self):
        pass


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def with_extras(energy, data, method, extras: Extras, rate: float = 1.0) -> Trainer:
    optimizer = torch.optim.SGD(list(energy.parameters.values()), lr=rate)
    masks = {name: torch.ones_like(p) for name, p in energy.parameters.items()}
    return Trainer(energy, data, method, optimizer, masks, extras)


def run(trainer: Trainer, updates: int) -> list[float]:
    """θ of a parabola after each update."""
    state, found = trainer.start(generators(0, "cpu")), []
    for _ in range(updates):
        state, _ = trainer.step(state)
        found.append(float(next(iter(trainer.energy.parameters.values())).view(-1)[0]))
    return found


@pytest.mark.parametrize("alpha", [1.0, 0.1])
def test_the_energy_penalty_stops_separable_data_at_its_closed_form(alpha):
    """Data at −1, walkers at +1: U → ∓1/(2α), the gap is −1/α; without it both run away; fact 8.

    A penalty on the mean of both sets, half of this one, would end at ∓1/α.
    """
    energy = TwoLevels(torch.zeros(2, dtype=torch.float64))
    method = Scripted(column(1.0, 2.0, 3.0))
    run(with_extras(energy, column(-1.0, -2.0), method, Extras(l2=alpha), 0.2 / alpha), 80)
    assert energy.levels.tolist() == pytest.approx([-0.5 / alpha, 0.5 / alpha], rel=1e-6)
    free = TwoLevels(torch.zeros(2, dtype=torch.float64))
    run(with_extras(free, column(-1.0), method, Extras(), 0.2), 80)
    assert free.levels.tolist() == pytest.approx([-16, 16])


def test_the_energy_penalty_takes_identical_sets_to_zero():
    """Data and walkers at the same points: U → 0 from anywhere; fact 8."""
    energy = TwoLevels(torch.tensor([3.0, -2.0], dtype=torch.float64))
    points = column(-1.0, 1.0)
    run(with_extras(energy, points, Scripted(points), Extras(l2=1.0), 0.2), 80)
    assert energy.levels.tolist() == pytest.approx([0, 0], abs=1e-6)


def test_the_energy_penalty_ignores_what_does_not_depend_on_the_parameters():
    """U = ½θx² + c: the update is ½(1 − 4) + 2α(½θ)(½)(1 + 16), the same for c = 0 and c = 100."""
    found = []
    for shift in (0.0, 100.0):
        energy = Parabola(0.5, shift=shift)
        trainer = with_extras(energy, column(1.0), Scripted(column(2.0)), Extras(l2=0.1), 0.01)
        found.append(run(trainer, 1)[0])
    exact = 0.5 - 0.01 * (0.5 * (1 - 4) + 2 * 0.1 * 0.5 * 0.5 * 0.5 * (1 + 16))
    assert found == pytest.approx([exact, exact], rel=1e-12)


def test_the_metrics_show_the_gradient_of_the_method_alone():
    """½(1 − 4) whatever the penalty and the clip are."""
    trainer = with_extras(
        Parabola(0.5), column(1.0), Scripted(column(2.0)), Extras(l2=5.0, clip=0.1)
    )
    _, metrics = trainer.step(trainer.start(generators(0, "cpu")))
    assert float(metrics.gradient["theta"]) == -1.5


def test_a_clipped_gradient_keeps_its_direction():
    """A gradient (−3, 4) limited to 0.5 moves θ by (0.3, −0.4): the norm is over all parameters.

    Limiting each value by itself would move it by (0.5, −0.5).
    """
    energy = TwoLevels(torch.zeros(2, dtype=torch.float64))
    method = Scripted(column(1.0), iter([torch.tensor([-3.0, 4.0])]))
    run(with_extras(energy, column(-1.0), method, Extras(clip=0.5)), 1)
    assert energy.levels.tolist() == pytest.approx([0.3, -0.4], rel=1e-12)


def test_a_gradient_below_the_limit_is_not_touched():
    """Norm 1.5 and limit 2: the same bits as without a limit."""
    limited, free = (
        run(with_extras(Parabola(0.5), column(1.0), Scripted(column(2.0)), extras, 0.1), 3)
        for extras in (Extras(clip=2.0), Extras())
    )
    assert limited == free


@pytest.mark.parametrize(("decay", "half_life"), [(0.99, 69), (0.999, 693)])
def test_the_average_follows_with_its_half_life(decay, half_life):
    """θ jumps by 1 at update 1; the average has come half of the way after 69 or 693; fact 21.

    It is θ₀ + 1 − μᵏ after k updates, and the trained energy itself is not averaged.
    """
    method = Scripted(column(2.0), chain([-1.0], repeat(0.0)))
    trainer = with_extras(Parabola(2.0), column(1.0), method, Extras(average=decay))
    state = trainer.start(generators(0, "cpu"))
    for k in range(1, half_life + 1):
        state, _ = trainer.step(state)
        share = float(trainer.average.theta) - 2
        assert share == pytest.approx(1 - decay**k, rel=1e-9)
        assert (share >= 0.5) == (k == half_life)
    assert float(trainer.energy.theta) == 3


def test_no_average_is_kept_unless_asked_for():
    """Extras off: None."""
    trainer = with_extras(Parabola(1.0), column(1.0), Scripted(column(2.0)), Extras())
    assert trainer.average is None


def test_the_learning_rate_falls_linearly_to_a_tenth_and_stays():
    """Update k of 10 has rate 1 − 0.09k, from the 10th on 0.1; it never reaches 0."""
    method = Scripted(column(2.0), repeat(-1.0))
    trainer = with_extras(Parabola(0.0), column(1.0), method, Extras(decay_over=10))
    rates = torch.tensor([0.0, *run(trainer, 14)], dtype=torch.float64).diff()
    expected = [max(0.1, 1 - 0.09 * k) for k in range(14)]
    assert rates.tolist() == pytest.approx(expected, rel=1e-12)


def test_the_rate_backs_off_when_walkers_resample_and_recovers():
    """Times 0.7 after a resampling, times 1.003 otherwise, never above 1; it acts one update on."""
    method = Scripted(column(2.0), repeat(-1.0), resampled=(2, 3))
    trainer = with_extras(Parabola(0.0), column(1.0), method, Extras(follow_ess=True))
    rates = torch.tensor([0.0, *run(trainer, 260)], dtype=torch.float64).diff()
    expected = [1, 1, 0.7, *(min(1.0, 0.49 * 1.003**k) for k in range(257))]
    assert rates.tolist() == pytest.approx(expected, rel=1e-9)
    plain = with_extras(Parabola(0.0), column(1.0), method, Extras())
    assert run(plain, 6) == [1, 2, 3, 4, 5, 6]


def test_a_batch_is_drawn_without_replacement_and_evaluated_now():
    """m different points, U at the present θ; each point with probability m/n within 5 s.e."""
    data = torch.arange(1.0, 13.0, dtype=torch.float64)[:, None]
    trainer = with_extras(Parabola(0.5), data, Scripted(column(2.0)), Extras(batch=4), 1e-4)
    state, seen = trainer.start(generators(0, "cpu")), torch.zeros(13)
    for _ in range(600):
        x = state.batch.x
        assert len(x.unique()) == 4
        assert torch.equal(state.batch.at.energy, trainer.energy.evaluate(x).energy)
        seen[x[:, 0].long()] += 1
        state, metrics = trainer.step(state)
        assert len(metrics.data_energy) == 4
    assert ((seen[1:] / 600 - 1 / 3).abs() < 5 * math.sqrt(2 / 9 / 600)).all()


@pytest.mark.parametrize("size", [0, 12, 50])
def test_a_batch_of_all_points_is_the_data_and_draws_nothing(size):
    """0 or at least n points: the data themselves, and the stream stays where it was."""
    data = torch.arange(1.0, 13.0, dtype=torch.float64)[:, None]
    trainer = with_extras(Parabola(0.5), data, Scripted(column(2.0)), Extras(batch=size))
    rngs = generators(0, "cpu")
    assert trainer.start(rngs).batch.x is data
    assert torch.equal(rngs["batch"].get_state(), generators(0, "cpu")["batch"].get_state())
