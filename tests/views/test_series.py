"""Thinning, bands and running medians."""

import numpy as np

from ebm_engine.views.style.series import band_outline, last_finite, running_median, thin


def test_thinning_keeps_both_ends_and_even_spacing():
    kept = thin(10_001, 1001)
    np.testing.assert_array_equal(kept, np.arange(0, 10_001, 10))
    np.testing.assert_array_equal(thin(5, 10), np.arange(5))


def test_a_band_is_one_closed_polygon_per_stretch_without_nan():
    x = np.arange(6.0)
    low = np.array([0, 0, np.nan, 1, 1, 1.0])
    high = np.array([2, 2, 2, 3, np.nan, 3.0])
    xs, ys = band_outline(x, low, high)
    np.testing.assert_array_equal(xs, [0, 1, 1, 0, np.nan, 3, 3, np.nan, 5, 5])
    np.testing.assert_array_equal(ys, [0, 0, 2, 2, np.nan, 1, 3, np.nan, 1, 3])


def test_a_band_without_numbers_is_empty():
    nothing = np.full(4, np.nan)
    assert [len(part) for part in band_outline(np.arange(4.0), nothing, nothing)] == [0, 0]


def test_a_running_median_ignores_outliers_and_nan():
    values = np.array([1, 1, 50, 1, np.nan, 1, 1.0])
    np.testing.assert_array_equal(running_median(values, 5)[2:-2], 1)
    assert np.isnan(running_median(np.full(3, np.nan), 3)).all()


def test_a_running_median_of_a_straight_line_is_the_line_away_from_the_ends():
    line = np.arange(20.0)
    np.testing.assert_array_equal(running_median(line, 5)[2:-2], line[2:-2])


def test_the_last_finite_value_skips_the_nan_after_it():
    assert last_finite(np.array([1.0, 2.0, np.nan])) == 2.0
    assert last_finite(np.array([np.nan])) is None
