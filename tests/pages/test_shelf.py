"""The run shelf on its page: rows come by themselves, are laid over each other and reloaded."""

import csv
import io
import json
from urllib.parse import parse_qsl

import pytest

from ebm_engine.files import uploads
from ebm_engine.run.past_runs import PastRuns
from ebm_engine.server.commands import Pause
from ebm_engine.server.hub.hub import hub
from ebm_engine.spec.recommended import on_target
from pages.common.run_page import past_runs
from pages.common.tab import session
from pages.common.tab.run_link import from_query, to_query
from pages.live import stage
from tests.pages.explorer_tools import choose, held, link, wait_for
from tests.run.image_runs import played
from tests.server.hub_tools import small_spec


@pytest.fixture
def runs(explorer):
    """The explorer's shelf after two runs: as the preset, then CD, paused."""
    test = explorer(view="Runs", seed="11", sampler__step_size="0.137")
    wait_for(test, lambda s: s.step > 20, 60.0)
    choose(test, "method", "cd")
    wait_for(test, lambda s: s.spec.method.kind == "cd" and s.step > 20)
    hub().command(held(test).token, Pause())
    wait_for(test, lambda s: not s.playing)
    return again(test)


def again(test):
    test.run()
    assert not test.exception
    return test


def rows(test):
    return test.session_state["kept"][f"past-runs.{session.EXPLORER}"].entries


def chooser(test):
    return next(m for m in test.multiselect if m.label == "Choose runs")


def button(test, label):
    return next(b for b in test.button if b.label == label)


def names(test):
    """The names of the curves that are drawn."""
    data = [json.loads(c.proto.json) for c in test.get("bidi_component")]
    found = [json.loads(d["figure"]) for d in data if "figure" in d]
    return [t["name"] for f in found for t in f["data"] if t.get("showlegend") is not False]


def test_another_method_leaves_two_rows_the_present_run_first(runs):
    """The first run was replaced, and its numbers are still there."""
    assert [entry.spec.method.kind for entry in rows(runs)] == ["cd", "weighted-ula"]
    assert rows(runs)[1].step > 20
    table = runs.dataframe[0].value
    assert list(table["run"]) == [2, 1]
    assert table["difference"][0].startswith("now · method CD-1 · ")
    assert table["difference"][1] == "step size 0.137"


def test_chosen_rows_are_drawn_over_each_other_and_none_means_the_newest(runs):
    assert len(names(runs)) == 2
    chooser(runs).set_value([1])
    assert names(again(runs)) == ["Run 1: step size 0.137"]
    chooser(runs).set_value([1, 2])
    assert len(names(again(runs))) == 2


def test_reload_brings_spec_seed_and_link_back_bit_for_bit(runs):
    """The run starts again at update 0 of the first spec, and both rows stay."""
    first = rows(runs)[1]
    chooser(runs).set_value([first.number])
    again(runs)
    button(runs, "Reload").click()
    again(runs)
    assert held(runs).spec == first.spec
    assert held(runs).spec.seed == 11
    told = {k: v for k, v in link(runs).items() if k != "view"}
    assert told == to_query("two-modes", first.spec)
    wait_for(runs, lambda s: s.spec == first.spec)
    again(runs)
    assert sorted(entry.number for entry in rows(runs)) == [1, 2]


def test_reload_brings_the_preset_back_too(runs):
    """The link of a row tells its spec from its own preset, not from the present one."""
    runs.selectbox(key=f"preset#{held(runs).edition}").set_value("ring")
    again(runs)
    chooser(runs).set_value([1])
    again(runs)
    button(runs, "Reload").click()
    again(runs)
    assert held(runs).preset == "two-modes"
    assert link(runs)["preset"] == "two-modes"
    assert not runs.warning


