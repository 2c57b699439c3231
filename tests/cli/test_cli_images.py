"""Image models from the command line: `--ais` and `fetch mnist`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.cli_tools import ebm, refused

MNIST = Path(os.environ.get("EBM_DATA_DIR", Path(__file__).parents[3] / "shared" / "mnist"))
SPEC = {
    "target": {"kind": "digits", "classes": [0, 1], "counts": [60, 30]},
    "energy": {"kind": "mlp", "width": 8, "dim": 4},
    "sampler": {"step_size": 0.01},
    "optimizer": {"kind": "adam"},
}


def test_ais_adds_what_only_fresh_walkers_know(tmp_path):
    """class_mass, held-out cross-entropy and log Z with its interval, in run.json and in words."""
    spec, out = tmp_path / "spec.json", tmp_path / "run.json"
    spec.write_text(json.dumps(SPEC))
    done = ebm("train", str(spec), "--updates", "3", "--ais", "--out", str(out))
    assert done.returncode == 0, done.stderr
    final = json.loads(out.read_text())["final"]
    assert sum(final["class_mass"]["model_ais"]) == pytest.approx(1)
    assert final["class_mass"]["data"] == pytest.approx([2 / 3, 1 / 3])
    log_z = final["log_z_ais"]
    assert log_z["low"] <= log_z["value"] <= log_z["high"]
    assert f"{final['cross_entropy_heldout']:.3f} nats" in done.stdout
    assert "mass AIS" in done.stdout


def test_ais_is_refused_where_exact_masses_are_known():
    """One sentence, before anything is trained."""
    found = refused("train", "two-modes", "--ais")
    assert found.endswith(
        "--ais: target.kind is 'mixture', but must be one of mnist, digits, images"
    )


def test_ais_needs_an_update(tmp_path):
    """Nothing is trained in 0 updates."""
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    found = refused("train", str(tmp_path / "spec.json"), "--ais", "--updates", "0")
    assert "updates = 0, but at least 1 is needed" in found


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"MNIST is not in {MNIST}")
def test_fetch_says_what_is_here():
    """Files that are here already are not downloaded."""
    done = ebm("fetch", "mnist", env=os.environ | {"EBM_DATA_DIR": str(MNIST)})
    assert done.returncode == 0, done.stderr
    assert "60000 training and 10000 test images" in done.stdout


def test_only_known_data_sets_are_fetched():
    """The choices are in the sentence."""
    assert "invalid choice: 'cifar'" in refused("fetch", "cifar")
