"""The history in bounded memory and the trails of the walkers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.population import plain_start
from ebm_engine.core.types import Walkers
from ebm_engine.runs.recorder import CAPACITY, CHAINS, FIRST_STRIDE, TRAIL, History, Trails
from ebm_engine.runs.run import Run
from ebm_engine.runs.snapshot import HISTORY
from ebm_engine.runs.spec import parse_spec


def row(step: int) -> dict[str, float]:
    """A row whose numbers tell its update."""
    return {name: float(step + i) for i, name in enumerate(HISTORY)}


def recorded(updates: int) -> History:
    history = History(2)
    for step in range(updates + 1):
        if history.due(step):
            history.add(row(step), np.array([step, -step]))
    return history


@pytest.mark.parametrize("updates", [5, 3000, 5990, 6000, 50_000, 200_000])
def test_history_stays_evenly_spread_over_the_whole_run(updates):
    """From update 0 to the last stride in equal steps, never more rows than the capacity.

    A ring buffer would keep only the end, dropping every second row twice would leave gaps.
    """
    history = recorded(updates)
    steps = history.rows[: history.count, 0]
    assert history.count <= CAPACITY
    assert steps[0] == 0
    assert (np.diff(steps) == history.stride).all()
    assert updates - steps[-1] < history.stride
    assert history.count > CAPACITY / 2 - 1 or updates < CAPACITY * FIRST_STRIDE


def test_columns_belong_together_after_thinning():
    """Every column and the masses still hold the numbers of their own update."""
    columns, masses = recorded(20_000).columns(row(20_001), np.array([20_001, -20_001]))
    for i, name in enumerate(HISTORY):
        assert np.array_equal(columns[name], columns["step"] + i)
    assert np.array_equal(masses[:, 0], columns["step"])
    assert np.array_equal(masses[:, 1], -columns["step"])


def test_the_present_is_always_the_last_row():
    """The newest row is appended once: not twice when it is already there."""
    history = recorded(40)
    newer = history.columns(row(43), np.zeros(2))[0]
    assert newer["step"].tolist() == [0, 10, 20, 30, 40, 43]
    same = history.columns(row(40), np.zeros(2))[0]
    assert same["step"].tolist() == [0, 10, 20, 30, 40]
    newer["step"][:] = -1
    assert history.rows[1, 0] == 10


ENERGY = MixtureEnergy(torch.tensor([[-5.0, 0.0], [5.0, 0.0]]), torch.zeros(2))


def walkers(x: list[list[float]], parents: list[int] | None = None) -> Walkers:
    index = None if parents is None else torch.tensor(parents)
    return plain_start(ENERGY, torch.tensor(x, dtype=torch.float32))._replace(parents=index)


def test_trails_follow_walkers_through_resampling():
    """After slots (0, 1, 2) ← (2, 2, 0) each trail shows the way of the walker now in its slot.

    Trails by slot would join positions of different walkers by a line.
    """
    trails = Trails()
    trails.track(walkers([[1, 0], [2, 0], [3, 0]]))
    trails.track(walkers([[3.1, 0], [3.2, 0], [1.1, 0]], parents=[2, 2, 0]))
    found = trails.highlighted()[:, -2:, 0]
    expected = torch.tensor([[3, 3.1], [3, 3.2], [1, 1.1]])
    assert torch.allclose(found, expected)


def test_a_restarted_walker_begins_a_new_trail():
    """Parent −1: nothing but the present position, where the others keep theirs."""
    trails = Trails()
    trails.track(walkers([[1, 0], [2, 0]]))
    trails.track(walkers([[9, 0], [2.1, 0]], parents=[-1, 1]))
    found = trails.highlighted()[..., 0]
    assert torch.isnan(found[0, :-1]).all()
    assert found[0, -1] == 9
    assert found[1, -2:].tolist() == pytest.approx([2, 2.1])


def test_trails_keep_the_last_positions_in_order():
    """TRAIL positions, oldest first, of the first CHAINS walkers."""
    trails = Trails()
    for k in range(TRAIL + 17):
        trails.track(walkers([[float(k), float(i)] for i in range(CHAINS + 5)]))
    found = trails.highlighted()
    assert found.shape == (CHAINS, TRAIL, 2)
    assert found[3, :, 0].tolist() == list(range(17, TRAIL + 17))
    assert (found[3, :, 1] == 3).all()


def test_crossings_count_changes_of_basin_of_real_moves():
    """A chain that goes from one mode to the other counts; a copy or a restart does not."""
    trails = Trails()
    trails.track(walkers([[-5, 0], [5, 0], [5, 0]]))
    trails.track(walkers([[-4, 0], [4, 0], [6, 0]]))
    assert trails.crossings == 0
    trails.track(walkers([[4, 0], [4, 0], [-6, 0]]))
    assert trails.crossings == 2
    trails.track(walkers([[-6, 0], [-6, 0], [-6, 0]], parents=[2, 2, 2]))
    assert trails.crossings == 2
    trails.track(walkers([[5, 0], [-5, 0], [5, 0]], parents=[-1, 1, 2]))
    assert trails.crossings == 3


def test_only_highlighted_chains_are_counted():
    """The count belongs to the chains on the picture."""
    trails = Trails()
    left, right = [[-5.0, 0.0]] * (CHAINS + 8), [[5.0, 0.0]] * (CHAINS + 8)
    trails.track(walkers(left))
    trails.track(walkers(right))
    assert trails.crossings == CHAINS


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_a_run_of_any_dimension_has_trails_on_the_plane(dim):
    """The last point of each trail is the walker's present position; in 1-D the jitter is fixed."""
    means = [[-2.0] + [0.0] * (dim - 1), [2.0] + [0.0] * (dim - 1)]
    mixture = {"means": means, "masses": [0.5, 0.5]}
    run = Run(
        parse_spec(
            {"target": mixture | {"samples": 50}, "energy": mixture, "walkers": {"count": 30}}
        )
    )
    for _ in range(5):
        run.advance()
    snapshot = run.snapshot(playing=False, updates_per_second=0.0)
    assert snapshot.trails.shape == (CHAINS, TRAIL, 2)
    assert np.array_equal(snapshot.trails[:, -1], snapshot.positions[:CHAINS])
    assert np.isnan(snapshot.trails[:, : TRAIL - 6, 0]).all()
    if dim == 1:
        heights = snapshot.trails[:, -6:, 1]
        assert (heights == heights[:, -1:]).all()


def test_cd_trails_are_the_way_from_the_data():
    """k + 1 positions within the last update, the first of them a data point."""
    run = Run(parse_spec({"method": {"kind": "cd", "k": 4}, "walkers": {"count": 30}}))
    run.advance()
    trails = run.snapshot(playing=False, updates_per_second=0.0).trails
    data = run.parts.trainer.data.numpy()
    assert trails.shape == (CHAINS, 5, 2)
    assert all((data == start).all(1).any() for start in trails[:, 0])


def test_resampling_times_are_recorded_at_the_updates_they_happen():
    """As many as the count says, in order, each at an update where A was set to 0."""
    run = Run(
        parse_spec(
            {
                "method": {"kind": "weighted-ula", "ess_threshold": 0.9},
                "optimizer": {"kind": "sgd", "lr_means": 0.05, "lr_log_masses": 0.1},
                "walkers": {"count": 100},
            }
        )
    )
    seen = []
    for _ in range(60):
        run.advance()
        if (run.state.walkers.train.log_w == 0).all():
            seen.append(run.step)
    assert 1 < len(seen) < 60
    assert list(run.resampled_at) == seen
    assert run.resamplings == len(seen)