def test_only_one_chosen_run_can_be_reloaded_and_the_present_one_not_deleted(runs):
    assert button(runs, "Reload").disabled
    assert button(runs, "Delete").disabled
    chooser(runs).set_value([2])
    again(runs)
    assert not button(runs, "Reload").disabled
    assert button(runs, "Delete").disabled
    chooser(runs).set_value([1, 2])
    again(runs)
    assert button(runs, "Reload").disabled
    button(runs, "Delete").click()
    again(runs)
    assert [entry.number for entry in rows(runs)] == [2]
    assert chooser(runs).value in ([], [2])


def test_every_control_of_the_shelf_has_a_tooltip(runs):
    assert chooser(runs).proto.help
    assert all(button(runs, label).help for label in ("Reload", "Delete"))
    download = next(b for b in runs.get("download_button") if b.proto.label == "CSV")
    assert download.proto.help


def test_a_run_whose_own_points_are_gone_says_so_in_one_sentence(runs, tmp_path):
    """The row stays to be read; nothing breaks."""
    file = tmp_path / "own.csv"
    file.write_text("".join(f"{i % 5}.0,{i % 3}.0\n" for i in range(40)))
    spec = on_target(small_spec(), {"kind": "points", "path": str(file)}, "mlp")
    shelf = runs.session_state["kept"][f"past-runs.{session.EXPLORER}"]
    gone = shelf.put("two-modes", picture(spec, 3))
    file.unlink()
    chooser(again(runs)).set_value([gone.number])
    again(runs)
    assert button(runs, "Reload").disabled
    assert any("upload it again" in c.value for c in runs.caption)


def picture(spec, updates):
    return played(spec, updates).snapshot(playing=False, updates_per_second=0.0)


def test_the_csv_parses_back_and_its_links_give_the_specs():
    """Full precision, empty cells where there is no number, and no path of an own file."""
    shelf = PastRuns()
    specs = [small_spec(seed=4), small_spec(seed=5, method={"kind": "cd", "k": 10})]
    for spec in specs:
        shelf.put("two-modes", picture(spec, 6))
    path = uploads.keep("".join(f"{i % 5}.0,{i % 3}.0\n" for i in range(40)))
    own = on_target(small_spec(), {"kind": "points", "path": path}, "mlp")
    shelf.put("two-modes", picture(own, 2))
    text = past_runs.to_csv(shelf.entries)
    found = {row["run"]: row for row in csv.DictReader(io.StringIO(text))}
    assert path not in text
    for entry, spec in zip(reversed(shelf.entries), specs, strict=False):
        row = found[str(entry.number)]
        assert float(row["kl"]) == entry.kl.value
        assert int(row["updates"]) == entry.step
        assert from_query(dict(parse_qsl(row["link"][1:])))[:2] == ("two-modes", spec)
    assert found["2"]["weighted"] == found["2"]["ess"] == ""
    assert found["1"]["ess"] == str(shelf.entries[2].ess)


def clicked(test, monkeypatch, action):
    """The page after a click on its stage."""
    clicks = [action]

    def stage_with_click(token, *, on_action, **rest):
        while clicks:
            on_action(clicks.pop())
            stage.st.rerun()

    monkeypatch.setattr(stage, "stage", stage_with_click)
    return again(test)


def test_halving_the_step_of_a_diverged_run_keeps_the_diverged_row(explorer, monkeypatch):
    """What went wrong is worth comparing with: the row comes before the rewind."""
    test = explorer(view="Runs", sampler__step_size="50")
    wait_for(test, lambda s: s.divergence is not None, 60.0)
    clicked(test, monkeypatch, stage.Action("halve-step"))
    kept = next(entry for entry in rows(test) if entry.spec.sampler.step_size == 50)
    assert kept.stopped.startswith("stopped at update ")


def test_a_branch_keeps_the_row_of_the_run_that_it_replaces(explorer, monkeypatch):
    """The old run is given up, and its furthest update stays on the shelf."""
    test = explorer(view="Live")
    wait_for(test, lambda s: s.step > 60, 60.0)
    before = held(test)
    clicked(test, monkeypatch, stage.Action("branch", hub().tape(before.token)[0]))
    assert held(test).token != before.token
    assert [entry.spec for entry in rows(test)] == [before.spec]
    assert rows(test)[0].step > 20
