"""CD and PCD: what their negative phase is made of; fact 17 and the restart schedules."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels import ula
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.cd import CD, draw_data
from ebm_engine.core.methods.pcd import PCD
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer
from ebm_engine.core.types import Batch
from tests.core.parabola import Parabola

COLD = 1e-30  # a temperature at which the noise is below rounding


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_mode() -> MixtureEnergy:
    """U = ½x², so that a step without noise multiplies x by 1 − h."""
    return MixtureEnergy(torch.zeros(1, 1).double(), torch.zeros(1).double())


def test_draws_from_data_are_whole_passes_in_random_order():
    """count = n is a permutation, 2.5 n holds each point 2 or 3 times; independent draws do not."""
    data = torch.arange(20.0)[:, None]
    assert torch.equal(draw_data(data, 20, rng(1))[:, 0].sort().values, data[:, 0])
    assert not torch.equal(draw_data(data, 20, rng(1)), data)
    for count in (7, 50):
        seen = torch.bincount(draw_data(data, count, rng(2))[:, 0].long(), minlength=20)
        assert seen.sum() == count
        assert set(seen.tolist()) <= {count // 20, count // 20 + 1}


def test_no_draw_at_all_is_an_empty_set():
    """A restart probability often chooses none of a few walkers; that must not stop a run."""
    assert draw_data(torch.arange(20.0)[:, None], 0, rng(1)).shape == (0, 1)
    energy, data = one_mode(), torch.ones(6, 1, dtype=torch.float64)
    for origin in (None, energy):
        method, rngs = PCD(ULA(0.2), 2, origin, restart=1e-6), generators(0, "cpu")
        walkers = method.start(energy, data, rngs)
        moved = method.after_update(walkers, energy, energy, data, 1, rngs)
        assert (moved.train.parents == torch.arange(2)).all()


def test_every_data_point_is_equally_likely_to_be_drawn():
    """Expected copies count/n of each point over 4000 draws, within 5 s.e."""
    data, noise = torch.arange(10.0)[:, None], rng(3)
    seen = torch.stack(
        [torch.bincount(draw_data(data, 3, noise)[:, 0].long(), minlength=10) for _ in range(4000)]
    ).double()
    error = math.sqrt(0.3 * 0.7 / 4000)
    assert ((seen.mean(0) - 0.3).abs() < 5 * error).all()


def two_point_noise(like: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """ξ = ±1 in equal parts for each value of x: mean 0, variance 1, uncorrelated with x."""
    noise = torch.empty_like(like)
    noise[like[:, 0].argsort()] = torch.tensor([-1.0, 1.0], dtype=like.dtype).repeat(
        len(like) // 2
    )[:, None]
    return noise


@pytest.mark.parametrize(("step_size", "error"), [(1e-1, 9.2e-2), (1e-2, 9.2e-3), (1e-3, 9.2e-4)])
def test_cd1_descends_the_score_matching_loss(monkeypatch, step_size, error):
    """For U = ½Px² and data of variance v: −∂H/∂P as CD-1 sees it is h(1 − vP + ½hvP²).

    With h → 0 this is −h ∂J/∂P of the score-matching loss J = ½vP² − P; the ratio's error is
    9.2e-2, 9.2e-3, 9.2e-4 at P = 1/1.7, v = 2.5; fact 17. The maximum-likelihood direction,
    ½(1/P − v) without h, is another one. Energies are quadratic, so noise on two points is exact.
    """
    monkeypatch.setattr(ula, "gaussian", two_point_noise)
    precision, v = 1 / 1.7, 2.5
    energy = Parabola(precision)
    data = math.sqrt(v) * torch.tensor([[-1.0], [-1.0], [1.0], [1.0]], dtype=torch.float64)
    optimizer = torch.optim.SGD([energy.theta], lr=0.0)
    masks = {"theta": torch.ones((), dtype=torch.float64)}
    trainer = Trainer(energy, data, CD(ULA(step_size), 4, 1), optimizer, masks)
    _, metrics = trainer.step(trainer.start(generators(0, "cpu")))
    direction = -float(metrics.gradient["theta"]) / step_size
    exact = 1 - v * precision + 0.5 * step_size * v * precision**2
    score_matching = 1 - v * precision
    assert direction == pytest.approx(exact, abs=1e-10)
    assert abs(direction / score_matching - 1) == pytest.approx(error, rel=0.01)


def test_cd1_is_blind_to_the_masses_of_separated_modes():
    """∂H/∂z as CD-1 sees it is 0 to 1e-6 for modes 12 apart, where the exact one is 0.25."""
    means = torch.tensor([[-6.0, 0.0], [6.0, 0.0]], dtype=torch.float64)
    energy = MixtureEnergy(means, torch.zeros(2, dtype=torch.float64))
    data = means[[0, 1, 1, 1] * 100] + torch.randn(400, 2, generator=rng(4), dtype=torch.float64)
    optimizer = torch.optim.SGD([energy.z], lr=0.0)
    masks = {name: torch.ones_like(p) for name, p in energy.parameters.items()}
    trainer = Trainer(energy, data, CD(ULA(0.1), 400, 1), optimizer, masks)
    _, metrics = trainer.step(trainer.start(generators(0, "cpu")))
    assert metrics.gradient["log_masses"].abs().max() < 1e-6
    data_share = energy.evaluate(data).responsibilities.mean(0)
    assert float(data_share[1] - 0.5) == pytest.approx(0.25, abs=1e-6)


def first_gradient(method: CD | PCD, energy: MixtureEnergy, data: torch.Tensor) -> dict:
    """The gradient of the first update in which the walkers are no longer at their start."""
    rngs = generators(0, "cpu")
    walkers = method.start(energy, data, rngs)
    walkers = method.after_update(walkers, energy, energy, data, 1, rngs)
    walkers = method.before_gradient(walkers, energy, data, rngs)
    return method.gradient(walkers, energy, Batch(data, energy.evaluate(data)), rngs)


def test_cd_without_steps_has_no_gradient():
    """k = 0 compares the data with themselves: 0 to rounding, wherever the model is."""
    data = torch.randn(50, 2, generator=rng(5), dtype=torch.float64)
    energy = MixtureEnergy(torch.eye(2).double() * 3, torch.tensor([0.0, 1.0]).double())
    found = first_gradient(CD(ULA(0.1), 50, 0), energy, data)
    assert max(float(g.abs().max()) for g in found.values()) < 1e-14


def test_cd1_does_not_see_a_spurious_well_that_restarts_from_the_model_do():
    """∂H/∂z of an empty mode 10 away: 0 to 1e-9 under CD-1, −½ for walkers drawn from the model."""
    means = torch.tensor([[0.0], [10.0]], dtype=torch.float64)
    energy = MixtureEnergy(means, torch.zeros(2, dtype=torch.float64))
    data = 0.5 * torch.randn(400, 1, generator=rng(6), dtype=torch.float64)
    blind = first_gradient(CD(ULA(0.1), 400, 1), energy, data)
    assert abs(float(blind["log_masses"][1])) < 1e-9
    seeing = first_gradient(PCD(ULA(0.1), 400, energy, restart=1.0), energy, data)
    assert float(seeing["log_masses"][1]) == pytest.approx(-0.5, abs=0.01)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_cd_chains_are_k_steps_from_the_data(k):
    """Without noise the k-step end points of x₀ = 1 are (1 − h)^k, again at every update."""
    h, energy, data = 0.2, one_mode(), torch.ones(6, 1, dtype=torch.float64)
    method, rngs = CD(ULA(h, COLD), 5, k), generators(0, "cpu")
    walkers = method.start(energy, data, rngs)
    for step in (1, 2):
        walkers = method.before_gradient(walkers, energy, data, rngs)
        expected = torch.full((5, 1), (1 - h) ** k, dtype=torch.float64)
        assert torch.allclose(walkers.train.x, expected, rtol=1e-12)
        film = torch.tensor([(1 - h) ** i for i in range(k + 1)], dtype=torch.float64)
        assert torch.allclose(walkers.train.path[:, 0, 0], film, rtol=1e-12)
        walkers = method.after_update(walkers, energy, energy, data, step, rngs)
        assert torch.allclose(walkers.train.x, expected, rtol=1e-12)


def ages(method: PCD, updates: int) -> list[int]:
    """How many steps away from the data the walkers are at each gradient."""
    h, energy, data = method.kernel.step_size, one_mode(), torch.ones(6, 1, dtype=torch.float64)
    rngs, found = generators(0, "cpu"), []
    walkers = method.start(energy, data, rngs)
    for step in range(1, updates + 1):
        walkers = method.before_gradient(walkers, energy, data, rngs)
        found.append(round(math.log(float(walkers.train.x[0, 0])) / math.log(1 - h)))
        walkers = method.after_update(walkers, energy, energy, data, step, rngs)
    return found


def test_restart_every_four_gives_gradients_at_0_1_2_and_3_steps():
    """The public script's schedule: one of four gradients compares the data with themselves."""
    assert ages(PCD(ULA(0.2, COLD), 4, None, restart_every=4), 9) == [0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_persistent_chains_age_by_one_step_per_update():
    """Without restarts the k-th gradient sees walkers k steps from the data."""
    assert ages(PCD(ULA(0.2, COLD), 4, None), 6) == [0, 1, 2, 3, 4, 5]
    assert ages(PCD(ULA(0.2, COLD), 4, None, restart=1.0), 4) == [0, 0, 0, 0]


def test_restart_probability_sends_that_share_back_to_the_data():
    """Binomial(N, 0.1) walkers per update go back, marked with parent −1, the others move."""
    energy, data, n = one_mode(), torch.full((50, 1), 7.0, dtype=torch.float64), 4000
    method, rngs = PCD(ULA(0.2), n, None, restart=0.1), generators(1, "cpu")
    walkers, counts = method.start(energy, data, rngs), []
    for step in range(1, 11):
        walkers = method.after_update(walkers, energy, energy, data, step, rngs)
        back = walkers.train.parents < 0
        assert torch.equal(back, walkers.train.x[:, 0] == 7.0)
        assert torch.equal(walkers.train.at.energy, energy.evaluate(walkers.train.x).energy)
        counts.append(int(back.sum()))
    error = math.sqrt(10 * n * 0.1 * 0.9)
    assert abs(sum(counts) - 10 * n * 0.1) < 5 * error
    assert len(set(counts)) > 1


def test_restart_from_the_model_draws_from_the_first_energy():
    """Restarted walkers have mean 3 and variance 1 of the model at θ₀, not the data's 7."""
    base = MixtureEnergy(torch.full((1, 1), 3.0).double(), torch.zeros(1).double())
    data = torch.full((50, 1), 7.0, dtype=torch.float64)
    method, rngs = PCD(ULA(0.2), 5000, base, restart_every=1), generators(2, "cpu")
    walkers = method.start(one_mode(), data, rngs)
    assert float(walkers.train.x.mean()) == pytest.approx(3, abs=5 / math.sqrt(5000))
    walkers = method.after_update(walkers, one_mode(), one_mode(), data, 1, rngs)
    assert float(walkers.train.x.mean()) == pytest.approx(3, abs=5 / math.sqrt(5000))
    assert float(walkers.train.x.var()) == pytest.approx(1, abs=5 * math.sqrt(2 / 5000))


def test_unweighted_chains_at_another_temperature_sample_another_density():
    """PCD with T = 2 settles at variance 2/(1 − h/2) on a unit mode, ULA's own bias included."""
    energy, h = one_mode(), 0.2
    data = torch.zeros(20_000, 1, dtype=torch.float64)
    method, rngs = PCD(ULA(h, 2.0), 20_000, None), generators(3, "cpu")
    walkers = method.start(energy, data, rngs)
    for step in range(1, 60):
        walkers = method.after_update(walkers, energy, energy, data, step, rngs)
    exact = 2 / (1 - h / 2)
    assert float(walkers.train.x.var()) == pytest.approx(exact, abs=5 * exact / 100)
    assert abs(exact - 2) > 0.1
