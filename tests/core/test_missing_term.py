"""The term that contrastive divergence leaves out: closed forms against numbers made otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ebm_engine.studies.missing_term import cd_objective, missing_term, step_variance

TABLE = [  # s², η, θ; dC/dθ, CD part, third term, CD + third
    (1.0, 0.1, 0.5, -0.089918, -0.051250, 0.038668, -0.012582),
    (1.0, 0.1, 2.0, 0.144762, 0.080000, -0.064762, 0.015238),
    (4.0, 0.05, 0.7, 0.172191, 0.087550, -0.084641, 0.002909),
    (0.25, 0.2, 3.0, -0.080455, -0.095000, -0.014545, -0.109545),
]
every_row = pytest.mark.parametrize("row", TABLE)


def gaussian_log_density(x: np.ndarray, variance: float) -> np.ndarray:
    return -0.5 * x**2 / variance - 0.5 * math.log(2 * math.pi * variance)


def kl_by_quadrature(variance: float, theta: float) -> float:
    """∫ a log(a/p) dx by the trapezoidal rule over ±12 standard deviations."""
    x = np.linspace(-12, 12, 20_001) * math.sqrt(variance)
    log_a = gaussian_log_density(x, variance)
    integrand = np.exp(log_a) * (log_a - gaussian_log_density(x, 1 / theta))
    return float(np.trapezoid(integrand, x))


@every_row
def test_the_four_rows_have_their_known_values(row):
    """CD part ½(s² − v), third term (∂v/∂θ)½(θ − 1/v), dC/dθ = CD − third, to 1e-6."""
    terms = missing_term(*row[:3])
    found = (terms.exact, terms.cd_part, terms.third_term, terms.regularised)
    assert found == pytest.approx(row[3:], abs=1e-6)


@every_row
def test_the_exact_derivative_is_the_cd_part_minus_the_third_term(row):
    """A difference quotient of C agrees with CD − third to 1e-8; CD + third is far off."""
    s2, eta, theta = row[:3]
    terms = missing_term(s2, eta, theta)
    wide = 1e-4
    quotient = cd_objective(s2, eta, theta + wide) - cd_objective(s2, eta, theta - wide)
    assert quotient / (2 * wide) == pytest.approx(terms.cd_part - terms.third_term, abs=1e-7)
    assert terms.numeric == pytest.approx(terms.exact, abs=1e-8)
    assert abs(terms.numeric - terms.regularised) > 0.02
    assert abs(terms.numeric - terms.cd_part) > 0.01


@every_row
def test_the_objective_is_the_difference_of_two_divergences(row):
    """C = KL(N(0, s²) ‖ N(0, 1/θ)) − KL(N(0, v) ‖ N(0, 1/θ)) by quadrature; v of q included."""
    s2, eta, theta = row[:3]
    v = step_variance(s2, eta, theta)
    expected = kl_by_quadrature(s2, theta) - kl_by_quadrature(v, theta)
    assert missing_term(s2, eta, theta).objective == pytest.approx(expected, abs=1e-10)


@every_row
def test_the_third_term_moves_the_sampler_and_holds_the_model(row):
    """It is d/dθ KL(q_θ ‖ p) at fixed p, by quadrature; moving p too would add ½(v − 1/θ)."""
    s2, eta, theta = row[:3]
    high, low = (kl_by_quadrature(step_variance(s2, eta, theta + d), theta) for d in (1e-4, -1e-4))
    third = missing_term(s2, eta, theta).third_term
    assert (high - low) / 2e-4 == pytest.approx(third, abs=1e-6)


def test_all_terms_vanish_where_a_step_leaves_the_data_unchanged():
    """At ηθ = 1 the mean forgets x, so ∂v/∂θ = 0; with s² = 2η also v = s² and C = 0."""
    terms = missing_term(data_variance=0.4, step_size=0.2, theta=5.0)
    assert terms[:4] == pytest.approx((0, 0, 0, 0), abs=1e-15)


@pytest.mark.parametrize("name", ["data_variance", "step_size", "theta"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_an_argument_that_is_not_a_positive_number_is_refused(name, value):
    """The sentence names the argument and its value."""
    given = {"data_variance": 1.0, "step_size": 0.1, "theta": 0.5, name: value}
    with pytest.raises(ValueError, match=f"{name.replace('_', ' ')} is {value}"):
        missing_term(**given)
