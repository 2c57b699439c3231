"""The run shelf: which run has which row, what its row says, and how its difference is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ebm_engine.files import uploads
from ebm_engine.run.past_runs import CHANGED, FROM_FILE, POINTS, PastRuns, entry_of
from ebm_engine.run.snapshot import MARK, Divergence
from ebm_engine.spec.differences import SAME, difference
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import image_presets, preset, presets
from ebm_engine.spec.recommended import on_target, suited
from ebm_engine.spec.run_spec import RunSpec
from tests.run.image_runs import played
from tests.run.image_runs import spec as image_spec
from tests.server.hub_tools import small_spec

PRESET = "two-modes"


def picture(spec, updates):
    """The picture of a real run after some updates."""
    return played(spec, updates).snapshot(playing=False, updates_per_second=0.0)


@pytest.fixture(scope="module")
def shot():
    """A run with weights at update 30."""
    return picture(small_spec(seed=3), 30)


def told(path, value, start=None):
    start = start or preset(PRESET).spec
    return difference(start, with_value(start, path, value))


@pytest.mark.parametrize("name", [*presets(), *image_presets()])
def test_a_preset_does_not_differ_from_itself_whatever_its_seed(name):
    spec = preset(name).spec
    assert difference(spec, spec) == SAME
    assert difference(spec, with_value(spec, "seed", 8)) == SAME


def test_the_difference_names_method_and_knobs_in_words():
    """The number in CD-10 is not told twice; the symbol of the label, h or N, is left out."""
    spec = suited(preset(PRESET).spec, "method", "cd")
    spec = with_value(with_value(spec, "method.k", 10), "sampler.step_size", 0.2)
    assert difference(preset(PRESET).spec, spec) == "method CD-10 · step size 0.2"


def test_every_kind_of_value_has_its_words():
    """Numbers with units, switches, choices, lists; masses by their values, means as others."""
    assert told("optimizer.lr_means", 1e-6) == "rate of means 1e−06 per update"
    assert told("method.correction", False) == "discretisation correction off"
    assert told("sampler.kernel", "mala") == "kernel mala"
    assert told("energy.learn", ["log_masses"]) == "energy learn log-masses"
    assert told("target.masses", [0.4, 0.6]) == "target masses 0.4, 0.6"
    assert told("target.means", [[-4, 0], [4, 0]]) == "other target means"


def test_what_has_no_effect_is_not_told():
    """Friction belongs to another kernel."""
    assert told("sampler.friction", 3.0) == SAME


def test_an_own_file_is_told_by_the_start_of_its_name_not_by_its_folder():
    path = uploads.keep("x,y\n" + "".join(f"{i},{i % 3}\n" for i in range(12)))
    spec = on_target(preset("net-moons").spec, {"kind": "points", "path": path}, "mlp")
    words = difference(preset("net-moons").spec, spec)
    assert words.startswith("target Own points · file ")
    assert "/" not in words


def test_the_row_holds_the_newest_numbers_of_the_picture(shot):
    """TV of masses is ½ Σ|model − truth|, not the total variation of the densities."""
    entry, masses = entry_of(1, PRESET, shot), shot.mode_mass
    assert (entry.step, entry.spec, entry.stopped, entry.origin) == (30, shot.spec, "", "")
    assert entry.kl == ("KL, exact", shot.history["kl_exact"][-1], 0.0)
    assert (entry.truth, entry.model) == (masses.truth[0], masses.model[0])
    assert (entry.raw, entry.weighted) == (masses.raw[0], masses.weighted[0])
    assert entry.mass_error == pytest.approx(abs(masses.model[0] - masses.truth[0]), abs=1e-6)
    assert (entry.ess, entry.ancestors) == (shot.history["ess"][-1], shot.history["ancestors"][-1])


def test_a_method_without_weights_has_no_weighted_numbers():
    """Its equal weights are no estimate, and its ESS/N of 1 says nothing."""
    entry = entry_of(1, PRESET, picture(small_spec(method={"kind": "cd"}), 5))
    assert np.isfinite(entry.raw)
    assert np.isnan([entry.weighted, entry.ess, entry.ancestors]).all()
    assert np.isnan(entry.curves.ess).all()


def test_images_know_an_estimated_cross_entropy_and_no_mass_of_the_model():
    """It is never called KL: nobody knows the entropy of images."""
    shot = picture(image_spec(), 3)
    entry = entry_of(1, "digits-017", shot)
    assert entry.kl.quantity == "cross-entropy, estimated by the walkers"
    assert entry.kl.value == shot.history["kl_estimate"][-1]
    assert entry.mode == f"class {shot.class_names[0]}"
    assert np.isnan(entry.model)


def test_a_run_that_stopped_says_where(shot):
    why = Divergence("gradient", 17, np.inf, "sampler.step_size", "too large")
    entry = entry_of(1, PRESET, replace(shot, divergence=why))
    assert entry.remark == "stopped at update 17: gradient"


def test_curves_are_thinned_from_first_to_last(shot):
    """At most 200 points, evenly, with both ends; the last is the number of the row."""
    entry = entry_of(1, PRESET, picture(small_spec(), 450))
    steps = entry.curves.step
    assert len(steps) <= POINTS
    assert (steps[0], steps[-1]) == (0, 450)
    assert np.diff(steps).max() <= 2 * np.diff(steps).min() + 1
    assert entry.curves.kl[-1] == np.float32(entry.kl.value)


def test_the_same_spec_has_one_row_and_the_furthest_update_wins(shot):
    """A second run that came less far does not take the numbers of the first away."""
    shelf = PastRuns()
    early = picture(small_spec(seed=3), 10)
    assert shelf.put(PRESET, early).step == 10
    assert shelf.put(PRESET, shot).step == 30
    assert shelf.put(PRESET, early).step == 30
    assert [(entry.number, entry.step) for entry in shelf.entries] == [(1, 30)]


def test_a_run_that_made_no_update_gets_no_row():
    shelf = PastRuns()
    assert shelf.put(PRESET, picture(small_spec(), 0)) is None
    assert shelf.entries == ()


def test_a_run_that_begins_again_keeps_the_row_that_it_has(shot):
    """After a reset its furthest update still stands there, and it is the present run's row."""
    shelf = PastRuns()
    shelf.put(PRESET, shot)
    assert shelf.put(PRESET, picture(shot.spec, 0)).step == 30


