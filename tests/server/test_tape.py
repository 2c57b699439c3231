"""The tape: recorded pictures over the whole run, in bounded memory, each with its own past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.hub.tape import CAPACITY, MAX_BYTES, Tape
from ebm_engine.spec.edit import with_value
from tests.server.hub_tools import small_spec


def taken(run: Run) -> Snapshot:
    return run.snapshot(playing=True, updates_per_second=1.0)


@pytest.fixture(scope="module")
def pictures() -> list[Snapshot]:
    """Pictures of updates 0 to 60, with a live change at 30."""
    fast = {"kind": "sgd", "lr_means": 0.05, "lr_log_masses": 0.1}
    run = Run(
        small_spec(method={"kind": "weighted-ula", "ess_threshold": 0.9}, optimizer=fast, seed=1)
    )
    found = [taken(run)]
    for step in range(60):
        if step == 30:
            run.change(with_value(run.spec, "sampler.step_size", 0.2))
        run.advance()
        found.append(taken(run))
    return found


def recorded(picture: Snapshot, updates: list[int]) -> Tape:
    tape = Tape()
    for step in updates:
        row = picture.history | {"step": np.array([float(step)])}
        history = {name: column[-1:] for name, column in row.items()}
        tape.add(
            replace(picture, step=step, history=history, mass_history=picture.mass_history[-1:])
        )
    return tape


@pytest.mark.parametrize("updates", [1, 119, 120, 500, 1000])
def test_the_tape_is_evenly_spread_over_the_whole_run(pictures, updates):
    """Equal steps from 0, then the newest; a ring buffer would keep only the end."""
    tape = recorded(pictures[0], list(range(updates + 1)))
    *even, newest = tape.steps
    gaps = set(np.diff(even).tolist())
    stride = gaps.pop() if gaps else 1
    assert not gaps
    assert newest == updates
    assert even[0] == 0
    assert 0 < newest - even[-1] <= stride
    assert CAPACITY / 2 <= len(tape.steps) <= CAPACITY or updates < CAPACITY


def test_pictures_that_come_when_they_come_stay_evenly_spread(pictures):
    """Gaps of 1 to 40 updates between pictures: no gap is above twice the mean one."""
    rng = np.random.default_rng(0)
    updates = np.cumsum(rng.integers(1, 41, 600))
    gaps = np.diff(recorded(pictures[0], [0, *updates.tolist()]).steps)
    assert gaps.max() < 2.5 * gaps.mean()


def test_a_tape_of_large_pictures_stays_within_its_bytes(pictures):
    """400 KB of walkers each: fewer pictures, still from the first to the newest."""
    large = replace(pictures[0], positions=np.zeros((50_000, 2), dtype=np.float32))
    tape = recorded(large, list(range(200)))
    assert tape.nbytes <= MAX_BYTES
    assert 8 <= len(tape.steps) < 25
    assert (tape.steps[0], tape.steps[-1]) == (0, 199)


def test_a_recorded_picture_is_the_one_that_was_taken(pictures):
    """Every array, the history up to its own last row, and only the events up to its update."""
    tape = Tape()
    for picture in pictures:
        tape.add(picture)
    for step in (0, 7, 30, 43, 60):
        found = tape.at(step, pictures[-1])
        truth = pictures[step]
        for name in ("positions", "log_w", "trails", "data", "target_density", "field", "means"):
            assert np.array_equal(getattr(found, name), getattr(truth, name), equal_nan=True)
        for name, column in truth.history.items():
            assert np.array_equal(found.history[name], column, equal_nan=True), name
        assert np.array_equal(found.mass_history, truth.mass_history)
        assert np.array_equal(found.resampled_at, truth.resampled_at)
        assert np.array_equal(found.genealogy_steps, truth.genealogy_steps)
        assert np.array_equal(found.genealogy, truth.genealogy)
        assert (found.step, found.spec, found.playing) == (step, truth.spec, False)
    assert tape.at(29, pictures[-1]).changes == ()
    assert tape.at(31, pictures[-1]).changes == ((30, {"sampler.step_size": 0.2}),)
    assert len(pictures[-1].resampled_at) > len(pictures[20].resampled_at) > 0


def test_between_two_pictures_the_earlier_one_is_found(pictures):
    """And before the first one there is none."""
    tape = Tape()
    for step in (10, 20, 40):
        tape.add(pictures[step])
    found = [tape.at(step, pictures[40]) for step in (9, 10, 19, 39, 1000)]
    assert [f and f.step for f in found] == [None, 10, 10, 20, 40]


def test_going_back_drops_what_came_after(pictures):
    """After a rewind to 25 the old future is gone, also the old picture of 25."""
    tape = Tape()
    for step in (0, 10, 25, 40, 60):
        tape.add(pictures[step])
    tape.add(pictures[25])
    assert tape.steps == (0, 10, 25)
    assert tape.until(10).steps == (0, 10)
    tape.add(pictures[0])
    assert tape.steps == (0,)
    tape.clear()
    assert tape.steps == ()


def test_pictures_share_one_spec(pictures):
    """A drawn target has thousands of points in its spec: one object, not one for each picture."""
    tape = Tape()
    for picture in pictures[:5]:
        tape.add(replace(picture, spec=picture.spec.model_copy()))
    specs = {id(tape.at(step, pictures[5]).spec) for step in range(5)}
    assert len(specs) == 1
