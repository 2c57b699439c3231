"""`python -m ebm_engine sweep`: its files, its table, its sentences, and what Ctrl-C leaves."""

import csv
import json
import os
import signal
import subprocess
import sys

import pytest

from ebm_engine.__main__ import main
from tests.cli.cli_tools import listen_to_ctrl_c
from tests.server.hub_tools import wait_for

SMALL = (
    *("sweep", "--preset", "masses-only", "--set", "target.samples=200"),
    *("--set", "method.witness=0", "--set", "walkers.count=50"),
)
AXES = ("--x", "sampler.step_size=0.1:0.4:3:log", "--y", "walkers.count=1,20")
METHODS = ("--methods", "weighted-ula,pcd")


def test_a_sweep_leaves_json_csv_and_a_table(tmp_path, capsys):
    """2 methods × 3 × 2 cells × 2 seeds = 24 lines; a walker alone is refused, with its limit."""
    short = ("--seeds", "2", "--updates", "10", "--workers", "1", "--out", str(tmp_path))
    assert main([*SMALL, *AXES, *METHODS, *short]) == 0
    table = capsys.readouterr().out
    assert "| pcd | 0.2 | 20 | 0." in table
    assert "| pcd | 0.2 | 1 | – | – | – | – | walkers.count = 1: input should be" in table
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["sweep"]["x"] == {"path": "sampler.step_size", "values": [0.1, 0.2, 0.4]}
    assert len(content["cells"]) == 24
    with (tmp_path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(r["kl"]) for r in rows if r["kl"]] == [
        cell["kl"] for cell in content["cells"] if cell["kl"] is not None
    ]
    assert (tmp_path / "results.md").read_text().strip() in table
    assert len(list((tmp_path / "runs").iterdir())) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--x", "sampler.step_size", "--y", "walkers.count=5"), "--x 'sampler.step_size' is not"),
        (("--x", "sampler.step_size=1:2", "--y", "walkers.count=5"), "is not of the form"),
        (("--x", "sampler.step_size=a", "--y", "walkers.count=5", "--seeds", "0"), "seeds = 0"),
        (("--x", "sampler.h=1", "--y", "walkers.count=5"), "sampler.h is not a field"),
        (("--x", "sampler.step_size=1", "--y", "walkers.count=1:9999:5000"), "5000: must be"),
        ((*AXES, "--methods", "pcd,none"), "method 'none' is unknown"),
        ((*AXES, "--workers", "999"), "workers = 999: must be between 1 and 256"),
        ((*AXES, "--updates", "200000"), "updates = 200000"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words, tmp_path, capsys):
    assert main([*SMALL, *arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_leaves_what_is_done_and_says_so(tmp_path):
    """The terminal interrupts every process: exit code 130, one sentence, no traceback."""
    long = ("--updates", "500", "--seeds", "50", "--workers", "2", "--out", str(tmp_path))
    axes = ("--x", "sampler.step_size=0.1,0.2", "--y", "walkers.count=20,30")
    process = subprocess.Popen(
        [sys.executable, "-m", "ebm_engine", *SMALL, *axes, *long],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
        process_group=0,
    )
    wait_for(lambda: len(list(tmp_path.rglob("*.json"))) >= 1, 120.0)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "of 200 runs are finished and kept" in error
    assert "Traceback" not in error
