"""Several runs in one figure and one table: the same numbers as each run's own, told apart."""

import numpy as np
import pytest

from ebm_engine.run.snapshot import Divergence
from ebm_engine.spec.methods import METHODS
from ebm_engine.views.many_runs import compare
from ebm_engine.views.many_runs.compare import POINTS, Entry
from ebm_engine.views.style.palette import method_line

ESS = "ESS/N of the runs with weights"


@pytest.fixture
def entries(snapshot, without_weights):
    weighted, plain = compare.method_styles(["weighted-ula", "cd"], "light")
    return [Entry("weighted ULA", snapshot, weighted), Entry("CD-1", without_weights, plain)]


def drawn(entries, title):
    """The curves of the plot with that title, by run."""
    figure = compare.comparison(entries).figure
    titles = [note.text for note in figure.layout.annotations]
    axis = "y" if titles.index(title) == 0 else f"y{titles.index(title) + 1}"
    return {trace.name: trace for trace in figure.data if (trace.yaxis or "y") == axis}


def test_the_kl_curves_are_the_exact_ones_of_each_run(entries, snapshot):
    """Not the estimates: those of a run without weights would be missing."""
    curves = drawn(entries, "KL(target ‖ model)")
    assert list(curves) == ["weighted ULA", "CD-1"]
    thinned = np.linspace(0, 400, POINTS).round().astype(int)
    for curve in curves.values():
        assert np.array_equal(curve.x, snapshot.history["step"][thinned])
        assert np.allclose(curve.y, snapshot.history["kl_exact"][thinned])


def test_a_run_without_weights_has_no_ess_curve(entries, snapshot, make):
    """Its ESS/N of 1 would look like the best of all."""
    history = snapshot.history | {"ess": np.ones(401)}
    plain = make(spec=entries[1].snapshot.spec, history=history)
    shares = drawn([entries[0], entries[1]._replace(snapshot=plain)], ESS)
    assert list(shares) == ["weighted ULA"]
    assert np.isfinite(shares["weighted ULA"].y).all()


def test_each_run_is_in_the_legend_once(entries):
    figure = compare.comparison(entries).figure
    listed = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert listed == ["weighted ULA", "CD-1"]
    assert len(figure.data) == 7


def test_plots_that_no_run_has_numbers_for_are_left_out(without_weights):
    history = without_weights.history | {"gradient_cosine": np.full(401, np.nan)}
    shot = without_weights.__class__(**{**vars(without_weights), "history": history})
    styles = compare.ordinal_styles(2, "light")
    figure, alt, _ = compare.comparison([Entry("a", shot, styles[0]), Entry("b", shot, styles[1])])
    assert len(figure.data) == 4
    assert "ESS" not in alt
    assert "KL(target ‖ model): a 0.00582 nats, b " in alt


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_runs_differ_by_colour_and_dash(theme):
    """Two runs of one method share neither; the first has the method's own style."""
    kinds = ["cd", "cd", "cd", "pcd"]
    styles = compare.method_styles(kinds, theme)
    assert styles[0] == method_line("cd", theme)
    assert styles[3] == method_line("pcd", theme)
    for found in (styles, compare.ordinal_styles(4, theme)):
        assert len({style["color"] for style in found}) == 4
        assert len({style["dash"] for style in found}) == 4


@pytest.mark.parametrize("kind", METHODS)
def test_the_sample_of_a_title_has_the_colour_and_dash_of_the_curve(kind):
    style = method_line(kind, "light")
    image = compare.sample(style)
    assert style["color"].removeprefix("#") in image
    assert "px" not in image.partition("dasharray")[2]
    assert '"' not in image.partition('src="')[2].removesuffix('">')


def test_the_table_holds_the_newest_numbers_of_each_run(entries, snapshot):
    """TV of the masses is ½(|0.32 − 0.25| + |0.68 − 0.75|) = 0.07, not the sum 0.14."""
    weighted, plain = compare.final_numbers(entries)
    assert weighted["Run"] == "weighted ULA"
    assert weighted["Update"] == "400"
    assert float(weighted["KL exact"]) == pytest.approx(snapshot.history["kl_exact"][-1], rel=0.01)
    assert weighted["Mass error (TV)"] == "0.070"
    assert weighted["True mass of mode 1"] == "0.250"
    assert (weighted["Model"], weighted["Walkers raw"]) == ("0.320", "0.500")
    assert (weighted["Weighted"], plain["Weighted"]) == ("0.315", "–")
    assert (weighted["Ancestors"], plain["Ancestors"]) == ("600", "–")
    assert (weighted["Resamplings"], plain["Resamplings"]) == ("3", "–")
    assert plain["ESS/N"] == "–"
    assert weighted["Stopped"] == "–"


def test_the_table_says_where_a_run_stopped_by_itself(make):
    stop = Divergence("energy", 123, 1e9, "Step size h", "It grew.")
    entry = Entry("h = 3", make(divergence=stop), compare.ordinal_styles(1, "light")[0])
    assert compare.final_numbers([entry])[0]["Stopped"] == "at update 123: energy"


def test_a_run_without_numbers_is_drawn_as_empty(diverged):
    entry = Entry("h = 3", diverged, compare.ordinal_styles(1, "light")[0])
    assert compare.final_numbers([entry])[0]["Model"] == "–"
    assert compare.comparison([entry]).alt.endswith(".")
