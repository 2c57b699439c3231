"""Histogram of log-weights and Lorenz curve."""

import numpy as np
import pytest

from ebm_engine.views.one_run import weights


def log_n_w(shares):
    return np.log(np.asarray(shares) * len(shares))


def population(make, log_w):
    n = len(log_w)
    return make(log_w=np.asarray(log_w), positions=np.zeros((n, 2)), energies=np.zeros(n))


def test_the_lorenz_sentence_reads_the_mass_of_the_heaviest_hundredth():
    """One of 100 walkers holds 38 %; the lightest hundredth would hold 0.63 %."""
    log_w = log_n_w([0.38] + [0.62 / 99] * 99)
    assert weights.top_sentence(log_w) == "the top 1 % of walkers hold 38 % of the mass"


def test_the_lorenz_sentence_of_equal_weights_holds_one_percent_in_one_percent():
    assert weights.top_sentence(np.zeros(1000)) == "the top 1 % of walkers hold 1 % of the mass"


def test_the_lorenz_sentence_of_few_walkers_names_the_share_that_one_walker_is():
    log_w = log_n_w([0.5] + [0.5 / 39] * 39)
    assert weights.top_sentence(log_w) == "the top 2.5 % of walkers hold 50 % of the mass"


def test_the_lorenz_curve_of_a_hand_made_weight_vector(make):
    drawn = weights.lorenz(population(make, log_n_w([0.1, 0.6, 0.3]))).figure.data[1]
    np.testing.assert_allclose(drawn.x, [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(drawn.y, [0, 0.6, 0.9, 1.0])


def test_shares_do_not_overflow_or_depend_on_a_constant():
    log_w = np.array([900.0, 899.0, -900.0])
    np.testing.assert_allclose(weights.shares(log_w), weights.shares(log_w - 900), atol=1e-15)
    assert weights.shares(log_w).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("shares", "count"),
    [([0.25] * 4, 2), ([0.6, 0.2, 0.2], 1), ([0.2, 0.2, 0.2, 0.4], 2), ([0.3, 0.4, 0.3], 2)],
)
def test_carriers_is_the_smallest_number_of_walkers_with_half_of_the_mass(shares, count):
    assert weights.carriers(log_n_w(shares)) == count


def test_the_filled_bars_are_the_walkers_that_carry_half_of_the_mass(snapshot):
    filled, rest = weights.log_weight_histogram(snapshot).figure.data
    heavy = weights.carriers(snapshot.log_w)
    assert filled.y.sum() == heavy
    assert rest.y.sum() == 1000 - heavy
    weight = np.sort(np.exp(snapshot.log_w.astype(float)))[::-1]
    assert weight[:heavy].sum() >= 0.5 * weight.sum() > weight[: heavy - 1].sum()
    lightest_filled = np.log(weight[heavy - 1])
    bin_width = filled.x[1] - filled.x[0]
    assert filled.x[filled.y > 0].min() >= lightest_filled - bin_width
    assert rest.x[rest.y > 0].max() <= lightest_filled + bin_width


def test_the_histogram_has_a_line_at_equal_weight(snapshot):
    shapes = weights.log_weight_histogram(snapshot).figure.layout.shapes
    assert [(shape.x0, shape.x1) for shape in shapes] == [(0, 0)]


def test_walkers_far_below_are_counted_in_the_leftmost_bar(make):
    log_w = np.array([0.0] * 97 + [-400.0, -50.0, -np.inf])
    reading = weights.log_weight_histogram(population(make, log_w))
    assert reading.figure.data[1].y[0] == 3
    assert "3 walkers below −15 are counted in the leftmost bar" in reading.caption


def test_equal_weights_make_one_bar_and_half_of_the_walkers_carry_half(without_weights):
    reading = weights.log_weight_histogram(without_weights)
    filled, rest = reading.figure.data
    assert filled.y.max() == rest.y.max() == 500
    assert "Without weights (CD-1) every walker counts alike" in reading.caption
