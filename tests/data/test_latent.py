"""The latent space: whitened with the noisy covariance, in closed form and on digits."""

from __future__ import annotations

import itertools

import pytest
import torch
from sklearn.decomposition import PCA

from ebm_engine.data.digits import load_digits
from ebm_engine.data.principal_components import Latent, fit

F64 = torch.float64
SIZES = torch.tensor([3.0, 2.0, 1.0], dtype=F64)
SIGNS = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=3)), dtype=F64)  # (8, 3)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def box(pixels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The corners μ + Σⱼ ±aⱼ uⱼ of a turned box (8, D), with λⱼ = aⱼ² exactly, and uⱼ (D, 3)."""
    axes, _ = torch.linalg.qr(torch.randn(pixels, 3, dtype=F64, generator=rng(3)))
    return 0.5 + (SIGNS * SIZES) @ axes.T, axes


@pytest.mark.parametrize("pixels", [5, 20], ids=["eigh", "svd"])
def test_whitening_divides_by_the_noisy_standard_deviation(pixels):
    """The corners ±a of a box become ±a/√(a² + σ²); dividing by √λ = a would give ±1."""
    x, axes = box(pixels)
    latent = fit(x, 3, 0.7)
    assert [tuple(t.shape) for t in (latent.mean, latent.basis, latent.scale)] == [
        (pixels,),
        (pixels, 3),
        (3,),
    ]
    assert {t.dtype for t in (latent.mean, latent.basis, latent.scale)} == {torch.float32}
    assert torch.allclose(latent.mean.double(), torch.full((pixels,), 0.5, dtype=F64))
    assert torch.allclose((latent.basis.double() * axes).sum(0).abs(), torch.ones(3, dtype=F64))
    expected = SIZES / (SIZES.square() + 0.7**2).sqrt()
    assert torch.allclose(latent.encode(x).abs(), expected.expand(8, 3), atol=1e-5)


def test_both_ways_to_the_components_agree():
    """Each image three times leaves mean and covariance as they are, and n ≥ D takes eigh."""
    x, _ = box(20)
    by_svd, by_eigh = fit(x, 3, 0.1), fit(x.repeat(3, 1), 3, 0.1)
    assert torch.allclose(by_svd.basis, by_eigh.basis, atol=1e-5)
    assert torch.allclose(by_svd.scale, by_eigh.scale)


