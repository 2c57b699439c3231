"""The page of sweeps: it starts by itself, follows its controls, and opens a run."""

import time

import pytest

from ebm_engine.jobs.job_queue import job_queue
from ebm_engine.jobs.tasks import SWEEPS
from ebm_engine.sweep.store import server_folder
from ebm_engine.sweep.sweep_spec import cells, number_knobs, parse_sweep
from pages.common.sweep import tab_sweep
from pages.common.tab import run_link

PATIENCE = 240.0


@pytest.fixture(scope="module", autouse=True)
def helper():
    """The helper process of these tests does not outlive them."""
    yield
    job_queue(SWEEPS).stop()


@pytest.fixture(scope="module", autouse=True)
def quick():
    """A visit begins with 2 × 2 cells of 10 updates."""
    before = dict(tab_sweep.FIRST)
    few = {"x": {"path": tab_sweep.X, "values": (0.1, 0.5)}, "updates": 10}
    tab_sweep.FIRST.update(few, y={"path": tab_sweep.Y, "values": (0.1, 0.4)})
    yield
    tab_sweep.FIRST.update(before)


@pytest.fixture
def page(app):
    test = app()
    test.switch_page("sweeps.py")
    test.run()
    assert not test.exception
    return test


def finished(test):
    """The page once its sweep is done."""
    end = time.monotonic() + PATIENCE
    while any(button.label == "Cancel" for button in test.button):
        assert time.monotonic() < end, "the sweep took too long"
        time.sleep(0.3)
        test.run()
        assert not test.exception
    return test


def text(test):
    return " ".join(e.value for e in (*test.caption, *test.markdown, *test.warning))


def choice(test, label):
    return next(box for box in test.selectbox if box.label == label)


def field(test, label, place=0):
    return [box for box in test.number_input if box.label == label][place]


def test_a_visit_starts_a_sweep_that_ends_with_a_diagram_and_a_run_to_open(page):
    """Nothing is pressed: 8 cells are computed, drawn, and kept in the folder of the server."""
    test = finished(page)
    assert len(test.get("bidi_component")) == 1
    assert len(list(server_folder().rglob("*.json"))) >= 8
    assert "KL 0." in text(test)
    (link,) = [e for e in test.get("page_link") if e.proto.label == "Open this run"]
    assert "preset=masses-only" in link.proto.query_string


def test_the_picked_cell_decides_which_run_opens(page):
    """The link holds method and both knobs of the chosen cell, and reads back as its spec."""
    test = finished(page)
    choice(test, "Method").set_value(1).run()
    choice(test, "Step size h").set_value(1).run()
    assert not test.exception
    desk = test.session_state["kept"]["sweep"]
    assert desk.picked == (1, 1, 0)
    (link,) = [e for e in test.get("page_link") if e.proto.label == "Open this run"]
    assert "method=pcd" in link.proto.query_string
    assert "sampler.step_size=0.5" in link.proto.query_string


def test_another_sweep_starts_with_the_button_and_keeps_what_is_known(page):
    test = finished(page)
    files = {path.name for path in server_folder().rglob("*.json")}
    field(test, "Seeds").set_value(2).run()
    (button,) = [b for b in test.button if b.label.startswith("Start")]
    assert button.label == "Start 16 cells"
    button.click().run()
    test = finished(test)
    assert "Medians over 2 seeds" in text(test)
    assert files < {path.name for path in server_folder().rglob("*.json")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda test: field(test, "from").set_value(2.0), "the range from 2 to 0\\.5 is empty"),
        (lambda test: test.get("button_group")[0].set_value([]), "no method is chosen"),
        (lambda test: choice(test, "Knob along y").set_value(tab_sweep.X), "both knobs are"),
    ],
)
def test_a_bad_wish_is_one_sentence_and_the_sweep_stays(page, change, words):
    test = finished(page)
    before = test.session_state["kept"]["sweep"].sweep
    change(test).run()
    assert not test.exception
    assert words in text(test)
    assert test.session_state["kept"]["sweep"].sweep == before


def test_every_control_says_what_it_is(page):
    for element in (*page.selectbox, *page.number_input, *page.button):
        assert element.help, element.label


def test_only_numbers_with_a_usual_range_are_knobs():
    base = tab_sweep.FIRST["base"]
    found = number_knobs(base, ("weighted-ula", "cd"))
    assert {tab_sweep.X, tab_sweep.Y, "walkers.count", "method.ess_threshold"} <= set(found)
    assert "seed" not in found
    assert {knob.kind for knob in found.values()} == {"float", "int"}


