"""Controls: every knob has a widget, shows its exact value, and moving it moves the spec."""

import itertools

import pytest
from streamlit.testing.v1 import AppTest

from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.kinds import ENERGIES, TARGETS
from ebm_engine.spec.knobs import knobs
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import preset, presets
from ebm_engine.spec.recommended import on_target, suited
from pages.common.controls.widgets import log_stops, tooltip
from pages.common.tab.plain_text import plain


def _page(name, path_values):
    """A page with nothing but the controls; the spec they ask for stays in the session."""
    import streamlit as st

    from ebm_engine.spec.edit import with_value
    from ebm_engine.spec.presets import preset
    from pages.common.controls import panel
    from pages.common.tab import session

    spec = preset(name).spec
    for path, value in path_values:
        spec = with_value(spec, path, value)
    held = session.Held(name, spec, "no run")
    st.session_state["chosen"] = panel.choose(held)
    st.session_state["asked"] = panel.draw(held)


def controls_for(workers, name="two-modes", **values):
    pairs = [(path.replace("__", "."), value) for path, value in values.items()]
    test = AppTest.from_function(_page, args=(name, pairs), default_timeout=60).run()
    assert not test.exception
    return test


DEFAULT = next(iter(presets()))
PAIRS = [(DEFAULT, m) for m in METHODS] + [(n, p.spec.method.kind) for n, p in presets().items()]


@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_widgets_that_nobody_moved_ask_for_the_spec_they_were_drawn_from(workers, name, method):
    test = controls_for(workers, name, method__kind=method)
    assert test.session_state["asked"] == with_value(preset(name).spec, "method.kind", method)
    assert test.session_state["chosen"] == test.session_state["asked"]
    keys = {w.key for w in test.main if getattr(w, "key", None)}
    drawn = {key.split("#")[0] for key in keys}
    assert {k.path for k in knobs(test.session_state["asked"])} <= drawn


def test_values_outside_the_usual_range_are_kept_exactly(workers):
    odd = {
        "sampler__step_size": 7.123456789,
        "walkers__count": 40_001,
        "method__ess_threshold": 0.123456,
        "method__refresh_every": 77_777,
        "seed": 2**31 - 1,
    }
    test = controls_for(workers, **odd)
    asked = flatten(test.session_state["asked"])
    assert {k: asked[k.replace("__", ".")] for k in odd} == odd


def test_moving_a_slider_changes_its_field_and_nothing_else(workers):
    test = controls_for(workers)
    before = flatten(test.session_state["asked"])
    test.select_slider(key="sampler.step_size#two-modes.0").set_value(0.2).run()
    after = flatten(test.session_state["asked"])
    assert after == before | {"sampler.step_size": 0.2}


def test_choosing_a_method_asks_for_it_and_for_what_suits_it(workers):
    test = controls_for(workers)
    test.selectbox(key="method.kind#two-modes.0").set_value("cd").run()
    spec = preset("two-modes").spec
    assert test.session_state["chosen"] == suited(spec, "method", "cd")
    drawn = controls_for(workers, method__kind="cd")
    assert drawn.slider(key="method.k#two-modes.0").value == 1
    assert "Resample below ESS/N" not in [s.label for s in drawn.slider]


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "points"])
@pytest.mark.parametrize("energy", ENERGIES)
def test_every_target_with_every_energy_has_its_controls(workers, target, energy):
    spec = on_target(preset("two-modes").spec, {"kind": target}, energy)
    values = {k: v for k, v in flatten(spec).items() if k.endswith(".kind")}
    test = controls_for(workers, **{k.replace(".", "__"): v for k, v in values.items()})
    assert test.session_state["asked"] == test.session_state["chosen"]
    shown = {w.key.split("#")[0] for w in test.main if getattr(w, "key", None)}
    assert {k.path for k in knobs(test.session_state["asked"])} <= shown
    assert 3 <= len([k for k in knobs(spec) if k.basic]) <= 7


def test_menus_name_the_blocks_as_the_blocks_do(workers):
    test = controls_for(workers)
    titles = [block.title for block in METHODS.values()]
    box = test.selectbox(key="method.kind#two-modes.0")
    assert box.options == titles
    assert all(f"**{block.title}** {block.help}." in box.help for block in METHODS.values())
    box = test.selectbox(key="target.kind#two-modes.0")
    assert box.options == [block.title for block in TARGETS.values()]


def test_a_kind_that_does_not_fit_costs_one_sentence_and_the_run_goes_on(workers):
    """A network needs the plane, and the target of this preset has 50 dimensions."""
    test = controls_for(workers, "gmm50")
    test.button_group(key="energy.kind#gmm50.0").set_value("mlp").run()
    assert not test.exception
    assert [w.value for w in test.warning] == [
        plain(
            "energy.kind = 'mlp' needs a target in 2 dimensions, not in 50. "
            "The run goes on with mixture."
        )
    ]
    assert test.session_state["chosen"] == preset("gmm50").spec


def test_a_typed_value_that_is_not_allowed_costs_one_sentence_and_is_not_used(workers):
    test = controls_for(workers)
    next(t for t in test.toggle if t.label == "Type exact values").set_value(True).run()
    test.number_input(key="sampler.step_size#two-modes.0#typed").set_value(0.0).run()
    assert not test.exception
    assert len(test.warning) == 1
    assert "greater than 0" in test.warning[0].value
    assert test.session_state["asked"].sampler.step_size == 0.1


def test_nothing_to_learn_is_a_legal_choice(workers):
    test = controls_for(workers)
    test.button_group(key="energy.learn#two-modes.0").set_value([]).run()
    assert test.session_state["asked"].energy.learn == ()


def test_a_tooltip_says_what_it_is_its_range_what_breaks_and_when_it_applies():
    found = {k.path: tooltip(k) for k in knobs(preset("two-modes").spec)}
    assert "Langevin" in found["sampler.step_size"]
    assert "Usual: 0.005 to 1.5." in found["sampler.step_size"]
    assert "explodes above 2" in found["sampler.step_size"]
    assert found["sampler.step_size"].endswith("Applies at the next update.")
    assert found["walkers.count"].endswith("A change restarts the run.")
    assert "Usual: 0 to 2000 updates." in found["method.refresh_every"]


def test_logarithmic_stops_hold_the_ends_and_the_present_value_in_order():
    stops = log_stops(0.005, 1.5, 0.137, whole=False)
    assert stops == sorted(set(stops))
    assert {0.005, 0.01, 0.137, 0.1, 1.5} <= set(stops)
    assert max(b / a for a, b in itertools.pairwise(stops)) < 1.5
    assert all(isinstance(s, int) for s in log_stops(50, 5000, 1234, whole=True))


def test_text_of_a_link_cannot_become_markup():
    assert plain("![x](http://a.b) $y$ :red[z]") == (r"\!\[x\]\(http\:\/\/a\.b\) \$y\$ \:red\[z\]")
