"""The same run over several seeds: every curve is that of a run of its own."""

from __future__ import annotations

import numpy as np
import pytest

from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.seeds import READINGS, moments, over_seeds, seeds_of
from ebm_engine.studies.specs.runs import SeedsSpec
from tests.run.image_runs import spec as image_spec

SMALL = parse_spec({"walkers": {"count": 50}, "target": {"samples": 80}, "seed": 7})


def results(spec, seeds=2, updates=30):
    asked = SeedsSpec(seeds=seeds, updates=updates, spec=spec)
    return list(over_seeds(asked))


def test_each_curve_is_that_of_a_run_with_this_seed():
    """KL, ESS and masses of seeds 8 and 9 equal runs trained alone; the own seed 7 is none."""
    (*_, (share, found)) = results(SMALL)
    assert share == 1.0
    assert found["seeds"].tolist() == [8, 9]
    for place, seed in enumerate((8, 9)):
        run = Run(with_value(SMALL, "seed", seed))
        for step in range(31):
            at = np.flatnonzero(found["steps"] == step)
            recent = run.recent(playing=False)
            assert found["kl_exact"][place, at] == recent.row["kl_exact"]
            assert found["kl_estimate"][place, at] == recent.row["kl_estimate"]
            assert found["ess"][place, at] == recent.row["ess"]
            assert found["masses"][place, at[0]].tolist() == recent.verdict.masses.tolist()
            run.advance()
    assert not np.array_equal(found["kl_exact"][0], found["kl_exact"][1])


def test_what_is_known_grows_seed_by_seed():
    """After seed i there are i rows; the share of work done never falls and ends at 1."""
    seen = results(SMALL, seeds=3, updates=5)
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert [len(found["seeds"]) for _, found in seen if found] == [1, 2, 3]


@pytest.mark.parametrize("updates", [1, 99, 100, 5000])
def test_moments_are_evenly_spaced_from_start_to_end(updates):
    """0 and the last update are read, steps differ by at most 1, never more than READINGS."""
    steps = moments(updates)
    assert steps[0] == 0
    assert steps[-1] == updates
    assert len(steps) == min(READINGS, updates + 1)
    assert np.ptp(np.diff(steps)) <= 1


def test_a_seed_that_diverges_is_told_and_leaves_the_others_alone():
    """NaN from there on; the first values stay."""
    wild = with_value(with_value(SMALL, "sampler.step_size", 2.5), "method.kind", "pcd")
    *_, (_, found) = results(wild, updates=400)
    assert (found["diverged"] > 0).all()
    for place in range(2):
        known = np.isfinite(found["ess"][place])
        after = found["steps"] > found["diverged"][place]
        assert known[0]
        assert not known[after].any()
        assert after.any()


def test_images_have_the_masses_of_their_walkers():
    """No exact KL and no exact masses there: ESS, the estimate and the read masses, of sum 1."""
    *_, (_, found) = results(image_spec(), updates=2)
    assert np.isnan(found["kl_exact"]).all()
    assert np.isfinite(found["ess"]).all()
    assert np.isfinite(found["kl_estimate"]).all()
    np.testing.assert_allclose(found["masses"].sum(2), 1)


def test_seeds_follow_the_own_one_and_wrap_around():
    """The largest seed is 2³¹ − 1; after it comes 0."""
    last = with_value(SMALL, "seed", 2**31 - 1)
    assert seeds_of(SeedsSpec(seeds=2, spec=last)) == [0, 1]


def test_the_task_checks_its_numbers():
    """At least 2 seeds, at most 20 000 updates, a sound spec."""
    for arguments, message in (
        ({"seeds": 1}, "seeds = 1"),
        ({"updates": 20_001}, "updates = 20001"),
        ({"spec": {"seed": -1}}, "seed = -1"),
    ):
        with pytest.raises(TaskError, match=message):
            parse_task("seeds", arguments)
    spec = parse_task("seeds", {"seeds": 2, "updates": 1, "spec": SMALL})
    *_, (share, _) = TASKS["seeds"].run(spec)
    assert share == 1.0