def test_a_click_outside_of_the_sweep_changes_nothing():
    """A late click on the diagram of a larger sweep must not pick a cell that is not there."""
    desk = tab_sweep.SweepOfTab()
    desk.pick({"trace": 1, "x": 1, "y": 0})
    assert (desk.picked, desk.edition) == ((1, 1, 0), 1)
    for click in ({"trace": 2, "x": 0, "y": 0}, {"trace": 0, "x": 0, "y": 9}):
        desk.pick(click)
    assert (desk.picked, desk.edition) == ((1, 1, 0), 1)


def test_the_first_sweep_is_legal_and_its_cells_have_links():
    """Every cell of the default sweep can be opened: its spec reads back from its link."""
    sweep = parse_sweep(tab_sweep.FIRST)
    for cell in cells(sweep):
        name, spec, problems = run_link.from_query(run_link.to_query(sweep.preset, cell.spec))
        assert (name, spec, problems) == ("masses-only", cell.spec, [])


def test_the_address_holds_the_sweep_and_opens_it_again(page, app):
    """Another tab with the same link has the same sweep, number and controls, and no sentence."""
    test = finished(page)
    test.get("button_group")[-1].set_value("ancestors")
    field(test, "Seeds").set_value(2).run()
    next(b for b in test.button if b.label.startswith("Start")).click().run()
    test = finished(test)
    query = {k: v if isinstance(v, str) else v[0] for k, v in test.query_params.items()}
    assert query["x"] == "sampler.step_size:0.1,0.5"
    assert (query["seeds"], query["updates"], query["number"]) == ("2", "10", "ancestors")
    other = visited(app, **query)
    assert not other.warning
    mine = [t.session_state["kept"]["sweep"] for t in (test, other)]
    assert mine[0].sweep == mine[1].sweep
    assert mine[1].number == "ancestors"
    assert field(other, "Seeds").value == 2
    assert field(other, "to", 0).value == 0.5


def visited(app, **query):
    test = app()
    test.switch_page("sweeps.py")
    test.query_params.update(query)
    test.run()
    assert not test.exception
    return test


def test_a_link_of_uneven_values_keeps_them_and_swaps_the_axes_of_the_first_sweep(app):
    """Each part alone would clash with what the page begins with; together they fit."""
    test = visited(
        app, x="optimizer.lr_log_masses:0.1,0.2,0.7", y="sampler.step_size:0.3", updates="5"
    )
    assert not test.warning
    sweep = test.session_state["kept"]["sweep"].sweep
    assert (sweep.x.values, sweep.y.values) == ((0.1, 0.2, 0.7), (0.3,))
    (button,) = [b for b in test.button if b.label.startswith("Start")]
    assert button.label == "Start 6 cells"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"preset": "nowhere"}, "preset = nowhere is unknown"),
        ({"methods": "pcd,magic"}, "methods: method 'magic' is unknown"),
        ({"x": "sampler.step_size"}, "x = sampler.step_size does not read path:value"),
        ({"x": "sampler.step_size:fast"}, "has fast, which is not a number"),
        ({"x": "sampler.step_size:-1"}, "sampler.step_size = -1 is not allowed, it must be"),
        ({"x": "walkers.count:10.5"}, "walkers.count = 10.5 is not allowed, it must be a whole"),
        ({"y": "nothing.here:1"}, "nothing.here is not a field of the spec"),
        ({"y": "seed:1,2"}, "seed cannot be a knob of a sweep"),
        ({"x": "sampler.step_size:" + ",".join(f"{i / 100}" for i in range(1, 23))}, "limit is 20"),
        ({"seeds": "0"}, "seeds"),
        ({"updates": "-5"}, "updates = -5 is not a whole number above 0"),
        ({"updates": "9" * 300}, "updates"),
        ({"number": "beauty"}, "number = beauty is unknown, it must be one of kl, mass_error"),
        ({"y": "[" * 500}, "y has 500 characters, the limit is 400"),
    ],
)
def test_a_bad_part_of_a_link_costs_one_sentence_and_the_rest_is_used(app, query, told):
    """No traceback, and the sweep that the page would begin with in all other parts."""
    test = visited(app, **({"updates": "5"} | query))
    (warning,) = [element.value.replace("\\", "") for element in test.warning]
    assert told in warning
    assert warning.endswith(" is used.")
    assert "\n" not in warning
    sweep = test.session_state["kept"]["sweep"].sweep
    assert sweep.x.path == tab_sweep.X
    assert sweep.updates == (10 if "updates" in query else 5)
