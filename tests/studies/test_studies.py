"""The studies: what they train, and that their tables, numbers and figures are complete."""

from __future__ import annotations

import csv
import json
import re
from functools import partial

import numpy as np
import pytest

from ebm_engine.reproduce import gmm50, mnist, probes, stability, toy
from ebm_engine.reproduce.engine import train_all
from ebm_engine.reproduce.output import plain, report, write_numbers
from ebm_engine.reproduce.studies import STUDIES
from ebm_engine.reproduce.study import Job, Options, changed
from ebm_engine.reproduce.tables import mean_and_half_range, median_and_range
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.studies.ais import summarised
from ebm_engine.views.many_runs.reproduce import self_contained, study_figure


def ignore(updates: int) -> None:
    """A progress bar that nobody looks at."""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(seeds=0), "seeds = 0: must be between 1 and 100"),
        (Options(seeds=101), "seeds = 101"),
        (Options(updates=0), "updates = 0: must be at least 1"),
    ],
)
@pytest.mark.parametrize("name", STUDIES)
def test_every_study_refuses_bad_options(name, options, words):
    """One sentence with value and limit."""
    with pytest.raises(SpecError, match=words):
        STUDIES[name].runs(options)


def test_the_studies_are_as_large_as_they_say():
    """Methods × seeds: 6·3, 3, 9·(5 + 2 + 2), 5·3, 4·2·5; all runs differ."""
    sizes = {name: len(study.runs(Options())) for name, study in STUDIES.items()}
    assert sizes == {"gmm50": 18, "mass1d": 3, "toy": 81, "stability": 15, "mnist": 60}
    for study in STUDIES.values():
        keys = [job.key for job in study.runs(Options())]
        assert len(set(keys)) == len(keys)


def shrunk(job: Job, **changes: object) -> Job:
    """The job with few points, walkers and units."""
    small = {"target.samples": 200, "walkers.count": 30, **changes}
    return job._replace(spec=changed(job.spec, small))


def jobs_of(name: str) -> list[Job]:
    """Short and small runs of a study, with every kind of row that its summary tells apart."""
    jobs = STUDIES[name].runs(Options(seeds=1, updates=5))
    if name == "gmm50":
        return [shrunk(job) for job in jobs]
    if name == "toy":
        shown = ("weighted ULA, refreshed", "PCD from the data")
        jobs = [
            job for job in jobs if job.row in shown and (job.group != "grid" or "PCD" in job.row)
        ]
        return [shrunk(job, **{"energy.width": 4, "optimizer.batch": 50}) for job in jobs]
    if name == "mnist":
        return [on_digits(job) for job in jobs if job.group == "0/1/7"]
    return [shrunk(job, **{"energy.width": 4}) for job in jobs] if name == "stability" else jobs


def on_digits(job: Job) -> Job:
    """The job on the 8 × 8 digits, which need no file, with few walkers and units."""
    target = {"kind": "digits", "classes": [0, 1, 7], "counts": [40, 20, 10]}
    small = {"target": target, "walkers": {"count": 30}}
    content = job.spec.model_dump(mode="json") | small
    content["energy"]["width"] = 4
    return job._replace(spec=parse_spec(content))


@pytest.fixture(autouse=True)
def _few_annealed_walkers(monkeypatch):
    """What is measured at the end of an image run takes seconds otherwise."""
    monkeypatch.setitem(probes.ENDS, "ais", partial(summarised, walkers=20, steps=5))


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_writes_its_numbers_with_their_source(name, tmp_path):
    """JSON without NaN, CSV with one number a row, a table in Markdown, and a drawn figure."""
    study, jobs = STUDIES[name], jobs_of(name)
    results = train_all(jobs, tmp_path, 1, ignore)
    found = study.summary(results)
    written = write_numbers(name, study, results, found, tmp_path)
    assert [path.name for path in written] == [f"{name}.json", f"{name}.csv"]
    content = json.loads(written[0].read_text(), parse_constant=pytest.fail)
    assert len(content["runs"]) == len(jobs)
    assert all((tmp_path / run["file"]).is_file() for run in content["runs"])
    rows = list(csv.DictReader(written[1].open()))
    assert len(rows) == len(found.numbers) > 0
    ours = {(r["group"], r["row"], r["seed"]) for r in rows if r["source"] == "EBM Lab"}
    assert ours == {(job.group, job.row, str(job.spec.seed)) for job in jobs}
    for table in found.tables:
        assert {len(table.header)} == {len(row) for row in table.rows}
        assert f"**{table.title}**" in report(found)
    figure = study_figure(study.title, found.panels, study.columns)
    drawn = {trace.name for trace in figure.data}
    assert drawn == {curve["name"] for panel in found.panels for curve in panel["curves"]}