@pytest.mark.parametrize("pixels", [5, 20])
def test_noisy_coordinates_have_mean_zero_and_covariance_one(pixels):
    """Also in directions without variance of the images, where all is noise.

    Noise of σ instead of σ/√(λ + σ²) would give the variances λ/(λ + σ²) + σ².
    """
    x, _ = box(pixels)
    latent, count = fit(x, 5, 0.5), 40_000
    z = latent.encode_noisy(x.repeat(count // 8, 1), rng())
    assert z.mean(0).abs().max() < 5 / count**0.5
    away = (z.T @ z / count - torch.eye(5, dtype=F64)).abs()
    assert away.max() < 5 * (2 / count) ** 0.5


def test_the_noise_in_the_coordinates_is_that_of_the_pixels():
    """encode(x + σ ε) and encode_noisy(x) have one covariance at one x: σ²/(λ + σ²), diagonal."""
    x, _ = box(5)
    latent, count, noise = fit(x, 3, 0.8), 40_000, 0.8
    same = x[:1].repeat(count, 1)
    in_pixels = latent.encode(same + noise * torch.randn(same.shape, dtype=F64, generator=rng(1)))
    in_coordinates = latent.encode_noisy(same, rng(2))
    expected = torch.diag(noise**2 / (SIZES.square() + noise**2))
    for z in (in_pixels, in_coordinates):
        assert torch.allclose(z.T.cov(), expected, atol=5 * (2 / count) ** 0.5)
        assert torch.allclose(z.mean(0), latent.encode(x[:1])[0], atol=5 / count**0.5)


def test_decoding_and_encoding_undo_each_other():
    """encode(decode(z)) = z; decode(encode(x)) = x within the span of the components."""
    x, _ = box(20)
    latent = fit(x, 3, 0.3)
    z = torch.randn(7, 3, dtype=F64, generator=rng())
    assert torch.allclose(latent.encode(latent.decode(z)), z, atol=1e-5)
    assert torch.allclose(latent.decode(latent.encode(x)), x, atol=1e-5)
    assert latent.decode(z).shape == (7, 20)


def test_the_standard_normal_decodes_to_the_gaussian_of_the_noisy_images():
    """z = eⱼ lies one standard deviation √(λⱼ + σ²) from the mean image along uⱼ."""
    x, _ = box(5)
    latent = fit(x, 3, 0.7)
    away = latent.decode(torch.eye(3, dtype=F64)) - 0.5
    assert torch.allclose(away.norm(dim=1), (SIZES.square() + 0.7**2).sqrt(), atol=1e-5)


def test_the_components_of_digits_are_those_of_scikit_learn():
    """λⱼ (divisor n, not n − 1) and the spans, from images in float32."""
    images, _ = load_digits("train")
    x = torch.from_numpy(images).flatten(1).float() / 255
    latent = fit(x, 10, 0.1)
    known = PCA(10, svd_solver="full").fit(x.double().numpy())
    values = torch.from_numpy(known.explained_variance_) * (len(x) - 1) / len(x)
    assert torch.allclose(latent.scale.double().square(), values + 0.01, rtol=1e-5)
    overlap = latent.basis.double().T @ torch.from_numpy(known.components_).T
    assert torch.allclose(overlap.abs(), torch.eye(10, dtype=F64), atol=1e-4)
    assert (
        latent.encode(x)
        .var(0, correction=0)
        .add(0.01 / (values + 0.01))
        .allclose(torch.ones(10, dtype=F64), atol=1e-4)
    )


def test_the_answer_follows_the_type_of_the_input_and_has_fixed_signs():
    """float32 and float64 in, the same out; the largest entry of each column is positive."""
    x, _ = box(5)
    latent = fit(x, 3, 0.5)
    for dtype in (torch.float32, F64):
        z = latent.encode_noisy(x.to(dtype), rng())
        assert z.dtype == latent.decode(z).dtype == dtype
    assert torch.equal(latent.encode_noisy(x, rng()), latent.encode_noisy(x, rng()))
    mirrored = fit(1 - x, 3, 0.5)
    for found in (latent, mirrored):
        assert bool((found.basis.amax(0) >= -found.basis.amin(0)).all())
    assert torch.allclose(latent.basis, mirrored.basis, atol=1e-5)


def test_a_space_without_noise_is_the_usual_whitening():
    """σ = 0: the corners become ±1, and encode_noisy adds nothing."""
    x, _ = box(5)
    latent = fit(x, 3, 0.0)
    assert torch.allclose(latent.encode(x).abs(), torch.ones(8, 3, dtype=F64), atol=1e-5)
    assert torch.equal(latent.encode_noisy(x, rng()), latent.encode(x))
    assert isinstance(latent, Latent)


@pytest.mark.parametrize(
    ("x", "dim", "noise", "message"),
    [
        (
            torch.zeros(12, 4, 4),
            2,
            0.1,
            r"shape \(12, 4, 4\), and \(n, D\) with n and D of at least",
        ),
        (torch.zeros(12, 16), 17, 0.1, "at least 17, the dimension, is needed"),
        (torch.zeros(12, 16), 13, 0.1, "at least 13, the dimension, is needed"),
        (torch.zeros(12, 16), 0, 0.1, "at least 1, the dimension, is needed"),
        (torch.zeros(12, 16), 2, -0.1, "The data noise is -0.1, and it must be finite and not"),
        (torch.zeros(12, 16), 2, float("nan"), "The data noise is nan"),
        (torch.full((12, 16), torch.inf), 2, 0.1, "192 pixels are not finite"),
        (torch.zeros(12, 16), 2, 0.0, "Coordinate 2 has no variance, and the data noise is 0"),
        (box(20)[0], 4, 0.0, "Coordinate 4 has no variance"),
        (box(5)[0], 4, 0.0, "Coordinate 4 has no variance"),
    ],
)
def test_an_impossible_latent_space_is_refused(x, dim, noise, message):
    """One sentence with the value and its limit."""
    with pytest.raises(ValueError, match=message):
        fit(x, dim, noise)
