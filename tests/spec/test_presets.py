"""Presets: the specs that come with the app."""

from __future__ import annotations

import pytest

from ebm_engine.core.divergence import check_size
from ebm_engine.run.run import Run
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import IMAGE_ORDER, ORDER, image_presets, preset, presets
from ebm_engine.spec.run_spec import RunSpec, SpecError

MIXTURES = ("two-modes", "masses-only", "phantom-mode", "ring", "gmm50")
RED = tuple(name for name in ORDER if name.startswith("red-"))


def test_presets_come_in_their_order_with_two_modes_first():
    """The first is what a visitor sees; the mixtures come before the networks."""
    assert tuple(presets()) == ORDER
    assert ORDER[: len(MIXTURES)] == MIXTURES
    assert len(RED) == 5


def test_presets_of_images_come_with_the_embedded_digits_first():
    """They are a list of their own: other targets do not fit them."""
    assert tuple(image_presets()) == IMAGE_ORDER
    assert not set(ORDER) & set(IMAGE_ORDER)
    assert preset(IMAGE_ORDER[0]).spec.target.kind == "digits"


@pytest.mark.parametrize("name", [*ORDER, *IMAGE_ORDER])
def test_every_preset_has_a_title_and_a_short_story(name):
    """Texts for people: no line breaks, a full stop, an honest number of updates."""
    item = preset(name)
    assert item.name == name
    assert item.title
    assert item.story.endswith(".")
    assert "\n" not in item.title + item.story
    assert (100 if name in RED else 500) <= item.updates <= 20_000


def small(spec: RunSpec) -> RunSpec:
    """The same with 200 walkers and 300 points."""
    return with_value(with_value(spec, "walkers.count", 200), "target.samples", 300)


@pytest.mark.parametrize("name", MIXTURES)
@pytest.mark.parametrize("kind", METHODS)
def test_every_mixture_preset_runs_with_every_method(name, kind):
    """Ten updates without a divergence; KL is finite and below its start plus a little."""
    run = Run(small(with_value(preset(name).spec, "method.kind", kind)))
    start = run.recent(playing=False).row["kl_exact"]
    for _ in range(10):
        run.advance()
    assert run.divergence is None
    assert run.recent(playing=False).row["kl_exact"] < start + 0.1


@pytest.mark.parametrize("name", [name for name in ORDER if name not in MIXTURES + RED])
def test_every_network_preset_starts_to_learn(name):
    """Sixty updates as it comes: no divergence, and the total variation has fallen."""
    run = Run(preset(name).spec)
    start = run.recent(playing=False).row["total_variation"]
    for _ in range(60):
        run.advance()
    assert run.divergence is None
    assert run.recent(playing=False).row["total_variation"] < start


@pytest.mark.parametrize("name", RED)
def test_every_red_preset_diverges_and_is_caught_within_five_updates(name):
    """The alarm comes at most 4 updates after a size has passed its limit, and names a knob."""
    run, passed_at = Run(preset(name).spec), None
    while run.divergence is None and run.step < preset(name).updates:
        run.advance()
        metrics = run.state.metrics
        alarm = check_size(metrics.largest_energy(), metrics.gradient_norm(), run.spec.dim)
        if passed_at is None and alarm.quantity is not None:
            passed_at = run.step
    assert run.divergence is not None
    assert run.step - passed_at < 5
    assert run.divergence.knob in ("sampler.step_size", "optimizer.lr")


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


@pytest.mark.parametrize("name", [n for n in IMAGE_ORDER if n.startswith("digits")])
def test_every_preset_of_digits_starts_to_learn(name):
    """A hundred updates: the estimated cross-entropy has fallen by more than its error."""
    run = Run(preset(name).spec)
    start = run.recent(playing=False).row["kl_estimate"]
    for _ in range(100):
        run.advance()
    row = run.recent(playing=False).row
    assert run.divergence is None
    assert row["kl_estimate"] < start - 2 * row["kl_estimate_se"]
