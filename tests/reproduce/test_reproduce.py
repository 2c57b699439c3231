"""Studies: the one-dimensional facts, and which runs are trained, kept and trained again."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.batch.folder import path_of, write_text
from ebm_engine.reproduce import mass1d
from ebm_engine.reproduce.engine import train_all
from ebm_engine.reproduce.probes import ROWS, steps
from ebm_engine.reproduce.study import Job, Options, Result, changed, kept
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import SpecError

UPDATES = 700
SMALL = {
    "target": {"samples": 50},
    "walkers": {"count": 20},
    "method": {"kind": "pcd"},
}


def small(seed: int, updates: int = 4) -> Job:
    """A run of milliseconds."""
    return Job("", "PCD", parse_spec(SMALL | {"seed": seed}), updates)


def ignore(updates: int) -> None:
    """A progress bar that nobody looks at."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The one-dimensional study with fewer updates and the same horizon, by method."""
    jobs = mass1d.runs(Options(updates=UPDATES))
    found = train_all(jobs, tmp_path_factory.mktemp("mass1d"), 1, ignore)
    return {result.job.row: result for result in found}


def course(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Times t = k·Δt and z(t)."""
    watched = result.run["watched"]
    return np.array(watched["step"]) * 1e4 / UPDATES, np.array(watched["log_odds"])


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_the_weighted_mass_ends_at_its_fixed_point(study):
    """z̃* = logit p̂* − logit p̂₀ + z(0) within 0.005; z* = 1.4 of the true density would fail.

    160 of 200 points and 100 of 200 walkers are on the left: z̃* = log 4 + 0.001 = 1.38729.
    """
    _, z = course(study["weighted ULA"])
    assert z[-1] == pytest.approx(math.log(4) + 0.001, abs=0.005)
    assert abs(z[-1] - 1.4) > 0.005


def test_the_unweighted_mass_drifts_in_proportion_to_time(study):
    """z(t) = z(0) + γηt with γ = q̂₀ − q̂* = 0.5 − 0.2 within 1 %; an exponential e^(γηt) fails."""
    t, z = course(study["unweighted from the model"])
    np.testing.assert_allclose(z, 0.001 + 0.3 * 0.01 * t, rtol=0.01)


def test_pcd_from_all_data_never_learns_the_mass(study):
    """γ = 0, since as many walkers as points start on the points: z stays 0.001."""
    _, z = course(study["PCD from the data"])
    np.testing.assert_allclose(z, 0.001, atol=1e-6)


def test_the_closed_forms_of_the_table_are_those_of_the_theory(study):
    """log 4 + 0.001 for the weighted run, 30.001 for the unweighted one, 0.001 for PCD."""
    ends = [float(mass1d.predicted(r, np.array([1e4]))[0]) for r in study.values()]
    assert ends == pytest.approx([math.log(4) + 0.001, 0.001, 30.001], abs=1e-6)


def test_a_rate_times_its_updates_does_not_depend_on_the_number_of_updates():
    """η·T = 100 in all: the paper's 10⁶ updates have the paper's rate 10⁻⁴."""
    for updates in (1000, 200_000, 1_000_000):
        spec = mass1d.runs(Options(updates=updates))[0].spec
        assert spec.optimizer.lr_log_masses * updates == pytest.approx(100)
    assert spec.optimizer.lr_log_masses == pytest.approx(1e-4)


def test_a_second_call_trains_nothing(tmp_path):
    """All updates are reported at once, the files stay as they were, the results are the same."""
    jobs = [small(seed) for seed in range(3)]
    first = train_all(jobs, tmp_path, 1, ignore)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()}
    told: list[int] = []
    assert train_all(jobs, tmp_path, 1, told.append) == first
    assert told == [12]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()} == before


def test_an_interrupted_study_keeps_what_is_finished_and_nothing_else(tmp_path):
    """Ctrl-C in the second of three runs: one file, no remains, and a resumed study trains two."""
    jobs, done = [small(seed) for seed in range(3)], 0

    def progress(updates: int) -> None:
        nonlocal done
        done += updates
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_all(jobs, tmp_path, 1, progress)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == [path_of(jobs[0], tmp_path).name]
    assert kept(jobs, tmp_path) == 1
    told: list[int] = []
    assert len(train_all(jobs, tmp_path, 1, told.append)) == 3
    assert (told[0], sum(told)) == (4, 12)


def test_two_processes_find_the_bits_of_one_and_report_every_update(tmp_path):
    """Progress comes while runs last, not only at their ends, and adds up to all updates."""
    jobs, reported = [small(seed, updates=400) for seed in range(3)], []
    found = train_all(jobs, tmp_path / "two", 2, reported.append)
    assert sum(reported) == 1200
    assert any(n > 0 and n % 400 for n in reported)
    for one, two in zip(train_all(jobs, tmp_path / "one", 1, ignore), found, strict=True):
        assert one.run["history"] == two.run["history"]


def test_a_kept_run_is_found_by_all_that_defines_it():
    """Another seed, number of updates or watched quantity is another run; the names are not."""
    job = small(0)
    others = [small(1), small(0, updates=5), job._replace(watch=("contrast",))]
    assert len({job.key, *(other.key for other in others)}) == 4
    assert job._replace(group="ring", row="renamed").key == job.key


def test_a_diverged_run_counts_as_done(tmp_path):
    """Its progress is completed, its file says where it ended."""
    spec = changed(small(0).spec, {"sampler.step_size": 50.0})
    told: list[int] = []
    (result,) = train_all([Job("", "PCD", spec, 300)], tmp_path, 1, told.append)
    assert result.run["diverged"]["step"] < 300
    assert sum(told) == 300


def test_an_unreadable_run_is_named(tmp_path):
    """Not trained again in silence: somebody has changed it."""
    write_text(tmp_path / "x", "")
    job = small(0)
    train_all([job], tmp_path, 1, ignore)
    path_of(job, tmp_path).write_text("{")
    with pytest.raises(SpecError, match="remove it to train it again"):
        train_all([job], tmp_path, 1, ignore)


def test_log_steps_hold_the_first_and_the_last_update():
    """Evenly in log t: as many between 10 and 100 as between 100 and 1000, give or take one."""
    found = np.array(steps(10**6, log_time=True))
    assert (found[0], found[-1]) == (1, 10**6)
    assert len(found) <= ROWS
    late = [np.sum((found > 10**k) & (found <= 10 ** (k + 1))) for k in (3, 4, 5)]
    assert max(late) - min(late) <= 1
    assert steps(3, log_time=False) == [1, 2, 3]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):
    """A folder that is missing is one sentence, and nothing is left behind."""
    with pytest.raises(SpecError, match="cannot be written"):
        write_text(tmp_path / "missing" / "x.json", "{}")
    assert list(tmp_path.iterdir()) == []
