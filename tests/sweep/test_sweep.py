"""Sweeps: which cells there are, what is measured in them, and how seeds become one number."""

import math

import numpy as np
import pytest

from ebm_engine.run.headless import train
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.sweep.numbers import as_csv, grids, lines, measure, middle, refused
from ebm_engine.sweep.sweep_spec import cells, parse_sweep, place, spaced
from tests.sweep.sweep_tools import small_base, small_sweep


def test_a_sweep_has_one_cell_per_method_place_and_seed():
    """2 methods × 3 rows × 2 columns × 4 seeds = 48; rows are values of y, not of x."""
    sweep = small_sweep(y={"path": "walkers.count", "values": (20, 30, 50)}, seeds=4)
    found = cells(sweep)
    assert sweep.count == len(found) == 48
    assert len({cell.key for cell in found}) == 48
    cell = found[-1]
    assert (cell.method, cell.row, cell.column, cell.seed) == ("pcd", 2, 1, 3)
    spec = cell.spec
    assert (spec.method.kind, spec.walkers.count, spec.sampler.step_size) == ("pcd", 50, 0.5)
    assert spec.seed == 3
    assert found[44:] == place(sweep, "pcd", 2, 1)


def test_the_preset_method_keeps_its_own_settings():
    """A method that is replaced by itself would lose the witness of 7 walkers."""
    base = small_base().model_dump(mode="json")
    base["method"]["witness"] = 7
    (cell, *_) = cells(small_sweep(base=base))
    assert cell.spec.method.witness == 7


