"""CSV tables read back."""

import csv
import io

import numpy as np
import pytest

from ebm_engine.run.snapshot import HISTORY
from ebm_engine.views.one_run import tables


def columns(text):
    header, *rows = csv.reader(io.StringIO(text))
    numbers = np.array([[float(cell) for cell in row] for row in rows]).reshape(-1, len(header))
    return dict(zip(header, numbers.T, strict=True))


def test_the_history_comes_back_bit_for_bit(snapshot):
    read = columns(tables.history_csv(snapshot))
    assert tuple(read) == (*HISTORY, "mass_1", "mass_2")
    for name in HISTORY:
        np.testing.assert_array_equal(read[name], snapshot.history[name])
    np.testing.assert_array_equal(read["mass_2"], snapshot.mass_history[:, 1])


def test_the_walkers_come_back_bit_for_bit(snapshot):
    read = columns(tables.walkers_csv(snapshot))
    np.testing.assert_array_equal(read["walker"], np.arange(1000))
    np.testing.assert_array_equal(read["x1"].astype(np.float32), snapshot.positions[:, 0])
    np.testing.assert_array_equal(read["x2"].astype(np.float32), snapshot.positions[:, 1])
    np.testing.assert_array_equal(read["energy"].astype(np.float32), snapshot.energies)
    np.testing.assert_array_equal(read["log_n_weight"].astype(np.float32), snapshot.log_w)


def test_the_masses_come_back_with_the_centres_of_their_modes(snapshot):
    read = columns(tables.masses_csv(snapshot))
    np.testing.assert_array_equal(read["mode"], [1, 2])
    for name in ("truth", "data", "model", "raw", "raw_se", "weighted", "weighted_se"):
        np.testing.assert_array_equal(read[name], getattr(snapshot.mode_mass, name))
    np.testing.assert_array_equal(read["centre_1"], snapshot.means[:, 0])
    np.testing.assert_array_equal(read["centre_2"], snapshot.means[:, 1])


def test_the_masses_of_regions_come_with_the_points_of_the_target(network):
    """A network has no means: eight rows must not be cut short to the length of an empty list."""
    read = columns(tables.masses_csv(network))
    np.testing.assert_array_equal(read["truth"], network.mode_mass.truth)
    np.testing.assert_array_equal(read["centre_2"], network.mode_centres[:, 1])


def test_cross_entropies_are_not_called_kl(own_points):
    read = columns(tables.history_csv(own_points))
    assert not [name for name in read if name.startswith("kl")]
    np.testing.assert_array_equal(read["cross_entropy_exact"], own_points.history["kl_exact"])
    assert np.isnan(read["total_variation"]).all()


def test_steps_are_written_as_whole_numbers(snapshot):
    assert tables.history_csv(snapshot).splitlines()[1].startswith("0,")


def test_an_empty_history_is_a_header_row(make):
    history = {name: np.empty(0) for name in HISTORY}
    empty = make(history=history, mass_history=np.empty((0, 2)))
    assert tables.history_csv(empty) == ",".join([*HISTORY, "mass_1", "mass_2"]) + "\n"


def test_columns_of_different_lengths_are_an_error(make, snapshot):
    ragged = make(history={"step": np.arange(3), "ess": np.arange(2)})
    with pytest.raises(ValueError, match="shorter"):
        tables.history_csv(ragged)
