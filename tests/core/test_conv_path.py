"""Image energies as models: exact start, path from the base, copies, spectral limit, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ebm_engine.core.energies.conv import conv_energy
from tests.core.small_images import DOUBLE, STD, VARIANTS, decoder, energy, normal, points, rng


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_start_is_the_gaussian_base(variant):
    """U = |x − c|²/2σ₀² with zero output layers: log Z = (d/2) log 2πσ₀², d of the points.

    In a latent space d counts the coordinates (3), not the pixels (64). Draws: mean c and variance
    σ₀² within 5 s.e. A constant b in the output takes λb off log Z.
    """
    made, count = energy(variant, "zero"), 20_000
    d = 3 if variant == "decoded" else 64
    assert made.log_z() == pytest.approx(0.5 * d * math.log(2 * math.pi * STD**2), abs=1e-12)
    x = made.sample(count, rng(3))
    assert ((x.mean(0) - made.centre).abs() < 5 * STD / math.sqrt(count)).all()
    assert ((x.var(0) / STD**2 - 1).abs() < 5 * math.sqrt(2 / count)).all()
    assert torch.equal(made.evaluate(x[:9]).energy, made.confinement(x[:9]))
    before = made.log_z()
    made.learned.networks[0].bias.fill_(0.25)
    assert made.log_z() == pytest.approx(before - 0.25, abs=1e-12)


def test_the_path_runs_straight_from_the_base_to_the_goal():
    """U_λ = base + λ(U − base), exact at λ = 0 and the goal to the bit at 1, in both gradients."""
    goal = energy("decoded")
    start, x, weights = goal.origin(), points(goal), normal(6, seed=8)
    assert start.exact
    assert not goal.exact
    assert torch.equal(start.evaluate(x).energy, goal.confinement(x))
    full, part = goal.evaluate(x), start.toward(goal, 0.3)
    at, base = part.evaluate(x), goal.confinement(x)
    torch.testing.assert_close(at.energy, base + 0.3 * (full.energy - base), rtol=0, atol=1e-12)
    pull = (x - goal.centre) / STD**2
    torch.testing.assert_close(at.gradient, pull + 0.3 * (full.gradient - pull), rtol=0, atol=1e-12)
    torch.testing.assert_close(part.value(x), at.energy, rtol=0, atol=1e-12)
    whole = goal.parameter_gradient(x, full, weights)
    share = part.parameter_gradient(x, at, weights)
    assert all(torch.allclose(share[n], 0.3 * whole[n], rtol=0, atol=1e-12) for n in whole)
    assert torch.equal(start.toward(goal, 1.0).evaluate(x).gradient, full.gradient)


def test_a_path_between_different_bases_is_refused():
    """Another σ₀, another centre, or a start that is not Gaussian."""
    goal = energy("decoded")
    with pytest.raises(ValueError, match=r"same base and centre; σ₀ is 2\.0 and 0\.7"):
        replace(goal.origin(), base_std=2.0).toward(goal, 0.5)
    with pytest.raises(ValueError, match="same base and centre"):
        replace(goal.origin(), centre=goal.centre + 1).toward(goal, 0.5)
    with pytest.raises(ValueError, match="the start of a path needs share 0"):
        goal.toward(goal, 0.5)
    with pytest.raises(ValueError, match="an exact draw needs share 0"):
        goal.sample(3, rng())


def test_the_spectral_limit_bounds_every_kernel_as_a_matrix():
    """All (out, in·k²) matrices within the limit, up to rounding; a kernel already there keeps its
    bits. Limiting the largest entry instead leaves norms above 0.3.
    """
    made = energy("decoded", limit=0.3)
    for parameter in made.parameters.values():
        parameter.mul_(3)
    small = made.parameters["scale0.conv1.weight"].mul_(1e-3).clone()
    made.constrain()
    kernels = [p for name, p in made.parameters.items() if name.endswith("weight")]
    norms = [float(torch.linalg.svdvals(p.flatten(1))[0]) for p in kernels]
    assert len(kernels) == 18
    assert max(norms) == pytest.approx(0.3, rel=1e-9)
    assert torch.equal(made.parameters["scale0.conv1.weight"], small)


def test_a_frozen_copy_ignores_later_updates():
    """θ ← θ + 0.1 in place moves U and leaves the copy's bits alone."""
    made = energy("scales")
    x = points(made)
    copy, before = made.frozen(), made.evaluate(x).energy
    for parameter in made.parameters.values():
        parameter += 0.1
    assert torch.equal(copy.evaluate(x).energy, before)
    assert (made.evaluate(x).energy - before).abs().min() > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size must be at least 1; it is 0"),
        ({"hidden": 5}, "hidden must be even and at least 2; it is 5"),
        ({"scales": 0}, "scales must be at least 1; it is 0"),
        ({"base_std": 0.0}, r"base_std must be positive and finite; it is 0\.0"),
        ({"spectral_limit": -1.0}, r"spectral_limit must be 0 \(none\) or more; it is -1\.0"),
        ({"last_layer": "ones"}, "last_layer must be one of"),
        ({"decode": decoder(side=7)}, "the decoder makes 49 pixels, the images have 64"),
        ({"centre": torch.zeros(2)}, r"the centre has shape \(2,\), the points have \(64,\)"),
    ],
)
def test_values_out_of_range_are_refused(change, message):
    """One sentence with the value and the limit."""
    options = {"size": 8, "hidden": 4, "base_std": 1.0, "rng": rng(), "like": DOUBLE} | change
    with pytest.raises(ValueError, match=message):
        conv_energy(**options)
