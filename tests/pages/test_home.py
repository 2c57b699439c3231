"""Home: two runs play at once, and what its sentences claim is what the runs do."""

import json
import time

import pytest

from ebm_engine.run.run import Run
from ebm_engine.server.hub.hub import HubFull, hub
from ebm_engine.spec.edit import flatten
from pages.common.tab import lockstep, session


def runs(test):
    held = test.session_state["held"]
    return held["home.0"], held["home.1"]


def test_two_stages_under_one_bar_play_runs_that_differ_in_their_method_only(app):
    test = app()
    assert not test.exception
    bar, *stages = [json.loads(c.proto.json) for c in test.get("bidi_component")]
    assert bar["path"] == f"api/live/{runs(test)[0].token}/together"
    assert [(s["path"], s["place"], s["group"]) for s in stages] == [
        (None, 0, bar["group"]),
        (None, 1, bar["group"]),
    ]
    pcd, weighted = (flatten(held.spec) for held in runs(test))
    differing = {p for p in pcd.keys() & weighted.keys() if pcd[p] != weighted[p]}
    assert differing == {"method.kind"}
    assert all(hub().view(held.token).playing for held in runs(test))


def test_pcd_loses_a_mode_that_weights_keep(app):
    pcd, weighted = (Run(held.spec) for held in runs(app()))
    for _ in range(600):  # ten seconds at the pace of the page
        pcd.advance()
        weighted.advance()
    lost = pcd.snapshot(playing=True, updates_per_second=0.0)
    kept = weighted.snapshot(playing=True, updates_per_second=0.0)
    assert lost.mode_mass.model[0] < 0.01
    assert lost.mode_mass.raw[0] > 0.2
    assert abs(kept.mode_mass.model[0] - 0.25) < 0.03
    assert abs(kept.means - kept.target_means).max() < 0.3
    assert abs(lost.means - lost.target_means).max() < 0.3
    for _ in range(200):
        weighted.advance()
    assert weighted.recent(playing=False).row["kl_exact"] < 0.01


def test_the_button_opens_the_explorer_and_the_runs_of_the_page_pause(app):
    test = app()
    test.button[0].click().run()
    assert not test.exception
    assert "Preset" in [box.label for box in test.selectbox]
    states = hub().stats()["runs"]
    assert {states[held.token]["state"] for held in runs(test)} == {"asleep"}


def test_coming_back_starts_both_runs_again(app):
    test = app()
    end = time.monotonic() + 20
    while any(hub().stats()["runs"][held.token]["step"] < 30 for held in runs(test)):
        assert time.monotonic() < end
        for held in runs(test):
            hub().touch(held.token)
            hub().view(held.token)
        time.sleep(0.02)
    before = [hub().view(held.token).snapshot.step for held in runs(test)]
    test.switch_page("gaussian_mixtures.py").run()
    test.switch_page("home.py").run()
    time.sleep(0.3)  # 18 updates at the pace of the page
    after = [hub().view(held.token).snapshot.step for held in runs(test)]
    assert all(new < old for new, old in zip(after, before, strict=True))


def test_a_full_server_costs_one_sentence(app, monkeypatch):
    class Full:
        def open(self, spec, *, play, group):
            raise HubFull("full")

    monkeypatch.setattr(lockstep, "hub", Full)
    test = app()
    assert not test.exception
    assert [w.value for w in test.warning] == [session.FULL]
    monkeypatch.undo()
    test.button[0].click().run()
    assert not test.warning
    assert len(runs(test)) == 2


@pytest.mark.parametrize("place", [0, 1])
def test_runs_start_again_together_when_the_server_forgot_one(app, place):
    test = app()
    old = runs(test)
    hub().close(old[place].token)
    test.run()
    new = runs(test)
    assert not test.exception
    assert all(a.token != b.token and a.spec == b.spec for a, b in zip(old, new, strict=True))
