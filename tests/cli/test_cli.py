"""`python -m ebm_engine`: exit codes, run.json, and the same from Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from ebm_engine import RunSpec, train
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import SpecError
from tests.cli.cli_tools import ebm, listen_to_ctrl_c, refused

SMALL = ("--set", "walkers.count=100", "--set", "target.samples=200", "--set", "method.witness=50")
HISTORY = {
    "step", "kl_exact", "kl_data", "kl_estimate", "kl_witness", "ess", "ancestors", "contrast",
    "resamplings",
}  # fmt: skip


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """run.json of a short run of the default preset."""
    out = tmp_path_factory.mktemp("cli") / "run.json"
    done = ebm("train", "two-modes", *SMALL, "--updates", "45", "--seed", "3", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "weighted-ula, update 45" in done.stdout
    return json.loads(out.read_text())


def test_run_json_has_its_documented_shape(result):
    """Exactly these keys; histories of equal length; masses in the order of the modes."""
    top = {"spec", "history", "final", "diverged", "timing", "device", "interrupted"}
    assert set(result) >= top
    assert set(result["history"]) >= HISTORY
    lengths = {len(column) for column in result["history"].values()}
    assert len(lengths) == 1
    assert result["history"]["step"] == [0, 10, 20, 30, 40, 45]
    log_z = {"log_z_exact", "log_z_estimate", "log_z_witness"}
    assert set(result["final"]) >= {"mode_mass", "means"} | log_z
    for name in ("data", "model", "raw", "weighted"):
        masses = result["final"]["mode_mass"][name]
        assert sum(masses) == pytest.approx(1, abs=1e-6)
        assert len(masses) == 2
    assert result["diverged"] is None
    assert result["interrupted"] is False
    assert result["timing"]["updates_per_second"] > 0
    assert result["device"] == "cpu"


def test_run_json_holds_the_spec_that_was_run(result):
    """It is a spec file's content: read back it is the run's spec, with every change."""
    spec = parse_spec(result["spec"])
    assert (spec.seed, spec.walkers.count, spec.method.witness) == (3, 100, 50)


def test_the_same_from_python_gives_the_same_numbers(result):
    """train(spec, updates) equals the command: same history, same masses, to the last digit."""
    again = train(parse_spec(result["spec"]), updates=45)
    assert json.loads(json.dumps(again["history"])) == result["history"]
    assert json.loads(json.dumps(again["final"])) == result["final"]


def test_a_spec_file_works_like_a_preset(tmp_path):
    """--method and --set change what the file says."""
    file, out = tmp_path / "my.json", tmp_path / "run.json"
    file.write_text(json.dumps({"walkers": {"count": 50}, "target": {"samples": 60}, "seed": 4}))
    done = ebm(
        "train", str(file), "--method", "cd", "--updates", "5", "--out", str(out),
        "--set", "method.k=3", "--set", "energy.learn=[\"means\"]", "--set", "dtype=float64",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    spec = parse_spec(json.loads(out.read_text())["spec"])
    assert (spec.method.kind, spec.method.k, spec.seed, spec.dtype) == ("cd", 3, 4, "float64")
    assert spec.energy.learn == ("means",)


def test_methods_without_weights_report_no_estimate(tmp_path):
    """null for what PCD does not have, never NaN, which is not JSON."""
    out = tmp_path / "run.json"
    done = ebm(
        "train", "two-modes", "--method", "pcd", "--updates", "12", "--out", str(out), *SMALL[:4]
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert found["history"]["kl_estimate"] == [None] * 3
    assert found["final"]["log_z_estimate"] is None
    assert all(isinstance(v, float) for v in found["history"]["kl_exact"])


def test_a_divergence_is_a_result_not_a_failure(tmp_path):
    """Exit code 0, with quantity, step and likely knob in the file and on the screen."""
    out = tmp_path / "run.json"
    done = ebm(
        "train", "two-modes", *SMALL, "--set", "sampler.step_size=50", "--updates", "200",
        "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    diverged = json.loads(out.read_text())["diverged"]
    assert diverged["likely_knob"] == "sampler.step_size"
    assert diverged["step"] <= 5
    assert diverged["quantity"] in diverged["message"]
    assert "diverged" in done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("sampler.step_size=-1", "sampler.step_size = -1"),
        ("sampler.step_size=NaN", "sampler.step_size = nan"),
        ("walkers.count=0", "walkers.count = 0"),
        ("walkers.count=1e12", "walkers.count"),
        ("target.means=[[0,0],[1]]", "rows of lengths [1, 2]"),
        ("target.means=[[0,0,0],[1,1,1]]", "dimension 3"),
        ("energy.masses=[1]", "1 entries"),
        ("sampler.speed=1", "sampler.speed is not a field"),
        ("method.kind=hmc", "'hmc' is unknown"),
        ("sampler.step_size", "is not of the form FIELD=VALUE"),
        ("=3", "is not a field"),
    ],
)
def test_a_bad_setting_is_one_sentence(change, words):
    """Exit code 2 before torch is even loaded."""
    assert words in refused("train", "two-modes", "--set", change)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "three-modes"), "neither a preset"),
        (("train", "."), "neither a preset"),
        (("train", "two-modes", "--method", "hmc"), "hmc"),
        (("train", "two-modes", "--seed", "-1"), "seed = -1"),
        (("train", "two-modes", "--seed", "x"), "--seed"),
        (("train", "two-modes", "--updates", "-1"), "updates = -1"),
        (("train", "two-modes", "--updates", "100000000000"), "updates = 100000000000"),
        (("train", "two-modes", "--out", "/nowhere/run.json"), "cannot be written"),
        (("train", "two-modes", "--out", "."), "cannot be written"),
        (("train",), "preset"),
        (("dance",), "dance"),
        (("reproduce",), "study"),
        (("reproduce", "toys", "--out", "x"), "toys"),
        (("reproduce", "toy"), "--out"),
        (("reproduce", "toy", "--out", "x", "--seeds", "0"), "seeds = 0"),
        (("reproduce", "toy", "--out", "x", "--updates", "0"), "updates = 0"),
        ((), "command"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, words):
    """Exit code 2, no usage text, no traceback."""
    assert words in refused(*arguments)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "cannot be read as JSON"),
        (b"", "cannot be read as JSON"),
        (b"\xff\xfe\x00", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[1, 2]", "must be a JSON object"),
        (b'{"walkers": {"number": 3}}', "walkers.number is not a field"),
        (b'{"walkers": 3}', "walkers = 3"),
        (b'{"sampler": {"step_size": NaN}}', "sampler.step_size = nan"),
        (b'{"method": 3}', "method"),
    ],
)
def test_a_bad_spec_file_is_one_sentence(tmp_path, content, words):
    """Whatever bytes it holds."""
    file = tmp_path / "spec.json"
    file.write_bytes(content)
    assert words in refused("train", str(file))


def test_an_unusable_device_is_one_sentence():
    """cuda without a GPU says what to use instead."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert "no usable CUDA GPU" in refused("train", "two-modes", "--device", "cuda")


