"""The past of a run: any update it has made can be reached again, with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.run.checkpoint import pack, unpack
from ebm_engine.run.run import Run
from ebm_engine.run.timeline import CHANGES, EVERY, POINTS, Point, Timeline
from tests.run.branch_tools import SLOW, SPEC, WIDE, picture, same_bits, trained


@pytest.mark.parametrize("step", [0, 10, 30, 33, 60, 75, 90, 100])
def test_a_run_at_an_earlier_update_has_the_bits_of_then(step):
    """Live changes at 33 and 60 come again at their updates; the first spec alone would differ."""
    changes = {33: WIDE, 60: SLOW}
    earlier = trained(SPEC, 100, changes).at(step)
    truth = trained(SPEC, step, changes)
    assert earlier.step == step
    assert same_bits(picture(earlier), picture(truth))
    for _ in range(7):
        earlier.advance()
        truth.advance()
    if step not in changes:  # there a change had been made, and the fresh run has not made it
        assert same_bits(picture(earlier), picture(truth))


def test_a_changed_branch_leaves_the_old_way_only_after_its_update():
    """The same bits up to 40, the change in the log at 40, other walkers at 41."""
    run = trained(SPEC, 60, {33: WIDE})
    branch = Run.load(run.fork(40, SLOW))
    while branch.step < 40:
        assert branch.spec.optimizer.lr_means == SPEC.optimizer.lr_means
        branch.advance()
    assert same_bits(picture(branch), picture(run.at(40)))
    assert branch.spec == branch.wanted == SLOW
    logged = ((33, {"sampler.step_size": 0.2}), (40, {"optimizer.lr_means": 0.01}))
    assert picture(branch).changes == logged
    branch.advance()
    old = run.at(41)
    assert not np.array_equal(picture(branch).means, picture(old).means)


def test_a_change_while_a_branch_repeats_its_past_waits_for_the_end():
    """Made at once it would change the past that the branch is to repeat."""
    run = trained(SPEC, 60)
    branch = Run.load(run.fork(45))
    branch.advance()
    assert branch.step < 45
    branch.change(WIDE)
    assert (branch.spec, branch.wanted) == (SPEC, WIDE)
    branch = Run.load(branch.save())  # and a checkpoint in between keeps that
    while branch.step < 45:
        branch.advance()
    assert branch.spec == WIDE
    assert np.array_equal(picture(branch).positions, picture(run.at(45)).positions)


def test_updates_before_the_first_point_are_repeated_from_the_origin():
    """A restored run keeps no older points; an old file that cannot tell its origin says so."""
    run = Run.load(trained(SPEC, 57, {33: WIDE}).save())
    assert same_bits(picture(run.at(40)), picture(trained(SPEC, 40, {33: WIDE})))
    tensors, facts = unpack(run.save())
    for name in ("origin", "changes", "change_count", "replay"):
        del facts[name]
    for name in ("genealogy", "genealogy_steps"):
        del tensors[name]
    old = Run.load(pack(tensors, facts))
    old.advance()
    assert old.step == 58
    with pytest.raises(ValueError, match="update 40 of this run is not recorded"):
        old.at(40)
    with pytest.raises(ValueError, match="update 59 of this run is not recorded"):
        old.at(59)


def test_a_rewind_drops_the_changes_after_it_and_logs_the_present_knobs():
    """The log tells what was done on the way that is left."""
    run = trained(SPEC, 70, {33: WIDE, 60: SLOW})
    run.rewind(20)
    logged = ((33, {"sampler.step_size": 0.2}), (50, {"optimizer.lr_means": 0.01}))
    assert picture(run).changes == logged
    assert run.spec == SLOW


@pytest.mark.parametrize("count", [10, 65, 200, 1000])
def test_points_lie_evenly_over_the_whole_run_and_the_last_ones_stay(count):
    """Equal steps from 0, at most 64, within the bytes; a ring buffer would keep only the end."""
    timeline = Timeline()
    for i in range(count):
        timeline.add(Point(i * EVERY, 0, bytes(100)))
    last = (count - 1) * EVERY
    found = sorted({timeline.before(step, 0).step for step in range(0, last + 1, EVERY)})
    even = found[:-8]
    assert len(set(np.diff(even).tolist())) <= 1
    assert len(even) <= POINTS
    assert found[0] == 0
    assert found[-8:] == [last - EVERY * i for i in reversed(range(8))]


def test_large_points_are_fewer():
    """4 MiB each: at most 4 even ones, and the way from 0 stays open."""
    timeline, content = Timeline(), bytes(4 * 2**20)
    for i in range(100):
        timeline.add(Point(i * EVERY, 0, content))
    found = sorted({timeline.before(step, 0).step for step in range(0, 92 * EVERY, EVERY)})
    assert found[0] == 0
    assert len(found) <= 5


def test_points_older_than_the_forgotten_changes_are_not_used():
    """From there the way could not be told; the log itself stays bounded."""
    run = Run(SPEC)
    for i in range(CHANGES + 5):
        run.change((WIDE, SPEC)[i % 2])
    assert len(run.state.changes.entries) == CHANGES
    with pytest.raises(ValueError, match="not recorded"):
        run.at(0)
    for _ in range(EVERY + 1):
        run.advance()
    assert run.at(EVERY).step == EVERY
