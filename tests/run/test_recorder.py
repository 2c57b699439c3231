"""The history in bounded memory and the trails of the walkers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.smc.population import plain_start
from ebm_engine.core.types import Walkers
from ebm_engine.run.checkpoint import pack, unpack
from ebm_engine.run.history import CAPACITY, FIRST_STRIDE, History
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import HISTORY
from ebm_engine.run.trails import CHAINS, TRAIL, Trails
from ebm_engine.spec.edit import parse_spec


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


def test_rows_come_back_under_their_names():
    """A column that was not recorded is NaN, one that is not known any more is left out.

    Rows put back by place would hold the numbers of a neighbour.
    """
    history = recorded(0)
    names = ["step", "forgotten", "ess", "kl_exact"]
    history.restore(np.array([[0.0, 9, 0.5, 3], [20, 9, 0.25, 2]]), names, np.zeros((2, 2)))
    columns, _ = history.columns(row(20), np.zeros(2))
    assert columns["step"].tolist() == [0, 20]
    assert columns["ess"].tolist() == [0.5, 0.25]
    assert columns["kl_exact"].tolist() == [3, 2]
    assert np.isnan(columns["contrast"]).all()


def test_rows_without_names_are_the_first_columns():
    """What was recorded before there were names: fewer columns in the same order."""
    history = recorded(0)
    older = len(HISTORY) - 5
    history.restore(np.arange(older, dtype=float)[None], None, np.zeros((1, 2)))
    assert history.rows[0, :older].tolist() == list(range(older))
    assert np.isnan(history.rows[0, older:]).all()


def test_rows_that_do_not_fit_are_refused():
    """Names for other columns, one dimension, more rows than there is room for."""
    with pytest.raises(ValueError, match="3 columns and 2 names"):
        recorded(0).restore(np.zeros((4, 3)), ["step", "ess"], np.zeros((4, 2)))
    with pytest.raises(ValueError, match="0 columns"):
        recorded(0).restore(np.zeros(4), None, np.zeros((4, 2)))
    with pytest.raises(ValueError, match="could not broadcast"):
        recorded(0).restore(np.zeros((CAPACITY + 1, 1)), None, np.zeros((CAPACITY + 1, 2)))


def trained(method: dict, updates: int = 20) -> Run:
    run = Run(parse_spec({"method": method, "walkers": {"count": 60}, "dtype": "float64"}))
    for _ in range(updates):
        run.advance()
    return run


def newest(run: Run) -> dict[str, float]:
    history = run.snapshot(playing=False, updates_per_second=0.0).history
    return {name: float(values[-1]) for name, values in history.items()}


def test_the_history_tells_norms_and_mean_energies():
    """‖g‖ over what is learned, and means whose difference is the contrast, to 1e-9.

    Of a method without a KL term the parts are NaN, as everything is before the first update.
    """
    run = trained({"kind": "weighted-ula"})
    now = newest(run)
    learned = run.parts.trainer.masks
    squares = sum(
        float((g * learned[n]).square().sum()) for n, g in run.state.metrics.gradient.items()
    )
    assert now["gradient_norm"] == pytest.approx(squares**0.5, rel=1e-12)
    assert now["data_energy"] - now["walker_energy"] == pytest.approx(now["contrast"], abs=1e-9)
    assert np.isnan([now["kl_gradient_norm"], now["cd_gradient_norm"]]).all()
    start = run.state.history.rows[0, HISTORY.index("gradient_norm") :]
    assert np.isnan(start).all()


def test_a_frozen_parameter_counts_in_no_norm():
    """Only the mass of the second mode is learned (the first z is 0): the means do not count."""
    means = {"means": [[-2.0, 0.0], [2.0, 0.0]], "masses": [0.5, 0.5]}
    content = {
        "target": means | {"masses": [0.2, 0.8]},
        "energy": means | {"learn": ["log_masses"]},
    }
    run = Run(parse_spec(content | {"dtype": "float64"}))
    run.advance()
    gradient = run.state.metrics.gradient
    assert float(gradient["means"].norm()) > 0
    second = abs(float(gradient["log_masses"][1]))
    assert newest(run)["gradient_norm"] == pytest.approx(second, rel=1e-12)


def test_the_parts_of_improved_cd_are_recorded_and_bounded_by_their_sum():
    """|‖CD‖ − ‖KL‖| ≤ ‖CD + KL‖ ≤ ‖CD‖ + ‖KL‖; with both weights 0 the KL part is exactly 0."""
    now = newest(trained({"kind": "improved-cd"}))
    cd, kl, whole = (now[f"{part}gradient_norm"] for part in ("cd_", "kl_", ""))
    assert kl > 1e-3
    assert abs(cd - kl) <= whole * (1 + 1e-9) <= (cd + kl) * (1 + 2e-9)
    off = newest(trained({"kind": "improved-cd", "kl_weight": 0.0, "entropy_weight": 0.0}))
    assert off["kl_gradient_norm"] == 0
    assert off["cd_gradient_norm"] == pytest.approx(off["gradient_norm"], rel=1e-9)


def test_recording_the_parts_changes_nothing_of_the_run():
    """Looking draws no random number: θ is the same to the bit with and without looks."""
    looked, left = trained({"kind": "improved-cd"}, 0), trained({"kind": "improved-cd"}, 0)
    for _ in range(15):
        looked.advance()
        newest(looked)
        left.advance()
    first, second = (run.parts.trainer.energy.parameters for run in (looked, left))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_checkpoint_of_before_the_names_still_loads():
    """Five columns fewer and no names: the rest of the history is as it was."""
    run = trained({"kind": "weighted-ula"})
    tensors, facts = unpack(run.save())
    older = len(HISTORY) - 5
    tensors["history"] = tensors["history"][:, :older].contiguous()
    del facts["columns"]
    found = Run.load(pack(tensors, facts)).state.history
    assert np.array_equal(
        found.rows[: found.count, :older],
        run.state.history.rows[: found.count, :older],
        equal_nan=True,
    )
    assert np.isnan(found.rows[:, older:]).all()


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
    assert list(run.state.resampled_at) == seen
    assert run.state.resamplings == len(seen)
