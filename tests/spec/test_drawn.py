"""Drawn targets: rounded, with masses that sum to 1, or refused in one sentence."""

from fractions import Fraction

import numpy as np
import pytest

from ebm_engine.spec.drawn_target import mixture
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.run_spec import SpecError


def thousandths(masses):
    return [Fraction(round(1000 * m), 1000) for m in masses]


def test_a_drawing_becomes_a_mixture_of_two_decimals():
    block = mixture([[1.23456, -2, 1, 0.501], [0, 0.005, 3, 1]])
    assert block["means"] == [[1.23, -2], [0, 0.01]] or block["means"][0] == [1.23, -2]
    assert block["masses"] == [0.25, 0.75]
    assert block["stds"] == [0.5, 1]
    assert parse_spec({"target": block, "energy": {"kind": "mlp"}}).target.stds == (0.5, 1)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 32])
def test_masses_sum_to_one_exactly_and_stay_within_a_thousandth(count):
    """Rounding each alone gives 0.999 for three equal modes."""
    given = np.random.default_rng(count).dirichlet(np.ones(count))
    block = mixture([[j, 0, float(m), 1] for j, m in enumerate(given)])
    exact = thousandths(block["masses"])
    assert sum(exact) == 1
    assert [float(m) for m in exact] == block["masses"]
    assert max(abs(np.array(block["masses"]) - given)) <= 0.001 * count


def test_a_tiny_mass_keeps_one_thousandth():
    assert mixture([[0, 0, 1, 1], [1, 1, 1e-9, 1]])["masses"] == [0.999, 0.001]


@pytest.mark.parametrize(
    ("modes", "said"),
    [
        ([], "0 modes, allowed are 1 to 32"),
        ([[0, 0, 1, 1]] * 33, "33 modes"),
        (None, "0 modes"),
        ([[0, 0, 1]], "Mode 1"),
        ([[0, 0, 1, 1], [0, float("nan"), 1, 1]], "Mode 2"),
        ([[0, "0", 1, 1]], "Mode 1"),
        ([[0, 0, 0, 1]], "it must be above 0"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(modes, said):
    with pytest.raises(SpecError, match=said):
        mixture(modes)
