"""A target density is added in two files and two lines of the list of targets, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.extend.copied import add_file, add_line, copy_to, python

LISTING = "ebm_engine/spec/targets/__init__.py"
IMPORT = "from ebm_engine.spec.targets.banana import Banana"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the example's density and block, listed in TARGETS."""
    root = tmp_path_factory.mktemp("target")
    copy_to(root, "ebm_engine", "pages")
    add_file(root, "example_density.py", "ebm_engine/data/banana.py")
    add_file(root, "example_target.py", "ebm_engine/spec/targets/banana.py")
    add_line(root, LISTING, "from ebm_engine.spec.targets.images", IMPORT)
    add_line(root, LISTING, '    "points": Points,', '    "banana": Banana,')
    return root


def test_the_command_line_trains_on_the_new_target_with_the_settings_that_suit_it(extended):
    """Step 0.2 · 0.3² = 0.02 in one digit, Adam, and the rest of what networks have."""
    out = extended / "run.json"
    python(
        extended, "-m", "ebm_engine", "train", "two-modes", "--set", "target.kind=banana",
        "--set", "target.std=0.3", "--set", "energy.kind=mlp", "--set", "walkers.count=200",
        "--updates", "20", "--out", str(out),
    )  # fmt: skip
    result = json.loads(out.read_text())
    spec = result["spec"]
    assert spec["target"] == {"kind": "banana", "bend": 0.2, "std": 0.3, "samples": 4000}
    assert (spec["sampler"]["step_size"], spec["optimizer"]["kind"]) == (0.02, "adam")
    assert result["diverged"] is None
    assert result["final"]["mode_mass"]["data"] == [0.5, 0.5]


def test_the_new_density_is_the_one_of_its_formula(extended):
    """It sums to 1, and its samples have the moments E x₁² = a² and E x₂² = 2b²a⁴ + s²."""
    code = (
        "import torch\n"
        "from ebm_engine.spec.targets.banana import Banana\n"
        "density = Banana().density()\n"
        "_, shares = density.grid()\n"
        "rng = torch.Generator().manual_seed(0)\n"
        "x = density.sample(100_000, rng, torch.zeros(1, dtype=torch.float64))\n"
        "print(float(shares.sum()), *x.square().mean(0).tolist())\n"
    )
    total, first, second = map(float, python(extended, "-c", code).split())
    assert total == pytest.approx(1, abs=1e-4)
    # 5 s.e.: the standard deviation of x₁² is √2 a², that of x₂² below 8 (2b²a⁴ + s²).
    assert first == pytest.approx(2.25, abs=5 * 2**0.5 * 2.25 / 316)
    assert second == pytest.approx(2 * 0.2**2 * 2.25**2 + 0.4**2, abs=5 * 8 * 0.565 / 316)


def test_pages_schema_and_fixed_energies_know_the_new_target(extended):
    """The explorer offers it, its fields have controls, and chains walk on −log of its density."""
    code = (
        "import sys\n"
        "from ebm_engine.spec.knobs import knobs\n"
        "from ebm_engine.spec.recommended import complete_spec\n"
        "from ebm_engine.studies.specs.chains import LANDSCAPES, ChainsSpec\n"
        "from pages.common.tab.offers import EXPLORER, offer\n"
        "spec = complete_spec({'target': {'kind': 'banana'}})\n"
        "print([knob.path for knob in knobs(spec) if knob.path.startswith('target.')])\n"
        "print(offer(EXPLORER).kinds['target']['banana'].title, LANDSCAPES['banana'])\n"
        "print(len(spec.energy.means), 'torch' in sys.modules)\n"
        "from ebm_engine.studies.chains import walk\n"
        "spec = ChainsSpec(landscape='banana', step_size=0.02, chains=20, steps=50, short=5)\n"
        "*_, (_, result) = walk(spec)\n"
        "print(result['exact_mass'].round(2), round(result['exact_moment'], 3))\n"
    )
    assert python(extended, "-c", code).splitlines() == [
        "['target.bend', 'target.std', 'target.samples']",
        "Banana Banana",
        "8 False",
        "[0.5 0.5] 2.815",  # a² + 2b²a⁴ + s²
    ]
    schema = json.loads(python(extended, "-m", "ebm_engine", "schema"))
    assert schema["$defs"]["Banana"]["properties"]["bend"]["maximum"] == 0.3
