"""A method is added in one file and two lines of the list of methods, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.extend.copied import add_file, add_line, copy_to, python

LISTING = "ebm_engine/spec/methods/__init__.py"
IMPORT = "from ebm_engine.spec.methods.data_restarted import DataRestarted"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the engine with the example as a new file, listed in METHODS."""
    root = tmp_path_factory.mktemp("method")
    copy_to(root)
    add_file(root, "example_method.py", "ebm_engine/spec/methods/data_restarted.py")
    add_line(root, LISTING, "from ebm_engine.spec.methods.improved", IMPORT)
    add_line(root, LISTING, '    "exact": Exact,', '    "data-restarted": DataRestarted,')
    return root


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


def test_the_new_method_has_a_line_and_words_of_its_own(extended):
    """In figures, on the stage and on the cards of slow motion, as its block declares them."""
    code = (
        "from ebm_engine.spec.edit import parse_spec\n"
        "from ebm_engine.studies.slow_motion.cards import cards\n"
        "from ebm_engine.views.style.palette import method_dash, method_line\n"
        "print(method_line('data-restarted', 'dark')['color'], method_dash('data-restarted'))\n"
        "spec = parse_spec({'method': {'kind': 'data-restarted'}})\n"
        "print([card.name for card in cards(spec)])\n"
    )
    line, order = python(extended, "-c", code).splitlines()
    assert line == "#C9B458 (6, 2)"
    assert order == "['data', 'walkers', 'update', 'drift', 'noise', 'weight']"
