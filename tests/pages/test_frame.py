"""Frames: what comes out of the bytes is what went in, to the stated precision."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from ebm_engine.run.snapshot import Divergence
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.methods import METHODS
from pages.live.frame import CURVES, MAX_SHOWN, pack
from tests.pages.live_tools import BOX, from_box, small_snapshot, unpack, view_of


def test_positions_survive_to_a_thousandth_of_the_box():
    """Half a level of 65534 over 18 units is 1.4e-4; a swap of x and y would be off by units."""
    snapshot = small_snapshot()
    _, arrays = unpack(pack(view_of(snapshot), with_static=True))
    np.testing.assert_allclose(from_box(arrays["positions"]), snapshot.positions, atol=3e-4)
    np.testing.assert_allclose(from_box(arrays["data"]), snapshot.data, atol=3e-4)


def test_positions_outside_the_box_are_shown_at_its_border():
    """A wrap-around of uint16 would put them at the opposite side."""
    outside = np.array([[-1e9, 3.0], [20.0, 1e30], [np.inf, -np.inf]], np.float32)
    log_w = np.zeros(3, np.float32)
    snapshot = small_snapshot(positions=outside, log_w=log_w, energies=log_w)
    _, arrays = unpack(pack(view_of(snapshot), with_static=False))
    expected = [[BOX[0], 3.0], [BOX[1], BOX[3]], [BOX[1], BOX[2]]]
    np.testing.assert_allclose(from_box(arrays["positions"]), expected, atol=3e-4)


def test_missing_positions_of_a_trail_stay_missing():
    trails = np.zeros((2, 60, 2), np.float32)
    trails[1, :30] = np.nan
    _, arrays = unpack(pack(view_of(small_snapshot(trails=trails)), with_static=False))
    np.testing.assert_array_equal(np.isnan(arrays["trails"]), np.isnan(trails))


def test_the_field_is_measured_from_its_minimum_and_cut_at_12():
    snapshot = small_snapshot()
    _, arrays = unpack(pack(view_of(snapshot), with_static=False))
    expected = np.clip(snapshot.field - snapshot.field.min(), 0, 12)
    np.testing.assert_allclose(arrays["field"], expected, atol=2e-4)


def test_log_weights_and_energies_keep_three_digits():
    log_w = np.array([-np.inf, -200.0, -3.21, 0.0, 4.56], np.float32)
    energies = np.array([0.5, 12.34, -3.0, 1e9, np.nan], np.float32)
    snapshot = small_snapshot(
        positions=np.zeros((5, 2), np.float32), log_w=log_w, energies=energies
    )
    _, arrays = unpack(pack(view_of(snapshot), with_static=False))
    np.testing.assert_allclose(arrays["log_w"], [-60, -60, -3.21, 0, 4.56], atol=2e-3)
    np.testing.assert_allclose(arrays["energies"], [0.5, 12.34, -3, 65504, np.nan], rtol=1e-3)


def test_curves_come_in_the_order_that_the_header_names():
    snapshot = small_snapshot()
    header, arrays = unpack(pack(view_of(snapshot), with_static=False))
    assert header["curves"] == list(CURVES)
    for name, values in zip(header["curves"], arrays["curves"], strict=True):
        np.testing.assert_allclose(values, snapshot.history[name], rtol=1e-6)
    assert arrays["resampled_at"].tolist() == [2, 5]


def test_a_frame_holds_the_slow_and_the_fixed_part_only_when_asked():
    view = view_of(small_snapshot(target_density=np.ones((20, 20), np.float32)))
    moving = {"positions", "log_w", "energies", "trails"}
    slow = {"field", "curves", "resampled_at"}
    assert set(unpack(pack(view, with_static=False, with_slow=False))[1]) == moving
    assert set(unpack(pack(view, with_static=False))[1]) == moving | slow
    assert set(unpack(pack(view, with_static=True))[1]) == moving | slow | {"data", "truth"}


def test_the_true_density_is_sent_as_its_energy_and_only_where_it_is_known():
    """−log(p/max p): 0, log 2, and 12 where the density is 0. A cross-entropy run has none."""
    density = np.array([[4.0, 2.0], [0.0, 4.0]], np.float32)
    view = view_of(small_snapshot(target_density=density))
    header, arrays = unpack(pack(view, with_static=True))
    np.testing.assert_allclose(arrays["truth"], [[0, np.log(2)], [12, 0]], atol=2e-4)
    assert header["known"]
    unknown = np.full((2, 2), np.nan, np.float32)
    view = view_of(small_snapshot(target_density=unknown, known_density=False))
    header, arrays = unpack(pack(view, with_static=True))
    assert "truth" not in arrays
    assert not header["known"]


@pytest.mark.parametrize("kind", METHODS)
def test_the_header_names_the_method_as_its_block_does(kind):
    spec = parse_spec({"method": {"kind": kind}})
    header, _ = unpack(pack(view_of(small_snapshot(spec=spec)), with_static=False))
    block = METHODS[kind]
    assert header["weighted"] == block.weighted
    assert header["readsWalkers"] == block.reads_walkers
    assert header["methodHelp"] == block.help
    assert "{" not in header["methodLabel"]
    assert header["methodLabel"] == ("CD-1" if kind == "cd" else header["methodLabel"])


def test_a_network_has_no_means_and_its_numbers_come_from_quadrature():
    none = np.zeros((0, 2), np.float32)
    spec = parse_spec({"target": {"kind": "moons"}, "energy": {"kind": "mlp"}})
    changes = {"means": none, "target_means": none, "target_stds": none[:, 0], "outside": 0.02}
    header, _ = unpack(pack(view_of(small_snapshot(spec=spec, **changes)), with_static=False))
    assert header["means"] == header["targetMeans"] == header["targetStds"] == []
    assert header["quadrature"]
    assert header["outside"] == 0.02


def test_a_run_without_a_picture_still_has_a_status():
    view = view_of(None, queue_position=2, notice="waiting", playing=False, speed=10.0)
    header, arrays = unpack(pack(view, with_static=True))
    assert arrays == {}
    assert header == {
        "version": 1, "playing": False, "queue": 2, "cap": 10.0, "notice": "waiting",
        "recorded": False, "tape": [], "arrays": []
    }  # fmt: skip


def test_numbers_that_are_not_finite_are_null_in_the_header():
    """Python's json writes NaN, which no browser can read."""
    history = {k: v * np.nan for k, v in small_snapshot().history.items()}
    diverged = Divergence("walker energy", 6, float("inf"), "sampler.step_size", "It exploded.")
    nowhere = np.full((2, 2), np.nan)
    snapshot = small_snapshot(history=history, divergence=diverged, means=nowhere)
    header, _ = unpack(pack(view_of(snapshot), with_static=False))
    assert header["kl_exact"] is None
    assert header["means"] == [[None, None]] * 2
    assert header["divergence"]["value"] is None
    assert header["divergence"]["knob"] == "Step size h"
    assert "NaN" not in json.dumps(header)


