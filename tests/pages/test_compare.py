"""The compare page: what it opens, what its link says, and that all runs start alike."""

import json
import time

import numpy as np
import pytest

from ebm_engine.run.run import Run
from ebm_engine.server.commands import Pause
from ebm_engine.server.hub.hub import HubFull, hub
from ebm_engine.spec.edit import flatten, with_value
from ebm_engine.spec.presets import preset
from pages.common.compare import comparison
from pages.common.compare import link as compare_link
from pages.common.compare.comparison import METHOD, Comparison, fitted, member, members
from pages.common.tab import lockstep, session
from pages.common.tab.offers import EXPLORER
from tests.pages.test_links_fuzz import WILD, is_sentence

TWO_MODES = preset("two-modes").spec
STARTS = ("pcd", "cd", "short-run", "weighted-ula", "unweighted", "exact", "score-matching")


@pytest.fixture
def visit(app):
    """A function (**query parameters) → AppTest on the compare page."""

    def open_page(**query):
        test = app()
        test.switch_page("compare.py")
        test.query_params.update({k.replace("__", "."): v for k, v in query.items()})
        test.run()
        assert not test.exception
        return test

    return open_page


def runs(test):
    """The page's runs, in order."""
    held = test.session_state["held"]
    return [held[slot] for slot in sorted(held) if slot.startswith("compare.")]


def now(test):
    return test.session_state["kept"]["comparison"].now


def stages(test):
    found = [json.loads(c.proto.json) for c in test.get("bidi_component")]
    return [stage for stage in found if "path" in stage]


def wait_until(reached, seconds=30.0):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def step_of(token):
    """The update in sight of a run that is watched, so that its lease does not end."""
    hub().touch(token)
    snapshot = hub().view(token).snapshot
    return -1 if snapshot is None else snapshot.step


def steps(test):
    """The updates in sight, with everybody watching."""
    for held in runs(test):
        hub().touch(held.token)
    views = [hub().view(held.token) for held in runs(test)]
    return [view.snapshot.step if view.snapshot is not None else -1 for view in views]


def test_a_bare_visit_plays_four_methods_on_two_modes(visit):
    """CD-1, CD-10, PCD and weighted ULA: specs that differ in their method only."""
    test = visit()
    names = [one.name for one in members(now(test))]
    assert names == ["CD-1", "CD-10", "PCD", "weighted ULA"]
    assert [held.spec for held in runs(test)] == [one.spec for one in members(now(test))]
    assert all(hub().view(held.token).playing for held in runs(test))
    for one in members(now(test)):
        own, base = flatten(one.spec), flatten(TWO_MODES)
        assert {p for p in own.keys() & base if own[p] != base[p]} <= {"method.kind"}
    bar, *cells = stages(test)
    assert bar["path"] == f"api/live/{runs(test)[0].token}/together"
    assert [(cell["path"], cell["place"]) for cell in cells] == [(None, k) for k in range(4)]
    assert hub().mates(runs(test)[0].token) == tuple(held.token for held in runs(test))
    assert len({stage["group"] for stage in stages(test)}) == 1


def test_after_a_pause_all_runs_stand_at_the_same_update(visit):
    """The command goes to one of them."""
    test = visit(by="method", values="cd,cd-30,weighted-ula")
    wait_until(lambda: min(steps(test)) > 20)
    hub().command(runs(test)[1].token, Pause())
    wait_until(lambda: len(set(steps(test))) == 1 and rests(test))


def rests(test):
    before = steps(test)
    time.sleep(0.3)
    return steps(test) == before


def test_a_knob_is_compared_by_its_values(visit):
    test = visit(by="sampler.step_size", values="0.05,0.5")
    assert [held.spec.sampler.step_size for held in runs(test)] == [0.05, 0.5]
    assert [held.spec.method for held in runs(test)] == [TWO_MODES.method] * 2
    test.text_input[0].set_value("0.1, 0.2, 0.4").run()
    assert not test.exception
    assert [held.spec.sampler.step_size for held in runs(test)] == [0.1, 0.2, 0.4]
    test.text_input[0].set_value("0.1, fast").run()
    assert len(runs(test)) == 3
    assert any("fast" in warning.value for warning in test.warning)
    assert test.query_params["values"] in ("0.1,0.2,0.4", ["0.1,0.2,0.4"])


def test_the_settings_are_those_of_all_runs(visit):
    test = visit(values="cd,pcd")
    next(field for field in test.number_input if field.label == "Seed").set_value(11).run()
    assert not test.exception
    assert [held.spec.seed for held in runs(test)] == [11, 11]
    assert test.query_params["seed"] in ("11", ["11"])


def test_the_switch_to_a_knob_offers_values_over_its_usual_range(visit):
    test = visit()
    key = f"compare-by#{test.session_state['kept']['comparison'].link.edition}"
    test.button_group(key=key).set_value("A knob").run()
    assert not test.exception
    assert now(test).by == "sampler.step_size"
    assert now(test).values == (0.005, 0.09, 1.5)
    assert len(runs(test)) == 3


def test_another_set_of_runs_leaves_none_of_the_old_ones(visit):
    """A member that nobody sees would hold the others back."""
    test = visit()
    old = [held.token for held in runs(test)]
    key = f"compare-values-method#{test.session_state['kept']['comparison'].link.edition}"
    test.button_group(key=key).set_value(["cd", "cd-10"]).run()
    assert not test.exception
    assert len(runs(test)) == 2
    assert not set(old) & set(hub().stats()["runs"])