def test_ctrl_c_saves_what_was_done(tmp_path):
    """Exit code 130 and a complete run.json of the updates so far."""
    out = tmp_path / "run.json"
    command = [sys.executable, "-m", "ebm_engine", "train", "two-modes", "--updates", "5000000"]
    process = subprocess.Popen(
        [*command, *SMALL, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=listen_to_ctrl_c,
    )
    try:
        _wait_for_progress(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    found = json.loads(out.read_text())
    assert found["interrupted"] is True
    assert 0 < found["history"]["step"][-1] < 5_000_000
    assert len({len(column) for column in found["history"].values()}) == 1


def _wait_for_progress(process: subprocess.Popen[bytes]) -> None:
    """Until the progress bar shows an update."""
    seen, end = b"", time.monotonic() + 60
    while b"update/s" not in seen and time.monotonic() < end:
        seen += os.read(process.stderr.fileno(), 4096)
    assert b"update/s" in seen


def test_schema_is_json_schema_of_the_spec():
    """Valid JSON that names every block."""
    schema = json.loads(ebm("schema").stdout)
    assert schema == RunSpec.model_json_schema()
    assert set(schema["properties"]) == set(RunSpec.model_fields)


def test_presets_are_listed():
    """Names that `train` takes, with their stories."""
    listed = ebm("presets").stdout
    for name in ("two-modes", "masses-only", "phantom-mode", "ring", "gmm50"):
        assert name in listed


def test_train_refuses_an_absurd_number_of_updates():
    """From Python too, as a SpecError with the limit."""
    with pytest.raises(SpecError, match="between 0 and"):
        train(RunSpec(), updates=-1)
