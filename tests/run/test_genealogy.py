"""The genealogy: first ancestors of the walkers over the whole run, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ebm_engine.run.genealogy import CAPACITY, RANKS, Genealogy
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import Snapshot
from tests.server.hub_tools import small_spec

FAST = {"kind": "sgd", "lr_means": 0.05, "lr_log_masses": 0.1}


def weighted(**changes: object) -> Run:
    method = {"kind": "weighted-ula", "ess_threshold": 0.9}
    return Run(small_spec(method=method, optimizer=FAST, seed=1, **changes))


def shown(run: Run) -> Snapshot:
    return run.snapshot(playing=False, updates_per_second=0.0)


def test_rows_are_the_first_ancestors_traced_through_every_resampling():
    """By brute force: each update's parents are followed back to the slots of update 0.

    Parents of the last resampling alone would show the previous generation.
    """
    run = weighted()
    traced, expected = list(range(60)), {0: list(range(60))}
    for step in range(1, 101):
        run.advance()
        parents = run.state.walkers.train.parents
        if parents is not None:
            traced = [traced[parent] for parent in parents.tolist()]
        if step % 10 == 0:
            expected[step] = sorted(traced)
    snapshot = shown(run)
    assert run.state.resamplings > 3
    assert snapshot.genealogy_steps.tolist() == list(expected)
    for row, families in zip(snapshot.genealogy, expected.values(), strict=True):
        ranks = [int((i + 0.5) * 60 / RANKS) for i in range(RANKS)]
        assert row.tolist() == [families[rank] for rank in ranks]


@pytest.mark.parametrize("updates", [5, 1490, 1500, 20_000])
def test_rows_stay_evenly_spread_over_the_whole_run(updates):
    """At most 150, in equal steps from update 0; a ring buffer would keep only the end."""
    genealogy = Genealogy(8)
    for step in range(updates + 1):
        if genealogy.due(step):
            genealogy.add(step, torch.full((8,), step % 7))
    steps = genealogy.steps
    assert len(steps) <= CAPACITY
    assert steps[0] == 0
    assert (np.diff(steps) == genealogy.stride).all()
    assert updates - steps[-1] < genealogy.stride
    assert (genealogy.rows == (steps % 7)[:, None]).all()


def test_ancestors_above_65535_need_four_bytes():
    """uint16 would wrap the last of 70 000 walkers to 4464."""
    small, large = Genealogy(65_536), Genealogy(70_000)
    for genealogy, count in ((small, 65_536), (large, 70_000)):
        genealogy.add(0, torch.arange(count))
    assert (small.rows.dtype, large.rows.dtype) == (np.uint16, np.uint32)
    assert large.rows[0, -1] == int((RANKS - 0.5) * 70_000 / RANKS)


def test_methods_without_weights_have_no_genealogy():
    """PCD never resamples: empty, not a picture of nothing."""
    run = Run(small_spec(method={"kind": "pcd"}))
    for _ in range(10):
        run.advance()
    assert shown(run).genealogy.size == shown(run).genealogy_steps.size == 0


def test_a_checkpoint_keeps_the_genealogy_and_its_stride():
    """A run that was saved in between has the rows of one that was not."""
    run = weighted()
    for _ in range(35):
        run.advance()
    loaded = Run.load(run.save())
    for each in (run, loaded):
        for _ in range(20):
            each.advance()
    assert np.array_equal(shown(run).genealogy, shown(loaded).genealogy)
    assert shown(loaded).genealogy_steps.tolist() == [0, 10, 20, 30, 40, 50]


def test_a_record_of_another_shape_is_refused():
    """Values and limits in one sentence."""
    with pytest.raises(ValueError, match="stride 0, allowed are 150 updates of 64 ranks"):
        Genealogy(8).restore(np.zeros(1, np.int64), np.zeros((1, RANKS)), 0)
    with pytest.raises(ValueError, match="shape"):
        Genealogy(8).restore(np.zeros(1, np.int64), np.zeros((1, 3)), 10)
