"""The first preset at its whole length: weighted ULA finds shapes and masses.

Target ¼N((−5,0), I) + ¾N((5,0), I), 2-D, 4000 updates; the left mass should be 0.25. What CD and
PCD make of it are claims of the lessons, which are checked over ten seeds.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from ebm_engine.build.parts import build
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.presets import preset

pytestmark = pytest.mark.slow


class Outcome(NamedTuple):
    """What a training ends with."""

    left_mass: float
    kl: float
    left_mean: float


@pytest.fixture(scope="module")
def weighted() -> list[Outcome]:
    """The preset as it comes: weighted ULA with witnesses and refresh, seeds 0 to 9."""
    outcomes = []
    for seed in range(10):
        parts = build(with_value(preset("two-modes").spec, "seed", seed))
        state = parts.trainer.start(parts.rngs)
        with torch.inference_mode():
            for _ in range(4000):
                state, _ = parts.trainer.step(state)
        verdict, means = parts.judge(), parts.trainer.energy.means
        outcomes.append(Outcome(float(verdict.masses[0]), verdict.kl, float(means[0, 0])))
    return outcomes


def test_weighted_ula_finds_the_masses_in_nine_of_ten_runs(weighted):
    """Left mass 0.25 ± 0.05 and KL < 0.01 in at least 9 of 10, the means within 0.2."""
    good = [o for o in weighted if abs(o.left_mass - 0.25) <= 0.05 and o.kl < 0.01]
    assert len(good) >= 9
    assert all(abs(o.left_mean + 5) < 0.2 for o in weighted)


def test_weighted_ula_is_right_on_average(weighted):
    """The mean left mass of 10 runs is 0.25 within 5 s.e.: no systematic preference of a mode."""
    masses = torch.tensor([o.left_mass for o in weighted])
    assert abs(float(masses.mean()) - 0.25) < 5 * float(masses.std()) / 10**0.5
    assert float(masses.std()) < 0.03
