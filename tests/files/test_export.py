"""Numbers to take away: every digit of them, and a script that really gives them again."""

import csv
import io
import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ebm_engine.files import export, script
from ebm_engine.run import history
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import HISTORY, MARK
from ebm_engine.spec.edit import parse_spec, with_value
from tests.run.image_runs import played
from tests.run.image_runs import spec as image_spec
from tests.server.hub_tools import small_spec

ROOT = Path(__file__).parents[2]


def picture(run):
    return run.snapshot(playing=False, updates_per_second=0.0)


@pytest.fixture(scope="module")
def run():
    """Two modes in the plane: 43 updates, a smaller step size, 20 more."""
    run = played(small_spec(), 43)
    run.change(with_value(run.spec, "sampler.step_size", 0.03))
    for _ in range(20):
        run.advance()
    return run


@pytest.fixture(scope="module")
def beginning():
    """The picture of update 0."""
    return picture(played(small_spec(), 0))


@pytest.fixture(scope="module")
def digits():
    """A run on digits in ten dimensions."""
    return played(image_spec(), 6)


def rows(content):
    header, *body = list(csv.reader(io.StringIO(content.decode())))
    return header, body


def test_the_curves_come_back_from_csv_to_the_last_bit(run):
    """float(text) is the number itself in every column; empty is NaN, and nothing is left out."""
    snapshot = picture(run)
    header, body = rows(export.curves_csv(snapshot))
    back = np.array([[float(cell or "nan") for cell in row] for row in body])
    exact = np.column_stack([*snapshot.history.values(), *snapshot.mass_history.T])
    np.testing.assert_array_equal(back, exact)
    assert len(header) == len(set(header)) == len(HISTORY) + 2
    assert header[0] == "update"
    assert {"kl_exact_nats", "ess_share", "model_mass_2"} <= set(header)
    assert all("." not in row[0] for row in body)  # an update is a whole number


def test_where_nobody_knows_the_density_kl_is_called_what_it_is(digits):
    """A cross-entropy of images must not be written down as a KL; classes name the masses."""
    header = rows(export.curves_csv(picture(digits)))[0]
    assert "cross_entropy_estimate_nats" in header
    assert not [name for name in header if name.startswith("kl_e")]
    assert header[-3:] == ["model_mass_0", "model_mass_1", "model_mass_7"]


def test_the_json_is_strict_and_holds_spec_and_changes(run):
    """No NaN, which JSON does not know; the live change stands at its update."""

    def refuse(text):
        raise AssertionError(text)

    content = json.loads(export.curves_json(picture(run)), parse_constant=refuse)
    assert parse_spec(content["spec"]) == run.spec
    assert content["changes"] == [[43, {"sampler.step_size": 0.03}]]
    curves = content["curves"]
    assert curves["update"][-1] == content["update"] == 63
    assert curves["contrast_nats"][0] is None
    assert curves["kl_exact_nats"] == picture(run).history["kl_exact"].tolist()


def test_the_walkers_of_the_plane_are_those_of_the_picture(run):
    """Weights sum to 1 and are softmax(A); coordinates are exact in float32."""
    table = export.walker_table(picture(run), None)
    header, body = rows(export.walkers_csv(table))
    back = np.array(body, dtype=float)
    train = run.state.walkers.train
    assert header == ["walker", "weight_share", "energy_nats", "x1", "x2"]
    np.testing.assert_array_equal(back[:, 3:].astype(np.float32), train.x.numpy())
    np.testing.assert_allclose(back[:, 1], train.log_w.softmax(0).numpy(), rtol=1e-5)
    assert back[:, 1].sum() == pytest.approx(1, abs=1e-6)


def test_the_one_coordinate_of_a_run_in_one_dimension_comes_alone():
    """The second number of the picture is only for the eye."""
    line = {"kind": "mixture", "means": [[-3.0], [3.0]], "masses": [0.5, 0.5]}
    run = played(small_spec(target=line | {"samples": 60}, energy={"means": [[-1.0], [1.0]]}), 2)
    table = export.walker_table(picture(run), None)
    np.testing.assert_array_equal(table.x, run.state.walkers.train.x.numpy())


def test_in_many_dimensions_all_coordinates_come_from_the_checkpoint(digits):
    """The picture has two of ten; the file has all, to the bit, with the checkpoint's update."""
    table = export.walker_table(picture(digits), digits.save())
    with np.load(io.BytesIO(export.walkers_npz(picture(digits), table))) as found:
        train = digits.state.walkers.train
        np.testing.assert_array_equal(found["x"], train.x.numpy())
        np.testing.assert_allclose(found["weight"], train.log_w.softmax(0).numpy(), rtol=1e-12)
        np.testing.assert_allclose(np.exp(found["log_weight"]), found["weight"], rtol=1e-12)
        assert found["update"] == 6
        assert parse_spec(json.loads(str(found["spec"]))) == digits.spec


