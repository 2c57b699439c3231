"""AUROC of −U: what changes it, and what must not."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.studies.ood import auroc


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def energies(seed: int, shift: float = 0.0, count: int = 400) -> torch.Tensor:
    return torch.randn(count, generator=rng(seed), dtype=torch.float64) + shift


def by_pairs(familiar: torch.Tensor, strange: torch.Tensor) -> float:
    """The share of pairs with U(familiar) < U(strange), ties half: the definition."""
    difference = strange[None, :] - familiar[:, None]
    return float(((difference > 0) + 0.5 * (difference == 0)).double().mean())


def test_it_is_the_share_of_pairs_in_the_right_order():
    """Also with ties, of which rounding to one digit makes many; −AUROC of +U would be 1 − this."""
    familiar, strange = energies(0).round(decimals=1), energies(1, 0.7).round(decimals=1)
    assert auroc(familiar, strange) == pytest.approx(by_pairs(familiar, strange), abs=1e-12)
    assert auroc(familiar, strange) > 0.6


def test_turning_the_energy_round_turns_the_answer_round():
    """AUROC(−E) = 1 − AUROC(+E)."""
    familiar, strange = energies(2), energies(3, 0.5)
    assert auroc(-familiar, -strange) == pytest.approx(1 - auroc(familiar, strange), abs=1e-12)


def test_only_the_order_of_energies_counts():
    """A constant, a positive factor and any increasing map leave it as it is."""
    familiar, strange = energies(4), energies(5, 0.5)
    plain = auroc(familiar, strange)
    for map_ in (lambda u: u + 7, lambda u: 3 * u, torch.exp, lambda u: u**3):
        assert auroc(map_(familiar), map_(strange)) == pytest.approx(plain, abs=1e-12)


def test_equal_sets_give_one_half():
    """Every pair with itself is a tie."""
    assert auroc(energies(6), energies(6)) == pytest.approx(0.5, abs=1e-12)


def test_two_gaussians_have_the_closed_form():
    """U = ½x², familiar N(0,1), strange N(0,s²): AUROC = (2/π)·arctan s.

    P(|x| < |s y|) is that of a ratio of two normals, which follows Cauchy: .705 at s = 2.
    """
    energy = MixtureEnergy(torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1).double())
    draws = [torch.randn(20_000, 1, generator=rng(seed), dtype=torch.float64) for seed in (7, 8)]
    found = auroc(energy.evaluate(draws[0]).energy, energy.evaluate(2 * draws[1]).energy)
    assert found == pytest.approx(2 / math.pi * math.atan(2), abs=5 * 0.5 / math.sqrt(20_000))


@pytest.mark.parametrize(
    ("familiar", "strange", "words"),
    [
        (torch.zeros(0), torch.zeros(3), "no familiar points"),
        (torch.zeros(2), torch.tensor([0.0, math.nan]), "1 of 2 strange points"),
    ],
)
def test_what_cannot_be_scored_is_refused(familiar, strange, words):
    with pytest.raises(ValueError, match=words):
        auroc(familiar, strange)