def test_a_run_that_its_spec_alone_does_not_give_has_a_row_of_its_own(shot):
    """Changes on the way or a start from a file lead elsewhere; a change at update 0 does not."""
    shelf = PastRuns()
    shelf.put(PRESET, shot)
    shelf.put(PRESET, replace(shot, changes=((0, {"sampler.step_size": 0.1}),)))
    shelf.put(PRESET, replace(shot, changes=((9, {"sampler.step_size": 0.1}),)))
    shelf.put(PRESET, replace(shot, marks=((0, MARK),)))
    assert [entry.remark for entry in shelf.entries] == [FROM_FILE, CHANGED, ""]


def test_the_row_put_last_comes_first_and_keeps_its_number(shot):
    shelf = PastRuns()
    for seed in (1, 2, 3, 1):
        shelf.put(PRESET, replace(shot, spec=with_value(shot.spec, "seed", seed)))
    assert [entry.number for entry in shelf.entries] == [1, 3, 2]


def test_the_shelf_is_bounded_and_counts_what_is_gone(shot):
    """The one seen longest ago goes; a number is never given twice."""
    shelf = PastRuns(most=3)
    for seed in range(5):
        shelf.put(PRESET, replace(shot, spec=with_value(shot.spec, "seed", seed)))
    assert [entry.number for entry in shelf.entries] == [5, 4, 3]
    assert shelf.gone == 2


def test_dropped_rows_are_away_and_their_numbers_stay_used(shot):
    shelf = PastRuns()
    for seed in range(3):
        shelf.put(PRESET, replace(shot, spec=with_value(shot.spec, "seed", seed)))
    shelf.drop(3, 1, 77)
    assert [entry.number for entry in shelf.entries] == [2]
    assert shelf.put(PRESET, shot).number == 4


def test_own_points_can_run_again_only_while_their_file_is_there(shot, tmp_path):
    """One sentence, no path in it."""
    file = tmp_path / "own.csv"
    file.write_text("0,0\n")
    target = {"kind": "points", "path": str(file)}
    spec = RunSpec.model_validate({"target": target, "energy": {"kind": "mlp"}})
    entry = entry_of(1, "net-moons", replace(shot, spec=spec))
    assert entry.why_not == ""
    file.unlink()
    assert "own points is no longer on this server" in entry.why_not
    assert str(tmp_path) not in entry.why_not