def test_without_a_checkpoint_or_with_a_damaged_one_there_is_one_sentence(digits):
    """Never a file with two of ten coordinates."""
    with pytest.raises(ValueError, match="not available yet"):
        export.walker_table(picture(digits), None)
    with pytest.raises(CheckpointError, match="damaged"):
        export.walker_table(picture(digits), digits.save()[:-9])


def test_a_table_too_large_for_csv_says_how_large_it_is():
    """10 000 walkers of 784 pixels are 7 840 000 numbers."""
    with pytest.raises(export.TooLarge, match=r"7840000 numbers.*at most 2000000: take the NPZ"):
        export.check_cells(10_000, 784)
    export.check_cells(2000, 784)


def test_the_script_gives_the_numbers_again(run, beginning, tmp_path):
    """The run with its live change, trained anew in a process of its own: equal to 1e-6, and it
    ends with status 0.
    """
    path = tmp_path / "again.py"
    path.write_bytes(script.script(picture(run), beginning, path.name))
    done = subprocess.run(
        [sys.executable, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "kl_exact " in done.stdout
    assert "weighted mass 2" in done.stdout
    assert float(done.stdout.split("largest difference ")[1].split(",")[0]) <= 1e-6


@pytest.mark.parametrize(("added", "status"), [(5e-7, 0), (2e-6, 1)])
def test_the_script_notices_a_number_that_differs(
    run, beginning, tmp_path, monkeypatch, added, status
):
    """One expected number moved by 2e-6 ends it with status 1, by 5e-7 with 0."""
    good = script.script(picture(run), beginning, "again.py").decode()
    exact = float(picture(run).history["kl_exact"][-1])
    moved = good.replace(f'"kl_exact": {exact!r}', f'"kl_exact": {exact + added!r}')
    assert moved != good
    path = tmp_path / "moved.py"
    path.write_text(moved, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path))
    assert ended.value.code == status


def test_a_script_without_a_number_that_was_expected_fails(run, beginning, tmp_path, monkeypatch):
    """A number that is not found is as far off as can be."""
    text = script.script(picture(run), beginning, "again.py").decode()
    path = tmp_path / "more.py"
    path.write_text(text.replace('"kl_exact":', '"kl_other":'), encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path))
    assert ended.value.code == 1


def test_the_script_starts_from_the_settings_before_the_changes(run, beginning):
    """Not from those of the picture: the step size was 0.1 until update 43."""
    assert script.beginning(picture(run), beginning) == beginning.spec
    assert picture(run).spec != beginning.spec


def test_numbers_that_do_not_exist_are_left_out(digits):
    """The exact KL of images is NaN, which no difference could ever be compared with."""
    found = script.numbers_of(picture(digits), 6)
    assert "kl_exact" not in found
    assert found["weighted mass 3"] == picture(digits).mode_mass.weighted[2]


def test_runs_that_no_script_can_give_again_are_refused_with_the_reason(run, beginning):
    """Own files, parameters from a file, a start that is not known any more."""
    snapshot = picture(run)
    own = parse_spec({"target": {"kind": "points", "path": "a.csv"}, "energy": {"kind": "mlp"}})
    stranger = replace(beginning, spec=with_value(beginning.spec, "seed", 5))
    for shown, first, reason in (
        (replace(snapshot, spec=own), beginning, "points are a file of yours"),
        (replace(snapshot, marks=((0, MARK),)), beginning, "did not start from its settings"),
        (replace(snapshot, marks=((9, "x"),) * script.MARKS), beginning, "did not start"),
        (snapshot, None, "not known any more"),
        (snapshot, replace(beginning, step=10), "not known any more"),
        (snapshot, stranger, "not known any more"),
        (replace(snapshot, changes=((1, {"walkers.count": 1}),)), beginning, "do not fit"),
    ):
        with pytest.raises(script.NotReproducible, match=reason):
            script.script(shown, first, "x.py")


def test_the_bound_on_marks_is_the_one_of_the_recorder():
    """Beyond it the mark of update 0 may be gone."""
    assert script.MARKS == history.MARKS


def test_a_run_without_changes_needs_no_first_picture():
    """Its present settings are those of its start."""
    run = Run(small_spec())
    assert script.beginning(picture(run), None) == run.spec
