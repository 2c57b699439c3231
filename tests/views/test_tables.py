"""CSV tables read back."""

import csv
import io

import numpy as np

from ebm_engine.views.one_run import tables


def columns(text):
    header, *rows = csv.reader(io.StringIO(text))
    numbers = np.array([[float(cell) for cell in row] for row in rows]).reshape(-1, len(header))
    return dict(zip(header, numbers.T, strict=True))


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
