"""Every target block names a density that can be built, at every limit of its fields."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from ebm_engine.build.density import density_of
from ebm_engine.build.parts import build
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.fields import Block
from ebm_engine.spec.kinds import TARGETS
from ebm_engine.spec.knobs import knobs
from ebm_engine.spec.run_spec import SpecError

SHAPES = sorted(set(TARGETS) - {"mixture", "points"})
NETWORK = {"kind": "mlp", "width": 4}


def block(kind: str, **fields: Any) -> Block:
    return parse_spec({"target": {"kind": kind, **fields}, "energy": NETWORK}).target


def limits(kind: str) -> dict[str, tuple[float, float]]:
    """The least and the largest value of each field of a target, its number of points apart."""
    spec = parse_spec({"target": {"kind": kind}, "energy": NETWORK})
    found = (knob for knob in knobs(spec) if knob.path.startswith("target."))
    return {k.path.partition(".")[2]: (k.low, k.high) for k in found if k.path != "target.samples"}


CORNERS = [
    (kind, dict(zip(limits(kind), values, strict=True)))
    for kind in SHAPES
    for values in product(*limits(kind).values())
]


@pytest.mark.parametrize("kind", [*SHAPES, "mixture"])
def test_every_target_builds_a_run_on_the_plane(kind):
    """Data in the density's box, regions that share its mass, and a referee that knows it."""
    spec = parse_spec({"target": {"kind": kind, "samples": 200}, "energy": NETWORK})
    parts = build(spec)
    density, data = parts.density, parts.trainer.data
    assert data.shape == (200, 2)
    assert data.dtype == torch.float32
    x_min, x_max, y_min, y_max = density.box
    assert x_min <= float(data[:, 0].min()) <= float(data[:, 0].max()) <= x_max
    assert y_min <= float(data[:, 1].min()) <= float(data[:, 1].max()) <= y_max
    assert float(density.masses.sum()) == pytest.approx(1, abs=1e-6)
    assert parts.regions.count == len(density.masses) == len(density.centres)
    shares = parts.regions.shares(data).mean(0)
    assert torch.allclose(shares, density.masses, atol=5 * 0.5 / 200**0.5)


@pytest.mark.parametrize(("kind", "fields"), CORNERS, ids=str)
def test_what_the_spec_allows_the_density_accepts(kind, fields):
    """All corners of the allowed values: a density whose grid holds all of its mass.

    A limit that the block allows and the density refuses would end a legal spec at its start.
    """
    points, shares = density_of(block(kind, **fields)).grid()
    assert float(shares.sum()) == pytest.approx(1, abs=1e-3)
    assert torch.isfinite(points).all()


def test_a_density_is_made_once():
    """A rewind needs it again: the same block gives the same object, another block another one."""
    assert density_of(block("ring")) is density_of(block("ring"))
    assert density_of(block("ring")) is not density_of(block("ring", modes=7))


def test_own_points_are_read_anew_each_time(tmp_path):
    """The file may have changed since: its points are those of now."""
    path = tmp_path / "own.csv"
    seen = []
    for shift in (0.0, 5.0):
        path.write_text("\n".join(f"{i + shift},{-i}" for i in range(20)))
        density = density_of(block("points", path=str(path)))
        seen.append(density.sample(20, torch.Generator().manual_seed(0), torch.empty(0)))
    assert float((seen[1] - seen[0])[:, 0].mean()) == pytest.approx(5)
    assert not density.known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "There is no file own.csv"),
        ("1,2\n" * 9, "9 rows"),
        ("1,2\n" * 20, "All 20 points are equal"),
        ("1,2,3\n" * 20, "exactly 2 numbers"),
        ("1,2\n" * 10 + "1,inf\n", "finite"),
        ("1,2\n" * 10 + "1,5000\n", "1000"),
    ],
)
def test_a_file_of_points_that_cannot_be_used_is_one_sentence(tmp_path, text, words):
    """A SpecError of the target with what is wrong, as for every other field of a spec."""
    path = tmp_path / "own.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SpecError, match=words) as caught:
        density_of(block("points", path=str(path)))
    assert str(caught.value).startswith("target: ")
    assert "\n" not in str(caught.value)


def test_own_points_without_a_file_say_what_they_need():
    """An empty path is the default of the block."""
    with pytest.raises(SpecError, match="path is empty"):
        density_of(block("points"))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"kind": "ring", "modes": 1}, "target.modes = 1"),
        ({"kind": "ring", "modes": 33}, "target.modes = 33"),
        ({"kind": "grid", "side": 7}, "target.side = 7"),
        ({"kind": "moons", "noise": 0.01}, "target.noise = 0.01"),
        ({"kind": "moons", "upper": 1}, "target.upper = 1"),
        ({"kind": "pinwheel", "rate": 2}, "target.rate = 2"),
        ({"kind": "checkerboard", "noise": 0.1}, "target.noise is not a field"),
        ({"kind": "mixture", "stds": [1.0]}, "target.stds has 1 entries for 2 modes"),
        ({"kind": "mixture", "stds": [1.0, 0.001]}, "target.stds holds 0.001"),
        ({"kind": "points", "path": "x" * 5000}, "target.path"),
        ({"kind": "hexagon"}, "target.kind = 'hexagon' is unknown"),
    ],
)
def test_a_field_outside_its_limits_is_named(target, words):
    """Value and limit in one sentence, before anything is built."""
    with pytest.raises(SpecError) as caught:
        parse_spec({"target": target, "energy": NETWORK})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
