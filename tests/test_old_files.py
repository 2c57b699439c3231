"""What commit 825716d wrote, people have: each of its files still opens, and to the same state.

The folder old_files holds, from that commit, with few walkers and without an image of MNIST: run
files of a mixture (a branch that has still to repeat 20 updates), a network with improved CD and a
convolutional network on 8×8 digits; model files of the three; an exported script; the cells of a
sweep and the runs of a study; two lessons; and what became of runs and models in 30 updates more.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ebm_engine.__main__ import main
from ebm_engine.files.model_file import ModelSpec, read_model
from ebm_engine.files.script import numbers_of
from ebm_engine.jobs.model_start import start_of
from ebm_engine.lessons.read import read_lesson
from ebm_engine.run.checkpoint import unpack
from ebm_engine.run.checkpoint_file import admit
from ebm_engine.run.run import Run
from tests.same_bits import differing

ROOT = Path(__file__).parents[1]
OLD = Path(__file__).with_name("old_files")
EXPECTED = json.loads((OLD / "expected.json").read_text(encoding="utf-8"))
RUNS = [name for name in EXPECTED if name.endswith("-run.safetensors")]
MODELS = [name for name in EXPECTED if name.endswith("-model.safetensors")]
SINGLE = 1e-3  # of float32 after 30 updates on another machine
DOUBLE = 1e-9


def content(name: str) -> bytes:
    return (OLD / name).read_bytes()


def held(checkpoint: bytes) -> dict[str, Any]:
    """The facts, and the tensors as bytes; the columns of the history each by its name."""
    tensors, facts = unpack(checkpoint)
    tensors |= dict(zip(facts.pop("columns"), tensors.pop("history").T, strict=True))
    return facts | {name: (t.dtype, t.numpy().tobytes()) for name, t in tensors.items()}


def started(model: bytes) -> Run:
    """The run at update 0 of a model file."""
    *_, (_, result) = start_of(ModelSpec(content=model))
    return Run.load(result["checkpoint"].tobytes())


def goes_on_as_expected(name: str, run: Run) -> None:
    """30 updates more give the numbers that the old commit found (bits: test_same_bits)."""
    for _ in range(30):
        run.advance()
    found = numbers_of(run.snapshot(playing=False, updates_per_second=0.0), run.step)
    tolerance = DOUBLE if run.spec.dtype == "float64" else SINGLE
    assert run.step == EXPECTED[name]["update"]
    expected = EXPECTED[name]["numbers"]
    assert {n: found[n] for n in expected} == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_file_opens_with_everything_it_held(name):
    """Every tensor and every fact, saved again, is what the file has, bit for bit."""
    run = Run.load(content(name))
    assert list(differing(held(content(name)), held(run.save()))) == []
    assert admit(content(name)) == run.wanted


@pytest.mark.parametrize("name", RUNS)
def test_a_run_file_goes_on(name):
    """With its buffer, average and rates, and for the branch with the changes it has to repeat."""
    goes_on_as_expected(name, Run.load(content(name)))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_file_starts_a_run(name):
    """The parameters are those of the file, bit for bit, and the run learns from there."""
    model, run = read_model(content(name)), started(content(name))
    parameters = run.parts.trainer.energy.parameters
    assert set(parameters) == set(model.parameters)
    for key, values in model.parameters.items():
        assert torch.equal(parameters[key], torch.from_numpy(values.copy()))
    goes_on_as_expected(name, run)


def test_an_exported_script_finds_its_numbers_again(tmp_path):
    """It imports what was there when it was downloaded."""
    path = tmp_path / "ebm-lab-two-modes-63.py"
    shutil.copy(OLD / f"{path.name}.txt", path)
    done = subprocess.run(
        [sys.executable, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout.split("largest difference ")[1].split(",")[0]) <= DOUBLE


def kept_runs(folder: Path) -> set[str]:
    return {path.name for path in (folder / "runs").iterdir()}


def test_a_sweep_goes_on_from_cells_that_are_done(tmp_path, capsys):
    """The same command trains none of them again: it would write files of other names."""
    folder = shutil.copytree(OLD / "sweep", tmp_path / "sweep")
    command = (
        "sweep --preset two-modes --set walkers.count=20 --set target.samples=30 "
        "--set dtype=float64 --x sampler.step_size=0.05,50 --y optimizer.lr_log_masses=0.1 "
        "--methods weighted-ula,pcd --updates 10 --workers 1 --out"
    )
    assert main([*command.split(), str(folder)]) == 0
    assert kept_runs(folder) == kept_runs(OLD / "sweep")
    text = capsys.readouterr().out
    assert "| weighted-ula | 0.05 | 0.1 | 11.4323 | 0.2152 | 0.994 | 20 |  |" in text
    assert text.count("1 of 1 diverged") == 2


def test_a_study_goes_on_from_runs_that_are_done(tmp_path, capsys):
    """The same for the one-dimensional study of `reproduce`."""
    folder = shutil.copytree(OLD / "mass1d", tmp_path / "mass1d")
    assert main(["reproduce", "mass1d", "--updates", "12", "--out", str(folder)]) == 0
    assert kept_runs(folder) == kept_runs(OLD / "mass1d")
    assert "| unweighted from the model | 0 | 30.0010 | 30.0010 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["01-energy-is-not-probability.json", "10-digits-four-two-one.json"]
)
def test_a_lesson_is_read(name):
    """One with sliders, one with runs on digits; every name in them is still known."""
    lesson = read_lesson(OLD / name)
    assert lesson.number == int(name[:2])
    assert len(lesson.specs()) == len(lesson.runs)
