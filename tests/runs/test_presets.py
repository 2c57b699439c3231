"""Presets: the specs that come with the app."""

from __future__ import annotations

import pytest

from ebm_engine.runs.presets import ORDER, preset, presets
from ebm_engine.runs.run import Run
from ebm_engine.runs.spec import RunSpec, SpecError, with_value


def test_presets_come_in_their_order_with_two_modes_first():
    """The first is what a visitor sees."""
    assert tuple(presets()) == ORDER
    assert ORDER == ("two-modes", "masses-only", "phantom-mode", "ring", "gmm50")


@pytest.mark.parametrize("name", ORDER)
def test_every_preset_has_a_title_and_a_one_sentence_story(name):
    """Texts for people: no line breaks, a full stop, an honest number of updates."""
    item = preset(name)
    assert item.name == name
    assert item.title
    assert item.story.endswith(".")
    assert "\n" not in item.title + item.story
    assert 500 <= item.updates <= 20_000


@pytest.mark.parametrize("name", ORDER)
@pytest.mark.parametrize("kind", ["cd", "pcd", "weighted-ula"])
def test_every_preset_runs_with_every_method(name, kind):
    """Ten updates without a divergence; KL is finite and below its start plus a little."""
    spec = with_value(preset(name).spec, "method.kind", kind)
    spec = with_value(spec, "walkers.count", 200)
    run = Run(with_value(spec, "target.samples", 300))
    start = run.row()["kl_exact"]
    for _ in range(10):
        run.advance()
    assert run.divergence is None
    assert run.row()["kl_exact"] < start + 0.1


def test_the_presets_show_what_they_say():
    """Geometry of each story: masses ¼ and ¾, frozen means, a mode without data, 8 on a ring, d."""
    specs = {name: item.spec for name, item in presets().items()}
    assert specs["two-modes"].target.masses == (0.25, 0.75)
    assert specs["masses-only"].energy.learn == ("log_masses",)
    assert specs["masses-only"].energy.means == specs["masses-only"].target.means
    assert len(specs["phantom-mode"].energy.means) == 3
    assert len(specs["phantom-mode"].target.means) == 2
    assert len(specs["ring"].target.means) == 8
    paper = specs["gmm50"]
    assert paper.dim == 50
    assert (paper.target.samples, paper.walkers.count, paper.sampler.step_size) == (
        10**4,
        10**4,
        0.1,
    )
    assert (paper.optimizer.lr_means, paper.optimizer.lr_log_masses) == (0.0025, 0.0125)
    assert [row[0] for row in paper.target.means] == [-10, 6]
    assert [row[0] for row in paper.energy.means] == [-0.1, 0.1]


def test_an_unknown_preset_is_named_with_those_there_are():
    """One sentence, no traceback."""
    with pytest.raises(SpecError, match=r"'three-modes' is unknown, there are two-modes"):
        preset("three-modes")


def test_a_preset_cannot_be_changed_by_its_users():
    """Changes make new specs; the preset stays."""
    before = preset("two-modes").spec
    with_value(before, "seed", 5)
    assert preset("two-modes").spec is before
    assert isinstance(before, RunSpec)
    assert before.seed == 0
