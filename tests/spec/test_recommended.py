"""What a spec file, --set or a sweep leaves out is what the pages recommend; full specs stay."""

from __future__ import annotations

import pytest

from ebm_engine.run.run import Run
from ebm_engine.spec.edit import parse_spec, with_value
from ebm_engine.spec.kinds import ALL_TARGETS, TARGETS
from ebm_engine.spec.presets import image_presets, preset, presets
from ebm_engine.spec.recommended import complete_spec, on_target, suited, with_choices
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.sweep.sweep_spec import parse_sweep

DIGITS = {"target": {"kind": "digits"}, "energy": {"kind": "mlp"}}
SHAPES = [kind for kind in TARGETS if kind not in ("mixture", "points")]


def dump(spec):
    return spec.model_dump(mode="json")


@pytest.mark.parametrize("name", [*presets(), *image_presets()])
def test_a_full_spec_is_taken_as_it_is(name):
    spec = preset(name).spec
    assert complete_spec(dump(spec)) == spec


def test_a_full_spec_on_a_file_that_is_gone_is_taken_as_it_is():
    """Its step size would have to be measured on the file."""
    content = dump(RunSpec()) | {
        "target": {"kind": "points", "path": "gone.csv", "samples": 100},
        "energy": dump(suited(RunSpec(), "energy", "mlp"))["energy"],
    }
    assert complete_spec(content) == parse_spec(content)


def test_nothing_said_is_the_default_spec():
    assert complete_spec({}) == RunSpec()
    assert complete_spec({"seed": 3}) == with_value(RunSpec(), "seed", 3)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_network_named_in_a_file_has_the_settings_of_the_page(kind):
    """The plain defaults, made for mixtures, would be step 0.1 and gradient descent."""
    content = {"target": {"kind": kind}, "energy": {"kind": "mlp"}}
    page = suited(suited(RunSpec(), "energy", "mlp"), "target", kind)
    assert complete_spec(content) == page
    assert complete_spec({"target": {"kind": kind}}) == suited(RunSpec(), "target", kind)


def test_a_method_in_a_file_comes_with_what_suits_it():
    content = {"energy": {"kind": "mlp"}, "method": {"kind": "pcd"}}
    page = suited(suited(RunSpec(), "energy", "mlp"), "method", "pcd")
    assert complete_spec(content) == page


def test_what_a_file_says_stays_beside_what_is_recommended():
    content = {
        "target": {"kind": "ring", "std": 0.2},
        "energy": {"kind": "mlp", "width": 16},
        "sampler": {"temperature": 0.5},
        "optimizer": {"lr": 0.002},
        "walkers": {"count": 70},
    }
    spec = complete_spec(content)
    assert (spec.target.std, spec.energy.width, spec.walkers.count) == (0.2, 16, 70)
    assert (spec.optimizer.kind, spec.optimizer.lr, spec.optimizer.batch) == ("adam", 0.002, 500)
    assert (spec.sampler.temperature, spec.sampler.step_size) == (0.5, 0.008)  # 0.2 · 0.2²


def test_modes_that_a_file_gives_are_not_mixed_with_recommended_ones():
    """The ring recommends eight modes; two means with eight masses would be refused."""
    energy = {"kind": "mixture", "means": [[-1, 0], [1, 0]]}
    spec = complete_spec({"target": {"kind": "ring"}, "energy": energy})
    assert spec.energy.masses == (0.5, 0.5)


def test_a_mixture_in_more_dimensions_has_the_default_settings():
    far = [[-3.0, 0, 0], [3.0, 0, 0]]
    content = {"target": {"means": far}, "energy": {"means": far}}
    assert complete_spec(content) == parse_spec(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "must be a JSON object"),
        ({"target": {"kind": "nonsense"}}, "target.kind = 'nonsense' is unknown"),
        ({"target": {"kind": ["ring"]}}, "unknown"),
        ({"method": {"kind": "nonsense"}, "energy": {"kind": "mlp"}}, "method.kind"),
        ({"target": {"kind": "ring", "std": "wide"}}, r"target\.std"),
        ({"target": 5}, "target"),
        ({"nonsense": 1, "energy": {"kind": "mlp"}}, "nonsense is not a field"),
        ({"target": {"means": [[1, 0, 0]], "masses": [1]}}, "dimension 3"),
        (DIGITS | {"energy": {"kind": "mixture"}}, "needs a network"),
        (DIGITS | {"method": {"kind": "exact"}}, "unknown on images"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_in_one_sentence(content, message):
    with pytest.raises(SpecError, match=message):
        complete_spec(content)


@pytest.mark.parametrize("kind", ["mnist", "digits"])
def test_images_have_the_settings_of_a_preset_for_them(kind):
    spec = complete_spec({"target": {"kind": kind}})
    assert spec == preset(ALL_TARGETS[kind].preset).spec
    plain = parse_spec(DIGITS)
    assert (plain.sampler.step_size, plain.optimizer.kind) == (0.1, "sgd")  # what it would have


@pytest.mark.parametrize("method", ["weighted-ula", "pcd", "improved-cd"])
def test_digits_named_in_a_file_train_without_diverging(method):
    """With the plain defaults a step is five times as long, and the optimizer is another."""
    content = DIGITS | {"method": {"kind": method}, "walkers": {"count": 200}}
    run = Run(complete_spec(content))
    for _ in range(50):
        run.advance()
    assert run.divergence is None


def test_another_target_chosen_for_a_preset_brings_its_settings():
    spec = with_choices(preset("net-two-modes").spec, {"seed": 4, "target.kind": "ring"})
    assert spec == with_value(suited(preset("net-two-modes").spec, "target", "ring"), "seed", 4)
    assert with_choices(RunSpec(), {"target.kind": "digits"}).sampler.step_size == 0.02


def test_fields_set_beside_another_kind_win_in_any_order():
    choices = {"sampler.step_size": 0.003, "target.std": 0.2, "target.kind": "ring"}
    spec = with_choices(suited(RunSpec(), "energy", "mlp"), choices)
    assert (spec.sampler.step_size, spec.target.std) == (0.003, 0.2)


def test_the_step_follows_the_width_that_is_set_beside_the_target():
    spec = with_choices(RunSpec(), {"target.kind": "ring", "target.std": 0.2, "energy.kind": "mlp"})
    assert spec.sampler.step_size == 0.008


def test_the_same_kind_set_again_changes_nothing():
    spec = preset("net-ring").spec
    kinds = {"target.kind": "ring", "energy.kind": "mlp", "method.kind": "weighted-ula"}
    assert with_choices(spec, kinds) == spec


def test_from_images_to_the_plane_and_back_the_settings_are_new():
    """A network of images may live among pixels or be convolutional, which no plane has."""
    digits = preset("digits-cnn").spec
    plane = on_target(digits, {"kind": "ring"})
    assert (plane.energy.kind, plane.sampler.step_size) == ("mlp", 0.02)
    back = on_target(plane, {"kind": "digits"})
    assert back.sampler == preset("digits-017").spec.sampler
    assert back.energy.kind == "mlp"


def test_the_base_of_a_sweep_is_completed():
    content = {
        "preset": "",
        "base": {"target": {"kind": "ring"}, "energy": {"kind": "mlp"}},
        "x": {"path": "sampler.step_size", "values": [0.01]},
        "y": {"path": "optimizer.lr", "values": [0.001]},
        "methods": ["pcd"],
    }
    assert parse_sweep(content).base == complete_spec(content["base"])
