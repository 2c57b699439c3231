"""Frames of image runs: tiles, films and what AIS has measured."""

from __future__ import annotations

import numpy as np

from pages.live.frame import pack
from tests.pages.live_tools import small_snapshot, unpack, view_of


def with_pictures():
    """A snapshot with 3 tiles of 2 × 4 pixels and 2 films of 5."""
    rng = np.random.default_rng(1)
    return small_snapshot(
        known_density=False,
        tiles=rng.integers(0, 256, (3, 2, 4), dtype=np.uint8),
        tile_rows=np.array([40, 7, 0]),
        tile_log_w=np.array([2.5, 0.0, -np.inf], np.float32),
        tile_energies=np.array([1.5, -2.0, 1e6], np.float32),
        tile_labels=np.array([1, 0, 1]),
        tile_nearest=rng.integers(0, 256, (3, 2, 4), dtype=np.uint8),
        tile_distance=np.array([0.125, 0.0, 0.75], np.float32),
        films=rng.integers(0, 256, (2, 5, 2, 4), dtype=np.uint8),
        class_names=("3", "8"),
    )


def test_tiles_and_films_arrive_bit_by_bit_in_a_slow_frame():
    """Sorted tiles keep their order: a frame that sorted again would show other walkers."""
    snapshot = with_pictures()
    header, arrays = unpack(pack(view_of(snapshot), with_static=False))
    np.testing.assert_array_equal(arrays["tiles"], snapshot.tiles)
    np.testing.assert_array_equal(arrays["films"], snapshot.films)
    assert arrays["tile_rows"].tolist() == [40, 7, 0]
    assert arrays["tile_labels"].tolist() == [1, 0, 1]
    assert arrays["tile_log_w"].tolist() == [2.5, 0.0, -60.0]
    assert arrays["tile_energies"].tolist() == [1.5, -2.0, 1e6]
    np.testing.assert_array_equal(arrays["tile_nearest"], snapshot.tile_nearest)
    assert arrays["tile_distance"].tolist() == [0.125, 0.0, 0.75]
    assert header["images"]
    assert header["classNames"] == ["3", "8"]
    assert not header["quadrature"]
    fast = unpack(pack(view_of(snapshot), with_static=False, with_slow=False))[1]
    assert "tiles" not in fast


def test_a_frame_of_the_plane_has_no_tiles():
    header, arrays = unpack(pack(view_of(small_snapshot()), with_static=True))
    assert not header["images"]
    assert "tiles" not in arrays


def test_a_measurement_travels_in_the_frame_only_where_no_other_way_is_open():
    view = view_of(with_pictures())
    found = {"step": 3, "masses": [0.4, 0.6]}
    read = [
        unpack(pack(view, with_static=False, measured=m))[0].get("measured", "unsaid")
        for m in (None, {}, found)
    ]
    assert read == ["unsaid", None, found]
