"""A method is added in one file and one line of the list of methods, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).with_name("example_method.py")
IMPORT = "from ebm_engine.spec.methods.data_restarted import DataRestarted\n"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the engine with the example as a new file, listed in METHODS."""
    root = tmp_path_factory.mktemp("extended")
    shutil.copytree(
        ROOT / "ebm_engine", root / "ebm_engine", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "assets" / "presets", root / "assets" / "presets")
    methods = root / "ebm_engine" / "spec" / "methods"
    shutil.copy(EXAMPLE, methods / "data_restarted.py")
    listing = methods / "__init__.py"
    head, last = "METHODS: dict[", "\n}\n"
    text = listing.read_text(encoding="utf-8")
    assert text.count(head) == 1
    assert text.endswith(last)
    text = text.replace(head, f"{IMPORT}\n{head}").removesuffix(last)
    listing.write_text(text + '\n    "data-restarted": DataRestarted,' + last, encoding="utf-8")
    return root


def python(root: Path, *arguments: str) -> str:
    """What a fresh interpreter prints that finds the copied engine first."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=root, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_trains_with_the_new_method(extended):
    """`train --method` accepts it; its field is settable and ends up in run.json."""
    out = extended / "run.json"
    text = python(
        extended, "-m", "ebm_engine", "train", "two-modes", "--method", "data-restarted",
        "--set", "method.lifetime=7", "--updates", "20", "--out", str(out),
    )  # fmt: skip
    assert "data-restarted, update 20" in text
    result = json.loads(out.read_text())
    assert result["spec"]["method"] == {"kind": "data-restarted", "lifetime": 7}
    assert result["history"]["step"] == [0, 10, 20]
    assert result["diverged"] is None


def test_the_schema_and_the_controls_know_the_new_method(extended):
    """Its field is in the JSON schema and gets a control; nothing of that loads torch."""
    schema = json.loads(python(extended, "-m", "ebm_engine", "schema"))
    assert schema["$defs"]["DataRestarted"]["properties"]["lifetime"]["maximum"] == 1_000_000
    code = (
        "import sys\n"
        "from ebm_engine.spec.knobs import knobs\n"
        "from ebm_engine.spec.edit import parse_spec\n"
        "spec = parse_spec({'method': {'kind': 'data-restarted'}})\n"
        "print([knob.label for knob in knobs(spec) if knob.path.startswith('method.')])\n"
        "print('torch' in sys.modules)\n"
    )
    assert python(extended, "-c", code).splitlines() == ["['Lifetime of a walker']", "False"]


def test_the_new_method_learns_a_network_and_its_checkpoint_goes_on(extended):
    """With a lifetime of 1 every walker is on a training point after every update.

    A restart of the wrong walkers would leave some beside the data; saved and loaded, the run ends
    on the same bits.
    """
    code = (
        "import torch\n"
        "from ebm_engine.run.run import Run\n"
        "from ebm_engine.spec.edit import parse_spec\n"
        "spec = {'method': {'kind': 'data-restarted', 'lifetime': 1}, 'walkers': {'count': 50},\n"
        "        'energy': {'kind': 'mlp', 'width': 8}, 'target': {'kind': 'ring'}}\n"
        "run = Run(parse_spec(spec))\n"
        "for _ in range(10): run.advance()\n"
        "other = Run.load(run.save())\n"
        "for _ in range(10): run.advance(); other.advance()\n"
        "x, data = run.state.walkers.train.x, run.parts.trainer.data\n"
        "print(bool((x[:, None] == data).all(2).any(1).all()))\n"
        "print(torch.equal(x, other.state.walkers.train.x), run.divergence)\n"
    )
    assert python(extended, "-c", code).splitlines() == ["True", "True None"]