def test_a_run_of_nothing_but_nan_can_still_be_shown():
    n = 10
    lost = {
        "positions": np.full((n, 2), np.nan, np.float32),
        "log_w": np.full(n, np.nan, np.float32),
        "energies": np.full(n, np.nan, np.float32),
        "field": np.full((20, 20), np.nan, np.float32),
    }
    _, arrays = unpack(pack(view_of(small_snapshot(n, **lost)), with_static=False))
    assert all(np.isnan(arrays[name]).all() for name in lost)


def test_a_crowd_is_thinned_evenly_and_keeps_its_numbers():
    n = 2 * MAX_SHOWN + 1
    snapshot = small_snapshot(n)
    header, arrays = unpack(pack(view_of(snapshot), with_static=False))
    assert header["walkers"] == n
    assert header["every"] == 3
    assert len(arrays["log_w"]) <= MAX_SHOWN
    np.testing.assert_allclose(arrays["log_w"], snapshot.log_w[::3], atol=1e-3)


def test_a_space_of_one_or_fifty_dimensions_gives_points_of_the_plane():
    for d in (1, 50):
        means = np.arange(2.0 * d).reshape(2, d)
        header, _ = unpack(
            pack(view_of(small_snapshot(means=means, target_means=means)), with_static=False)
        )
        second = [0.0, 0.0] if d == 1 else [1.0, 51.0]
        assert header["means"] == [[0.0, second[0]], [float(d), second[1]]]


def test_the_header_names_what_a_warning_needs():
    method = {"kind": "weighted-ula", "correction": False, "ess_threshold": 0.3}
    spec = parse_spec({"method": method, "sampler": {"temperature": 2.0}})
    header, _ = unpack(pack(view_of(small_snapshot(spec=spec)), with_static=False))
    named = {name: header[name] for name in ("method", "correction", "threshold", "temperature")}
    assert named == {
        "method": "weighted-ula", "correction": False, "threshold": 0.3, "temperature": 2.0
    }  # fmt: skip


@pytest.mark.parametrize("slow", [True, False])
def test_packing_4000_walkers_takes_milliseconds(slow):
    """A loop over walkers in Python would take more; the bound leaves room for a busy machine."""
    rng = np.random.default_rng(1)
    view = view_of(
        small_snapshot(
            4000,
            field=rng.uniform(0, 20, (100, 100)).astype(np.float32),
            history={k: np.arange(600.0) for k in small_snapshot().history},
        )
    )
    times = []
    for _ in range(20):
        start = time.perf_counter()
        frame = pack(view, with_static=False, with_slow=slow)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.004
    assert len(frame) < (90_000 if slow else 40_000)


def test_a_frame_without_a_socket_says_what_the_page_shows():
    """And one that comes by the socket leaves it out: the component's data has said it."""
    look = {"layers": "data", "hidden": ["masses"]}
    header, _ = unpack(pack(view_of(small_snapshot()), with_static=True, look=look))
    assert {name: header[name] for name in look} == look
    header, _ = unpack(pack(view_of(small_snapshot()), with_static=True))
    assert not header.keys() & look.keys()
