"""Same numbers as at commit 825716d, bit for bit, on the machine that runs this test.

That commit is taken out of the clone into a temporary folder. Its engine and the present one, each
in a process of its own, train the same full specs and go on with the run files of old_files.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.same_bits import differing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("same_bits.py")
OLD_FILES = Path(__file__).with_name("old_files")
COMMIT = "825716d72645f3c770aa9496d25a6e4988816c97"
PCD = {"kind": "pcd", "start": "data", "restart": 0.0, "restart_every": 0}
CD_10 = {"kind": "cd", "k": 10}
IMPROVED = {"kind": "improved-cd", "k": 10, "kl_weight": 1.0, "entropy_weight": 0.3}
IMPROVED |= {"entropy": "nearest", "buffer": "reservoir", "capacity": 10_000, "restart": 0.05}
IMPROVED |= {"augment": "none", "augment_scale": 15.0}
CASES: dict[str, tuple[str, dict[str, Any] | None, int]] = {  # preset, method if another, updates
    "two-modes, weighted": ("two-modes", None, 200),
    "two-modes, PCD": ("two-modes", PCD, 200),
    "two-modes, CD-10": ("two-modes", CD_10, 60),
    "gmm50": ("gmm50", None, 60),
    "net-two-modes, weighted": ("net-two-modes", None, 60),
    "net-two-modes, improved CD": ("net-two-modes", IMPROVED, 60),
    "ring": ("ring", None, 200),
    "digits-017": ("digits-017", None, 60),
}
FILES = {path.stem: path for path in sorted(OLD_FILES.glob("*-run.safetensors"))}


class Both(NamedTuple):
    """What the two trees answer to the same question."""

    old: Any
    new: Any


@pytest.fixture(scope="module")
def old_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine and the presets of the old commit."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    command = [git, "-C", str(ROOT), "archive", COMMIT, "ebm_engine", "assets/presets"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        pytest.skip(f"commit {COMMIT[:7]} is not in this clone")
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def answers(old_tree: Path, what: str, question: str) -> Both:
    """What tests/same_bits.py prints with either tree, both at once."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree)},
        )
        for tree in (old_tree, ROOT)
    ]
    for process in processes:
        process.stdin.write(question)
        process.stdin.close()
    found = [json.loads(process.stdout.read()) for process in processes]
    assert [process.wait() for process in processes] == [0, 0]
    assert [Path(part["tree"]) for part in found] == [old_tree, ROOT]
    return Both(*(part["found"] for part in found))


@pytest.fixture(scope="module")
def presets(old_tree: Path) -> Both:
    return answers(old_tree, "presets", "")


@pytest.fixture(scope="module")
def outcomes(old_tree: Path, presets: Both) -> Both:
    """What every case comes to, the same full specs for both trees."""
    asked: dict[str, Any] = {}
    for case, (name, method, updates) in CASES.items():
        spec = presets.old[name] if method is None else presets.old[name] | {"method": method}
        asked[case] = {"spec": spec, "updates": updates}
    for case, path in FILES.items():
        asked[case] = {"file": str(path), "updates": 30}
    return answers(old_tree, "train", json.dumps(asked))


def test_every_preset_has_the_spec_it_had(presets):
    """None is gone and no field of one is another."""
    assert len(presets.old) == 24
    assert list(differing(*presets)) == []


@pytest.mark.parametrize("case", CASES)
def test_a_preset_trains_to_the_same_bits(case, outcomes):
    """Every recorded number, walker, weight and parameter, and every generator's state."""
    old = outcomes.old[case]
    assert old["facts"]["step"] == CASES[case][2]
    assert {"train.x", "train.log_w", "rng.noise"} < old["tensors"].keys()
    assert list(differing(old, outcomes.new[case])) == []


@pytest.mark.parametrize("case", FILES)
def test_a_run_file_goes_on_to_the_same_bits(case, outcomes):
    """Also a branch, which repeats its past and the changes of it first."""
    assert list(differing(outcomes.old[case], outcomes.new[case])) == []