def test_the_numbers_of_others_are_told_from_ours(tmp_path):
    """Of the d = 50 table, those of another implementation and of the published script."""
    results = train_all(jobs_of("gmm50"), tmp_path, 1, ignore)
    numbers = gmm50.summary(results).numbers
    theirs = {(n.row, n.update): n.value for n in numbers if n.source == gmm50.RESTATED}
    assert theirs["PCD", 3200] == 0.0202
    assert all(n.seed is None for n in numbers if n.source != "EBM Lab")


def test_the_figure_is_a_page_that_calls_nobody():
    """plotly.js is inside, and no script or style sheet is loaded from elsewhere."""
    panels = [{"title": "A", "curves": [{"name": "a", "x": [1.0, 2.0], "y": [3.0, 4.0]}]}]
    page = self_contained(study_figure("Title", panels, 1), "name")
    assert "plotly.js v" in page
    assert not re.search(r"<script[^>]*\ssrc=|<link[^>]*href=", page)


def test_the_stability_study_has_the_failing_pair_and_its_two_cures():
    """Step 1 and k = 20 throughout; only the weights of the terms and of L2 differ."""
    specs = {job.row: job.spec for job in stability.runs(Options(seeds=1))}
    assert {spec.sampler.step_size for spec in specs.values()} == {1.0}
    assert {spec.method.k for spec in specs.values()} == {20}
    weights = {
        r: (s.method.kl_weight, s.method.entropy_weight, s.energy.l2) for r, s in specs.items()
    }
    assert weights["no KL term"] == (0, 0, 0)
    assert weights["KL and entropy terms"] == (1, 0.3, 0)
    assert weights["no KL term, L2 weight 0.1"] == (0, 0, 0.1)


def test_all_methods_of_the_toy_study_train_the_same_network():
    """Per target: same energy, step size, optimizer and data; only improved CD has its penalty."""
    for group in toy.GROUPS:
        specs = {j.row: j.spec for j in toy.runs(Options(seeds=1)) if j.group == group}
        assert specs[toy.PENALISED].energy.l2 == toy.L2
        specs[toy.PENALISED] = changed(specs[toy.PENALISED], {"energy.l2": 0.0})
        shared = {(s.energy, s.optimizer, s.sampler, s.target) for s in specs.values()}
        assert len(shared) == 1


def test_the_mnist_study_keeps_everything_but_the_method():
    """Per choice of digits: same images, network and step; the model's masses come from AIS.

    Only the weight of the squared energy is another, in the two rows that name it.
    """
    jobs = mnist.runs(Options(seeds=1))
    for group, (classes, noise, step_size) in mnist.GROUPS.items():
        specs = [job.spec for job in jobs if job.group == group]
        weights = [job.spec.energy.l2 for job in jobs if job.group == group]
        assert weights == [0, 0, 0, 0, mnist.L2, mnist.L2]
        plain = [s.energy.model_copy(update={"l2": 0.0}) for s in specs]
        pairs = zip(plain, specs, strict=True)
        assert len({(energy, s.sampler, s.target) for energy, s in pairs}) == 1
        target = specs[0].target
        assert (target.classes, target.noise) == (classes, noise)
        assert target.counts == (5600, 2800, 1400)
        assert specs[0].sampler.step_size == step_size
    assert {job.watch for job in jobs} == {("ais",)}


def test_a_run_that_diverged_has_no_masses_and_says_when(tmp_path):
    """Cells of its row are unknown and the row names the update; the others keep their numbers."""
    results = train_all(jobs_of("mnist"), tmp_path, 1, ignore)
    end = {"quantity": "walker energy", "step": 3, "likely_knob": "optimizer.lr", "message": "x"}
    lost = {"final": {"class_mass": {"data": [1.0], "model_ais": None}}, "diverged": end}
    results[1] = results[1]._replace(run=results[1].run | lost)
    table = mnist.summary(results).tables[0]
    assert table.rows[1][:2] == ("PCD from the data (diverged at 3)", "–")
    assert "–" not in table.rows[0]


def test_cells_show_a_spread_only_where_there_is_one():
    """Mean ± half the range; median (smallest to largest); a missing number is never left out."""
    assert mean_and_half_range([0.24, 0.26], 3) == "0.250 ± 0.010"
    assert mean_and_half_range([0.25, 0.25], 3) == "0.250"
    assert median_and_range([3.0, 1.0, 2.0], 1) == "2.0 (1.0 to 3.0)"
    assert median_and_range([1.0, None], 1) == "–"


def test_json_values_are_plain():
    """Arrays become lists and what is not finite becomes None."""
    assert plain({"a": (np.array([1.0, np.nan]), np.float64(2))}) == {"a": [[1.0, None], 2.0]}
