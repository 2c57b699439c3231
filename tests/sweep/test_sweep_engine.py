"""Training a sweep: the same bits on every backend, what is kept, and what a second start does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ebm_engine.batch.backends import check_backend
from ebm_engine.batch.folder import path_of
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.sweep.engine import run_sweep
from ebm_engine.sweep.numbers import measure
from ebm_engine.sweep.store import recall, trim
from ebm_engine.sweep.sweep_spec import cells
from tests.cli.cli_tools import children
from tests.server.hub_tools import alive, wait_for
from tests.sweep.sweep_tools import small_sweep


def all_of(sweep, folder, **options):
    *_, found = run_sweep(sweep, folder, **options)
    return [found[i] for i in range(sweep.count)]


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """A folder with every cell of the small sweep, computed in this process, and the numbers."""
    folder = tmp_path_factory.mktemp("serial")
    return folder, all_of(small_sweep(), folder, workers=1)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_the_numbers_do_not_depend_on_where_they_are_computed(backend, serial, tmp_path):
    """Several processes and another order give the same bits as one process: equal, not close."""
    assert all_of(small_sweep(), tmp_path, backend=backend, workers=2) == serial[1]


def test_a_second_start_trains_only_what_is_missing(serial, monkeypatch):
    """With one file gone, one cell is trained, and its numbers are the same as before."""
    folder, numbers = serial
    trained = []

    def counted(spec, updates):
        trained.append(spec)
        return measure(spec, updates)

    monkeypatch.setattr("ebm_engine.sweep.engine.measure", counted)
    cell = cells(small_sweep())[5]
    path_of(cell, folder).unlink()
    assert all_of(small_sweep(), folder, workers=1) == numbers
    assert trained == [cell.spec]


def test_a_wider_sweep_uses_the_cells_of_a_narrower_one(serial):
    """Files are named by the run, not by the sweep."""
    sweep = small_sweep(x={"path": "sampler.step_size", "values": (0.2, 0.5, 0.1)})
    first = next(iter(run_sweep(sweep, serial[0], workers=1)))
    assert len(first) == 8
    assert first[2] == serial[1][0]


def test_cells_come_one_by_one_and_a_stop_keeps_them(tmp_path):
    looks = run_sweep(small_sweep(), tmp_path, workers=1)
    assert [len(next(looks)) for _ in range(3)] == [0, 1, 2]
    looks.close()
    assert sum(recall(c, tmp_path) is not None for c in cells(small_sweep())) == 2


def test_an_illegal_cell_leaves_no_file_and_no_crash(tmp_path):
    sweep = small_sweep(y={"path": "walkers.count", "values": (1, 20)}, methods=("pcd",))
    found = all_of(sweep, tmp_path, workers=1)
    assert [bool(numbers["problem"]) for numbers in found] == [True, True, False, False]
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_data_that_are_missing_mark_their_cells(tmp_path, monkeypatch):
    """A run that cannot be built here has a sentence, and is tried again another time."""

    def missing(spec, updates):
        raise SpecError("no data here")

    monkeypatch.setattr("ebm_engine.sweep.engine.measure", missing)
    found = all_of(small_sweep(), tmp_path, workers=1)
    assert {numbers["problem"] for numbers in found} == {"no data here"}
    assert not list(tmp_path.rglob("*.json"))


def test_a_damaged_file_is_named(serial, tmp_path):
    cell = cells(small_sweep())[0]
    for content in ("{", "[]", json.dumps({"key": "other", "numbers": {}})):
        path_of(cell, tmp_path).parent.mkdir(exist_ok=True)
        path_of(cell, tmp_path).write_text(content)
        with pytest.raises(SpecError, match=r"cannot be read .* remove it to train it again"):
            all_of(small_sweep(), tmp_path, workers=1)


def test_a_server_keeps_the_newest_cells(tmp_path):
    (tmp_path / "runs").mkdir()
    for age in range(5):
        path = tmp_path / "runs" / f"{age}.json"
        path.write_text("{}")
        os.utime(path, (1000 - age, 1000 - age))
    trim(tmp_path, 2)
    assert sorted(p.name for p in tmp_path.rglob("*.json")) == ["0.json", "1.json"]


@pytest.mark.parametrize(
    ("backend", "workers", "words"),
    [
        ("slurm", None, "backend 'slurm' is unknown, allowed are loky, dask, ray"),
        ("loky", 0, "workers = 0: must be between 1 and 256"),
        ("ray", None, "backend 'ray' needs the package 'ray'"),
    ],
)
def test_a_backend_that_is_not_there_has_a_sentence(backend, workers, words, monkeypatch):
    known = {"ray": None}
    monkeypatch.setattr("ebm_engine.batch.backends.find_spec", lambda name: known.get(name, True))
    with pytest.raises(SpecError, match=words):
        check_backend(backend, workers)


ROOT = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from ebm_engine.sweep.engine import run_sweep
from tests.sweep.sweep_tools import small_sweep

if __name__ == "__main__":
    for found in run_sweep(small_sweep(updates=100_000), Path(sys.argv[1]), workers=2):
        pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_outlives_a_killed_sweep(tmp_path):
    """SIGKILL of the owner in the middle of long cells: its workers end within seconds."""
    script = tmp_path / "sweep.py"
    script.write_text(KILLED)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
    try:
        wait_for(lambda: len(children(process.pid)) >= 2, 60.0)
        started = children(process.pid)
        time.sleep(1.0)  # they load the maths, or train already
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for(lambda: not any(alive(pid) for pid in started), 60.0)
