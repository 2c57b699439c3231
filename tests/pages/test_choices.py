"""The explorer's choices: any target, energy and method, a drawing, and own points."""

import pytest

from ebm_engine.spec.kinds import TARGETS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.recommended import suited
from pages.common.controls import own_target
from pages.common.tab.run_link import from_query
from tests.pages.explorer_tools import choose, held, link, wait_for


@pytest.mark.parametrize("target", [t for t in TARGETS if t not in ("mixture", "points")])
def test_any_target_and_any_energy_play_at_once_with_what_suits_them(explorer, target):
    """Widgets that kept the old values would take the new step size back."""
    test = explorer()
    for head, kind in (("target", target), ("energy", "mlp"), ("energy", "mixture")):
        expected = suited(held(test).spec, head, kind)
        choose(test, head, kind)
        assert held(test).spec == expected
        test.run()
        assert held(test).spec == expected
        assert from_query(link(test)) == ("two-modes", expected, [])
    wait_for(test, lambda s: s.spec == expected)


@pytest.mark.parametrize("method", METHODS)
def test_any_method_plays_on_a_network(explorer, method):
    test = explorer()
    choose(test, "target", "moons")
    choose(test, "energy", "mlp")
    choose(test, "method", method)
    assert held(test).spec.method.kind == method
    view = wait_for(test, lambda s: s.spec.method.kind == method and s.step > 0, 60.0)
    assert not test.warning
    assert view.playing


def test_the_other_optimizer_brings_a_rate_that_suits_a_network(explorer):
    """Gradient descent with Adam's 0.001 would hardly move."""
    test = explorer()
    choose(test, "energy", "mlp")
    assert held(test).spec.optimizer.lr == 0.001
    test.button_group(key=f"optimizer.kind#{held(test).scope}").set_value("sgd").run()
    test.run()
    assert held(test).spec.optimizer.kind == "sgd"
    assert held(test).spec.optimizer.lr == 0.01


def upload(test, content):
    choose(test, "target", "points")
    test.file_uploader[0].upload("mine.csv", content, "text/csv").run()
    assert not test.exception


def test_own_points_become_the_target_and_stay_out_of_the_link(explorer):
    test = explorer()
    before = held(test).spec
    choose(test, "target", "points")
    assert held(test).spec == before
    rows = "".join(f"{i % 7},{i % 5}\n" for i in range(60))
    upload(test, f"x,y\n{rows}".encode())
    spec = held(test).spec
    assert (spec.target.kind, spec.energy.kind) == ("points", "mlp")
    assert spec.target.path not in "".join(link(test).values())
    assert "cannot carry own points" in " ".join(c.value for c in test.caption)
    view = wait_for(test, lambda s: s.spec == spec)
    assert not view.snapshot.known_density


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"1,2\n" * 3, "3 rows"), (b"1,2,3\n" * 20, "exactly 2 numbers"), (b"\xff\xfe\x00", "UTF-8")],
)
def test_a_bad_file_costs_one_sentence_and_the_run_goes_on(explorer, content, said):
    test = explorer()
    before = held(test)
    upload(test, content)
    assert len(test.warning) == 1
    assert said in test.warning[0].value.replace("\\", "")
    assert held(test).spec == before.spec
    assert held(test).token == before.token


def test_a_drawing_becomes_a_mixture_that_a_network_learns(explorer, monkeypatch):
    test = explorer()
    used = {"kind": "modes", "modes": [[0, 3, 1, 0.5], [1.004, -2, 3, 1]]}
    monkeypatch.setattr(own_target, "editor", lambda modes, *, key: used)
    test.button(key="draw").click().run()
    assert not test.exception
    spec = held(test).spec
    assert spec.target.means == ((0, 3), (1, -2))
    assert (spec.target.masses, spec.target.stds) == ((0.25, 0.75), (0.5, 1))
    assert spec.energy.kind == "mlp"
    test.run()
    assert from_query(link(test)) == ("two-modes", spec, [])


def test_brushed_points_become_own_points(explorer, monkeypatch):
    test = explorer()
    used = {"kind": "points", "points": [[i / 10, i % 4] for i in range(80)]}
    monkeypatch.setattr(own_target, "editor", lambda modes, *, key: used)
    test.button(key="draw").click().run()
    assert not test.exception
    assert held(test).spec.target.kind == "points"


@pytest.mark.parametrize(
    "used",
    [
        {"kind": "modes", "modes": []},
        {"kind": "modes", "modes": [[0, 0, -1, 1]]},
        {"kind": "modes", "modes": "no"},
        {"kind": "points", "points": [[1, 2, 3]] * 50},
        {"kind": "points"},
        {},
    ],
)
def test_a_drawing_that_is_none_costs_one_sentence(explorer, monkeypatch, used):
    test = explorer()
    before = held(test).spec
    monkeypatch.setattr(own_target, "editor", lambda modes, *, key: used)
    test.button(key="draw").click().run()
    assert not test.exception
    assert len(test.warning) == 1
    assert held(test).spec == before


def test_an_open_editor_survives_a_run_of_the_page(explorer, monkeypatch):
    """The page runs by itself when the first picture comes; a half-made drawing must stay."""
    test = explorer()
    drawn = []
    monkeypatch.setattr(own_target, "editor", lambda modes, *, key: drawn.append(key))
    test.button(key="draw").click().run()
    test.run()
    assert len(set(drawn)) == 1
    assert len(drawn) >= 2
    test.switch_page("home.py").run()
    count = len(drawn)
    test.switch_page("gaussian_mixtures.py").run()
    assert len(drawn) == count
