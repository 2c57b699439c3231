"""Augmentations: the group each one belongs to, and its law."""

from __future__ import annotations

import math

import pytest
import torch

from ebm_engine.core.methods.parts.augment import AUGMENTATIONS, jitter, keep, reflect, rotate


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int, d: int) -> torch.Tensor:
    return torch.randn(n, d, generator=rng(9), dtype=torch.float64)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_a_rotation_keeps_the_distance_to_the_origin(d):
    """|Rx| = |x| to rounding, and x does move; a shear or a wrong sign of sin changes |x|."""
    x = points(500, d)
    turned = rotate(x, 180.0, rng())
    assert torch.allclose(turned.norm(dim=1), x.norm(dim=1), rtol=1e-6)
    assert (turned - x).norm(dim=1).min() > 0


def test_angles_in_the_plane_are_uniform_up_to_the_scale():
    """±30°: all within, mean 0 and variance 30²/3 within 5 s.e.; radians would fill the circle."""
    x = torch.tensor([[2.0, 0.0]], dtype=torch.float64).repeat(20_000, 1)
    turned = rotate(x, 30.0, rng(1))
    angle = torch.rad2deg(torch.atan2(turned[:, 1], turned[:, 0]))
    assert angle.abs().max() <= 30 + 1e-4
    assert abs(float(angle.mean())) < 5 * 30 / math.sqrt(3 * 20_000)
    # Var(φ²) = 4a⁴/45 for φ uniform in ±a.
    error = 5 * 900 * math.sqrt(4 / 45 / 20_000)
    assert float(angle.square().mean()) == pytest.approx(300, abs=error)


def test_a_rotation_by_nothing_is_the_identity():
    """scale = 0 gives x to the bit."""
    assert torch.equal(rotate(points(50, 3), 0.0, rng()), points(50, 3))


def test_a_rotation_needs_a_plane():
    """One dimension has none."""
    with pytest.raises(ValueError, match="at least 2 dimensions, the points have 1"):
        rotate(points(5, 1), 10.0, rng())


def test_a_reflection_takes_each_sign_with_probability_one_half():
    """|x| is the same to the bit; all four sign pairs occur in a quarter each, within 5 s.e."""
    x = torch.ones(8000, 2)
    reflected = reflect(x, 0.0, rng(2))
    assert torch.equal(reflected.abs(), x)
    quarters = ((reflected > 0) * torch.tensor([2, 1])).sum(1).bincount(minlength=4) / 8000
    assert ((quarters - 0.25).abs() < 5 * math.sqrt(3 / 16 / 8000)).all()


def test_jitter_adds_normal_noise_of_that_deviation():
    """Mean 0 and variance 0.3² within 5 s.e.; 0.3 as a variance would give 0.3."""
    moved = jitter(torch.zeros(50_000, 1), 0.3, rng(3))
    assert abs(float(moved.mean())) < 5 * 0.3 / math.sqrt(50_000)
    assert float(moved.var()) == pytest.approx(0.09, abs=5 * 0.09 * math.sqrt(2 / 50_000))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentations_keep_type_and_input_and_follow_their_generator(name, dtype):
    """x itself is not written to, and the same generator state gives the same bits."""
    x, before = points(30, 2).to(dtype), points(30, 2).to(dtype)
    first, second = (AUGMENTATIONS[name](x, 10.0, rng(4)) for _ in range(2))
    assert torch.equal(x, before)
    assert torch.equal(first, second)
    assert (first.dtype, first.shape) == (dtype, (30, 2))


def test_no_augmentation_draws_nothing():
    """The generator is where it was."""
    noise = rng(5)
    before = noise.get_state()
    keep(points(5, 2), 1.0, noise)
    assert torch.equal(noise.get_state(), before)