def test_a_run_that_the_server_forgot_starts_all_again(visit):
    test = visit(values="cd,pcd")
    old = [held.token for held in runs(test)]
    hub().close(old[1])
    test.run()
    assert not test.exception
    assert not set(old) & {held.token for held in runs(test)}
    assert not set(old) & set(hub().stats()["runs"])


def test_a_full_server_costs_one_sentence_and_keeps_no_half_of_it(visit, monkeypatch):
    """The third run finds no room: the two before it are given back."""
    test = visit(values="cd,pcd")
    before, mine, taken = set(hub().stats()["runs"]), hub(), []

    class Full:
        def __getattr__(self, name):
            return getattr(mine, name)

        def open(self, spec, **how):
            if len(taken) == 2:
                raise HubFull("full")
            taken.append(mine.open(spec, **how))
            return taken[-1]

    old = {held.token for held in runs(test)}
    monkeypatch.setattr(lockstep, "hub", Full)
    test.query_params["values"] = "cd,pcd,exact"
    test.run()
    assert not test.exception
    assert [warning.value for warning in test.warning] == [session.FULL]
    assert set(hub().stats()["runs"]) == before - old


def test_promote_opens_a_branch_of_the_run_in_the_explorer(visit):
    test = visit(values="cd,pcd", walkers__count="200")
    wait_until(lambda: min(steps(test)) > 5)
    token, spec = runs(test)[1].token, runs(test)[1].spec
    hub().command(token, Pause())
    wait_until(lambda: rests(test))
    at = hub().tape(token)[-1]
    test.button(key="promote-compare.1").click().run()
    assert not test.exception
    held = test.session_state["held"][EXPLORER]
    assert held.spec == spec
    assert held.token != token
    wait_until(lambda: step_of(held.token) == at)
    assert not hub().view(held.token).playing


def start(spec):
    run = Run(with_value(spec, "walkers.count", 100))
    return run.snapshot(playing=False, updates_per_second=0.0)


def test_methods_share_their_data_and_those_that_start_alike_their_first_walkers():
    """To the bit: CD and PCD begin at the data, the weighted family at samples of the model."""
    base = with_value(TWO_MODES, "seed", 5)
    first = {kind: start(member(base, METHOD, kind).spec) for kind in STARTS}
    for kind in STARTS:
        assert np.array_equal(first[kind].data, first["pcd"].data)
        assert np.array_equal(first[kind].field, first["pcd"].field)
        assert first[kind].box == first["pcd"].box
    assert np.array_equal(first["weighted-ula"].positions, first["unweighted"].positions)
    another = start(member(with_value(base, "seed", 6), METHOD, "pcd").spec)
    assert not np.array_equal(another.data, first["pcd"].data)


@pytest.mark.parametrize("name", ["two-modes", "net-ring", "digits-017"])
def test_every_knob_has_usual_values_that_fit_and_travel_in_the_link(name):
    """At least two of each; the same link gives the same comparison."""
    base = preset(name).spec
    for by in (METHOD, *comparison.comparable(base)):
        problems = []
        made = fitted(name, base, by, (), problems)
        assert (made.by, problems) == (by, [])
        assert compare_link.from_query(compare_link.to_query(made)) == (made, [])


def test_a_golden_link_gives_the_same_comparison_for_ever():
    link = {
        "v": "1",
        "preset": "ring",
        "seed": "7",
        "sampler.step_size": "0.02",
        "by": "method",
        "values": "cd-3,pcd,weighted-ula",
    }
    made, problems = compare_link.from_query(link)
    base = with_value(with_value(preset("ring").spec, "seed", 7), "sampler.step_size", 0.02)
    assert problems == []
    assert made == Comparison("ring", base, METHOD, ("cd-3", "pcd", "weighted-ula"))
    assert members(made)[0].spec.method.k == 3


@pytest.mark.parametrize(
    ("link", "part"),
    [
        ({"by": "method", "values": "cd,magic,pcd"}, "magic"),
        ({"by": "method", "values": "magic"}, "needs 2 values"),
        ({"by": "sampler.colour", "values": "1,2"}, "sampler.colour"),
        ({"by": "seed", "values": "1,2"}, "seed"),
        ({"by": "sampler.step_size", "values": "0.1,-3,0.2"}, "-3"),
        ({"by": "sampler.step_size", "values": "0.1,0.1,0.2"}, "twice"),
        ({"by": "walkers.count", "values": "50,60,70,80,90"}, "limit is 4"),
        ({"by": "method", "values": "cd," * 300}, "400"),
    ],
)
def test_a_bad_link_costs_a_sentence(visit, link, part):
    test = visit(**link)
    assert len(runs(test)) >= 2
    assert part in "".join(warning.value for warning in test.warning).replace("\\", "")


def test_wild_values_never_raise():
    """Each as `by`, as `values`, and as one of three values."""
    for wild in WILD:
        for link in ({"by": wild}, {"values": wild}, {"values": f"cd,{wild},pcd"}):
            for by in ({}, {"by": "sampler.step_size"}):
                made, problems = compare_link.from_query({"preset": "two-modes"} | by | link)
                assert 2 <= len(made.values) <= 4
                assert [text for text in problems if not is_sentence(text)] == []
