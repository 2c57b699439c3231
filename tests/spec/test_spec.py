"""RunSpec: what is accepted, what is refused and with which sentence."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from ebm_engine.spec.edit import flatten, parse_spec, with_value
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.run_spec import RunSpec, SpecError

NAN = math.nan


def test_the_shape_published_in_the_readme_is_accepted():
    """Every field spelled out as in the documentation gives the spec with these values."""
    text = """
    {"target": {"kind": "mixture", "means": [[-5, 0], [5, 0]], "masses": [0.25, 0.75],
                "samples": 2000},
     "energy": {"kind": "mixture", "means": [[-0.1, 0], [0.1, 0]], "masses": [0.5, 0.5],
                "learn": ["means", "log_masses"]},
     "method": {"kind": "weighted-ula", "ess_threshold": 0.5, "resampling": "systematic",
                "correction": true, "witness": 0},
     "sampler": {"step_size": 0.1, "temperature": 1.0},
     "walkers": {"count": 1000},
     "optimizer": {"kind": "sgd", "lr_means": 0.005, "lr_log_masses": 0.025}}
    """
    spec = parse_spec(json.loads(text))
    assert spec == RunSpec()
    assert spec.method.kind == "weighted-ula"
    assert spec.optimizer.lr_log_masses == 0.025


def test_every_field_has_a_default():
    """An empty object is a spec, and so is each block with only its kind."""
    assert parse_spec({}) == RunSpec()
    for kind in METHODS:
        assert parse_spec({"method": {"kind": kind}}).method.kind == kind


def test_a_spec_survives_json():
    """To JSON text and back is the same value, for every kind of every block."""
    for head, table in KINDS.items():
        energy = {} if head in ("method", "optimizer") else {"energy": {"kind": "mlp"}}
        for kind in table:
            images = {"target": {"kind": "digits"}} if kind == "cnn" else {}
            spec = parse_spec(energy | images | {head: {"kind": kind}})
            assert parse_spec(json.loads(spec.model_dump_json())) == spec
            assert getattr(with_value(spec, f"{head}.kind", kind), head).kind == kind


def test_a_spec_is_frozen():
    """A block cannot be changed in place: a run and its spec never disagree."""
    with pytest.raises(ValidationError, match="frozen"):
        RunSpec().sampler.step_size = 0.2


BAD = [
    ({"sampler": {"step_size": -0.1}}, "sampler.step_size = -0.1", "greater than 0"),
    ({"sampler": {"step_size": 0}}, "sampler.step_size = 0", "greater than 0"),
    ({"sampler": {"step_size": NAN}}, "sampler.step_size = nan", "finite"),
    ({"sampler": {"step_size": 101}}, "sampler.step_size = 101", "100"),
    ({"sampler": {"step_size": "fast"}}, "sampler.step_size = 'fast'", "number"),
    ({"sampler": {"temperature": 0}}, "sampler.temperature = 0", "greater than 0"),
    ({"walkers": {"count": 0}}, "walkers.count = 0", "2"),
    ({"walkers": {"count": -5}}, "walkers.count = -5", "2"),
    ({"walkers": {"count": 10**12}}, "walkers.count = 1000000000000", "100000"),
    ({"walkers": {"count": 10.5}}, "walkers.count = 10.5", "integer"),
    ({"target": {"samples": 0}}, "target.samples = 0", "2"),
    ({"target": {"masses": [0.5, 0.6]}}, "target.masses sum to 1.1", "1"),
    ({"target": {"masses": [0, 1]}}, "target.masses holds 0", "above 0"),
    ({"target": {"masses": [-1, 2]}}, "target.masses holds -1", "above 0"),
    ({"target": {"masses": [1]}}, "target.masses has 1 entries", "2 modes"),
    ({"target": {"means": [[0, 0], [1]]}}, "rows of lengths [1, 2]", "equal"),
    ({"target": {"means": []}}, "target.means has 0 modes", "32"),
    ({"target": {"means": [[], []]}}, "target.means has dimension 0", "256"),
    ({"target": {"means": [[1e9, 0], [0, 0]]}}, "1e+09", "1000"),
    ({"target": {"means": [[NAN, 0], [0, 0]]}}, "target.means.0.0 = nan", "finite"),
    ({"target": {"means": [[0] * 3] * 2}}, "target has dimension 3 and energy 2", "equal"),
    ({"energy": {"means": [[0, 0]]}}, "energy.masses has 2 entries", "1 modes"),
    ({"energy": {"learn": ["means", "means"]}}, "energy.learn repeats", "means"),
    ({"energy": {"learn": ["shapes"]}}, "energy.learn.0 = 'shapes'", "'log_masses'"),
    ({"method": {"kind": "hmc"}}, "method.kind = 'hmc'", "'weighted-ula'"),
    ({"method": {"kind": "cd", "k": 0}}, "method.k = 0", "1"),
    ({"method": {"kind": "cd", "ess_threshold": 0.5}}, "method.ess_threshold", "not a field"),
    ({"method": {"kind": "pcd", "restart": 1.5}}, "method.restart = 1.5", "1"),
    ({"optimizer": {"kind": "adam", "betas": [0, 1]}}, "optimizer.betas.1 = 1", "less than 1"),
    ({"optimizer": {"kind": "sgd", "lr_means": -1}}, "optimizer.lr_means = -1", "0"),
    ({"method": {"kind": "improved-cd", "capacity": 99}}, "method.capacity = 99", "1000 walkers"),
    ({"method": {"kind": "improved-cd"}, "sampler": {"kernel": "mala"}}, "= 'mala'", "'ula'"),
    ({"sampler": {"kernel": "hmc", "temperature": 2}}, "sampler.temperature = 2", "'ula'"),
    ({"energy": {"kind": "mlp", "base_std": 1e-3}}, "energy.base_std = 0.001", "0.01"),
    ({"energy": {"kind": "mlp", "length": 1e-3}}, "energy.length = 0.001", "0.01"),
    ({"energy": {"kind": "mlp"}, "target": {"means": [[0] * 3] * 2}}, "energy.kind = 'mlp'", "2"),
    ({"energy": {"kind": "mlp", "depth": 8, "width": 512}, "walkers": {"count": 5000}}, "4096", ""),
    ({"target": {"kind": "moons"}, "energy": {"means": [[0] * 3] * 2}}, "target has dim", "3"),
    ({"optimizer": {"average": 1}}, "optimizer.average = 1", "0.9999"),
    ({"sampeler": {}}, "sampeler", "not a field"),
    ({"seed": -1}, "seed = -1", "0"),
    ({"seed": 2**31}, "seed = 2147483648", "2147483647"),
    ({"dtype": "float16"}, "dtype = 'float16'", "'float64'"),
]


@pytest.mark.parametrize(("content", "named", "limit"), BAD, ids=[str(b[1]) for b in BAD])
def test_bad_input_is_one_sentence_with_value_and_limit(content, named, limit):
    """No traceback text, no second line: which field, its value, what is allowed."""
    with pytest.raises(SpecError) as caught:
        parse_spec(content)
    message = str(caught.value)
    assert named in message
    assert limit in message
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("content", [[], "two-modes", 3, None])
def test_something_else_than_an_object_is_refused(content):
    """JSON that is no object names its type."""
    with pytest.raises(SpecError, match=f"not {type(content).__name__}"):
        parse_spec(content)


@pytest.mark.parametrize("large", [{"walkers": {"count": 50_000}}, {"method": {"witness": 50_000}}])
def test_memory_is_bounded_before_it_is_asked_for(large):
    """50 000 walkers in d = 256 are 12.8 million numbers; 30 000 are within the limit."""
    wide = {"means": [[0.0] * 256], "masses": [1.0]}
    spec = {"target": wide | {"samples": 10}, "energy": wide}
    if "method" in large:
        large = {"method": {"kind": "weighted-ula"} | large["method"]}
    with pytest.raises(SpecError, match=r"12800000 numbers, the limit is 10000000"):
        parse_spec(spec | large)
    assert parse_spec(spec | {"walkers": {"count": 30_000}}).walkers.count == 30_000


def test_one_field_can_be_changed_by_its_path():
    """with_value changes that field and nothing else."""
    before, after = RunSpec(), with_value(RunSpec(), "sampler.step_size", 0.2)
    changed = {p for p, v in flatten(after).items() if flatten(before)[p] != v}
    assert changed == {"sampler.step_size"}
    assert after.sampler.step_size == 0.2
    assert with_value(before, "seed", 7).seed == 7


def test_another_kind_starts_from_its_defaults_and_keeps_the_rates():
    """method.kind and optimizer.kind replace the block; lr_means and lr_log_masses stay."""
    fast = with_value(RunSpec(), "optimizer.lr_means", 0.07)
    assert with_value(fast, "method.kind", "cd").method.k == 1
    adam = with_value(fast, "optimizer.kind", "adam").optimizer
    assert (adam.kind, adam.lr_means, adam.lr_log_masses) == ("adam", 0.07, 0.025)
    kept = with_value(RunSpec(), "method.witness", 40)
    assert with_value(kept, "method.kind", "weighted-ula") == kept


@pytest.mark.parametrize(
    "path", ["sampler.speed", "speed", "seed.x", "method.k", "", ".", "sampler.step_size.x"]
)
def test_a_path_that_does_not_exist_is_named(path):
    """method.k belongs to cd only."""
    with pytest.raises(SpecError, match="is not a field of the spec"):
        with_value(RunSpec(), path, 1)


def test_a_block_without_a_kind_has_the_default_kind():
    """Every field has a default, the kind too; a field of another kind is still an error."""
    spec = parse_spec({"method": {"ess_threshold": 0.3}, "optimizer": {"lr_means": 0.1}})
    assert (spec.method.kind, spec.method.ess_threshold) == ("weighted-ula", 0.3)
    assert (spec.optimizer.kind, spec.optimizer.lr_means) == ("sgd", 0.1)
    with pytest.raises(SpecError, match="k is not a field"):
        parse_spec({"method": {"k": 3}})