def test_an_illegal_combination_is_a_cell_with_its_sentence():
    """A value outside its limits marks its own cells and leaves the others as they are."""
    sweep = small_sweep(y={"path": "walkers.count", "values": (1, 50)})
    found = cells(sweep)
    assert [cell.spec is None for cell in found] == [True, True, False, False] * 2
    assert found[0].problem.startswith("walkers.count = 1: input should be greater")
    only = small_sweep(y={"path": "method.ess_threshold", "values": (0.2, 0.5)})
    assert [cell.spec is None for cell in cells(only)] == [False] * 4 + [True] * 4
    assert "method.kind = 'pcd'" in cells(only)[4].problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 101}, "seeds = 101: input should be less than or equal to 100"),
        ({"updates": 100_001}, "updates = 100001: input should be less than or equal to 100000"),
        ({"updates": 0}, "updates = 0: input should be greater than or equal to 1"),
        ({"methods": ()}, "methods"),
        ({"methods": ("pcd", "pcd")}, "a method is given twice"),
        ({"methods": ("cdd",)}, "method 'cdd' is unknown, allowed are weighted-ula"),
        ({"x": {"path": "walkers.count", "values": [5]}}, "both knobs are walkers.count"),
        ({"x": {"path": "seed", "values": [5]}}, "seed cannot be a knob of a sweep"),
        ({"x": {"path": "method.kind", "values": ["pcd"]}}, "method.kind cannot be a knob"),
        ({"x": {"path": "sampler.h", "values": [5]}}, "sampler.h is not a field of the spec"),
        ({"x": {"path": "sampler.step_size", "values": [5, 5]}}, "a value is given twice"),
        (
            {"x": {"path": "sampler.step_size", "values": list(range(1, 100))}, "seeds": 6},
            "the sweep has 2376 cells, at most 2000 are allowed",
        ),
        ({"base": {"target": {"kind": "none"}}}, "target.kind = 'none' is unknown"),
        ({"extra": 1}, "extra is not a field"),
    ],
)
def test_a_bad_sweep_is_refused_with_one_sentence(changes, words):
    """Each limit has its sentence with value and limit."""
    with pytest.raises(SpecError) as caught:
        small_sweep(**changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ranges_are_even_or_by_equal_factors():
    """Ends are exact, what lies between has three digits, whole numbers count once."""
    assert spaced(0.1, 0.5, 3, log=False, whole=False) == (0.1, 0.3, 0.5)
    assert spaced(0.01, 1.0, 3, log=True, whole=False) == (0.01, 0.1, 1.0)
    assert spaced(1, 4, 7, log=False, whole=True) == (1, 2, 3, 4)
    assert spaced(7, 9, 1, log=True, whole=True) == (7,)
    for low, high, count, log in ((2, 1, 3, False), (0, 1, 3, True), (1, 2, 0, False)):
        with pytest.raises(SpecError):
            spaced(low, high, count, log=log, whole=False)


def test_a_cell_measures_what_a_headless_run_reports():
    """KL, ESS and ancestors are the last row of the history; ½ Σ |m − m*| is not its double."""
    spec = small_base()
    found, run = measure(spec, 20), train(spec, 20)
    last = {name: column[-1] for name, column in run["history"].items() if column}
    assert found["kl"] == last["kl_exact"]
    assert found["kl_source"] == "kl_exact"
    assert (found["ess"], found["ancestors"]) == (last["ess"], last["ancestors"])
    left = run["final"]["mode_mass"]["model"][0]
    assert found["mass_error"] == pytest.approx(abs(left - 0.25), abs=1e-12)
    assert found["diverged_at"] is None


def test_walkers_without_weights_have_no_effective_size():
    """ESS/N = 1 of equal weights says nothing about PCD."""
    spec = next(c.spec for c in cells(small_sweep()) if c.method == "pcd")
    found = measure(spec, 3)
    assert (found["ess"], found["ancestors"]) == (None, None)
    assert found["kl"] > 0


def row(kl, diverged_at=None):
    return refused("") | {"kl": kl, "ess": kl, "diverged_at": diverged_at}


@pytest.mark.parametrize(
    ("rows", "median"),
    [
        ([row(3.0), row(1.0), row(2.0)], 2.0),
        ([row(3.0), row(1.0)], 2.0),
        ([row(1.0), row(0.1, 5), row(2.0)], 2.0),
        ([row(1.0), row(0.1, 5)], math.nan),
        ([row(1.0), row(None), row(2.0)], math.nan),
        ([], math.nan),
    ],
)
def test_a_seed_that_diverged_counts_as_the_worst(rows, median):
    """Left out, [1, diverged, 2] would have the median 1.5; its own last KL would give 1."""
    assert middle(rows, "kl") == pytest.approx(median, nan_ok=True)


def test_of_a_number_that_should_be_high_the_worst_is_low():
    """The median ESS of [1, diverged, 2] is 1."""
    assert middle([row(1.0), row(9.0, 5), row(2.0)], "ess") == 1.0


def test_diagrams_put_each_number_in_its_row_and_column():
    """y runs over rows: transposed, (0, 1) would hold the number of (1, 0)."""
    sweep = small_sweep(seeds=2)
    found = {i: row(10 * c.row + c.column) for i, c in enumerate(cells(sweep)) if c.seed == 0}
    found[1] = row(0.0, 7)
    drawn = grids(sweep, found)
    assert drawn["pcd"].values["kl"].tolist() == [[0.0, 1.0], [10.0, 11.0]]
    assert np.isnan(drawn["weighted-ula"].values["kl"][0, 0])
    assert drawn["weighted-ula"].diverged[0, 0] == 1
    assert drawn["weighted-ula"].done.tolist() == [[2, 1], [1, 1]]


def test_the_file_has_a_line_per_finished_cell():
    sweep = small_sweep()
    text = as_csv(lines(sweep, {0: row(1.5), 3: refused("no, not here")}))
    head, first, second = text.splitlines()
    assert head.startswith("method,sampler.step_size,walkers.count,seed,kl,mass_error,ess")
    assert first.startswith("weighted-ula,0.1,20,0,1.5,")
    assert '"no, not here"' in second


def test_a_sweep_survives_json():
    """The same key before and after: a resumed sweep finds its cells."""
    sweep = small_sweep()
    again = parse_sweep(sweep.model_dump(mode="json"))
    assert again == sweep
    assert [c.key for c in cells(again)] == [c.key for c in cells(sweep)]
