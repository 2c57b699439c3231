"""The explorer: link, controls and run always say the same."""

import json

import pytest

from ebm_engine.server.commands import Pause
from ebm_engine.server.hub.hub import HubFull, hub
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset, presets
from pages.common.tab import session
from pages.common.tab.run_link import from_query
from pages.live import stage
from tests.pages.explorer_tools import held, link, wait_for


def test_a_bare_visit_plays_the_first_preset_and_the_link_says_so(explorer):
    test = explorer()
    assert held(test).spec == next(iter(presets().values())).spec
    assert link(test) == {"v": "1", "preset": "two-modes"}
    assert wait_for(test, lambda s: s.step > 5).playing


def test_a_link_opens_exactly_its_spec_and_stays_as_it_is(explorer):
    query = {"v": "1", "preset": "ring", "method": "pcd", "sampler.step_size": "0.137"}
    test = explorer(**query)
    assert from_query(link(test))[:2] == ("ring", held(test).spec)
    assert held(test).spec.sampler.step_size == 0.137
    assert link(test) == query
    assert not test.warning


def test_bad_values_of_a_link_are_named_and_forgotten_with_the_next_change(explorer):
    test = explorer(sampler__step_size="-1", nonsense="[a](http://b.c)", walkers__count="300")
    assert held(test).spec.walkers.count == 300
    assert len(test.warning) == 1
    assert "step" in test.warning[0].value
    assert "](" not in test.warning[0].value
    assert link(test) == {"v": "1", "preset": "two-modes", "walkers.count": "300"}
    test.number_input[0].set_value(7).run()
    assert not test.warning


def test_parameters_of_others_stay_in_the_link(explorer):
    assert link(explorer(transport="tick"))["transport"] == "tick"


def test_a_live_knob_changes_the_playing_run_and_leaves_a_mark(explorer):
    test = explorer()
    wait_for(test, lambda s: s.step > 5)
    before = held(test)
    test.select_slider(key=f"sampler.step_size#{before.scope}").set_value(0.2).run()
    assert held(test).token == before.token
    assert link(test)["sampler.step_size"] == "0.2"
    view = wait_for(test, lambda s: s.spec.sampler.step_size == 0.2)
    assert view.snapshot.step > 5
    assert "0.1 → 0.2" in view.snapshot.marks[-1][1]


def test_a_knob_that_needs_a_reset_starts_the_run_again_and_it_plays_on(explorer):
    test = explorer()
    wait_for(test, lambda s: s.step > 200)
    test.number_input[0].set_value(5).run()
    view = wait_for(test, lambda s: s.spec.seed == 5)
    assert view.snapshot.step < 200
    assert view.playing
    assert link(test) == {"v": "1", "preset": "two-modes", "seed": "5"}


def test_a_paused_run_stays_paused_when_a_knob_moves(explorer):
    test = explorer()
    hub().command(held(test).token, Pause())
    test.number_input[0].set_value(5).run()
    assert not hub().view(held(test).token).playing


@pytest.mark.parametrize("name", presets())
def test_every_preset_can_be_chosen_and_is_what_the_controls_then_show(explorer, name):
    test = explorer()
    test.selectbox(key="preset#0").set_value(name).run()
    assert not test.exception
    assert held(test).spec == preset(name).spec
    assert link(test) == {"v": "1", "preset": name}
    test.run()
    assert held(test).spec == preset(name).spec


def test_back_to_the_preset_undoes_every_change(explorer):
    test = explorer(method="cd", seed="9")
    next(b for b in test.button if b.label == "Back to the preset").click().run()
    assert held(test).spec == preset("two-modes").spec
    assert link(test) == {"v": "1", "preset": "two-modes"}


def test_an_older_link_in_the_same_tab_brings_its_spec_back(explorer):
    test = explorer()
    older = link(test)
    test.number_input[0].set_value(7).run()
    test.query_params.clear()
    test.query_params.update(older)
    test.run()
    assert held(test).spec.seed == 0
    assert test.number_input[0].value == 0


def click_on_stage(monkeypatch, name):
    """Make the stage deliver one click, as it does with the click of a browser."""
    clicks = [stage.Action(name)]

    def stage_with_click(token, *, on_action, **rest):
        while clicks:
            on_action(clicks.pop())
            stage.st.rerun()

    monkeypatch.setattr(stage, "stage", stage_with_click)


def test_a_new_seed_from_the_stage_reaches_run_controls_and_link(explorer, monkeypatch):
    test = explorer()
    click_on_stage(monkeypatch, "new-seed")
    test.run()
    seed = held(test).spec.seed
    assert seed != 0
    assert test.number_input[0].value == seed
    assert link(test)["seed"] == str(seed)
    wait_for(test, lambda s: s.spec.seed == seed)


def test_half_the_step_size_goes_back_fifty_updates_and_plays(explorer, monkeypatch):
    test = explorer(sampler__step_size="50")
    diverged = wait_for(test, lambda s: s.divergence is not None).snapshot
    click_on_stage(monkeypatch, "halve-step")
    test.run()
    assert held(test).spec.sampler.step_size == 25
    assert link(test)["sampler.step_size"] == "25.0"
    wait_for(test, lambda s: s.spec.sampler.step_size == 25 and s.step <= diverged.step)


def test_figures_are_drawn_with_alt_text_and_numbers_to_take_along(explorer):
    test = explorer()
    wait_for(test, lambda s: s.step > 20)
    test.button_group[-1].set_value("Figures").run()
    assert not test.exception
    for group in ("Learning", "Landscape", "Weights", "Gradient"):
        chosen = next(g for g in test.button_group if g.label == "Figures")
        chosen.set_value(group).run()
        assert not test.exception
        plots = [json.loads(c.proto.json) for c in test.get("bidi_component")]
        plots = [p for p in plots if "figure" in p]
        assert plots
        assert all(len(p["alt"]) > 20 for p in plots)
        assert all(json.loads(p["figure"])["data"] for p in plots)
    assert [b.label for b in test.get("download_button")] == [
        "curves.csv",
        "walkers.csv",
        "masses.csv",
    ]


def test_a_threshold_above_the_ceiling_of_the_step_size_is_called_out(explorer):
    test = explorer(sampler__step_size="0.5", method__ess_threshold="0.95")
    wait_for(test, lambda s: s.step > 0)
    test.run()
    assert "caps ESS/N at 0.8" in test.info[0].value
    test.slider(key=f"method.ess_threshold#{held(test).scope}").set_value(0.5).run()
    wait_for(test, lambda s: s.spec.method.ess_threshold == 0.5)
    test.run()
    assert not test.info


def test_a_run_that_the_server_forgot_is_opened_again_with_the_same_spec(explorer):
    test = explorer(seed="3")
    old = held(test)
    hub().close(old.token)
    test.run()
    assert not test.exception
    assert held(test).token != old.token
    assert held(test).spec == old.spec
    assert hub().view(held(test).token).playing


def test_a_spec_that_a_rewind_brought_back_is_what_the_controls_show(explorer):
    test = explorer()
    other = with_value(held(test).spec, "sampler.step_size", 0.3)
    hub().command(held(test).token, session.Change(other))
    test.run()
    assert held(test).spec == other
    assert link(test)["sampler.step_size"] == "0.3"


def test_a_full_server_costs_one_sentence_and_keeps_the_link(explorer, monkeypatch):
    class Full:
        def __getattr__(self, name):
            return getattr(hub(), name)

        def open(self, spec, *, play):
            raise HubFull("full")

    test = explorer()
    hub().close(held(test).token)
    monkeypatch.setattr(session, "hub", Full)
    test.run()
    assert not test.exception
    assert [w.value for w in test.warning] == [session.FULL]
    assert link(test)["preset"] == "two-modes"
