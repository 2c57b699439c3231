"""Latent space of images: principal components, whitened with the covariance of the noisy data.

y = x + σ ε with x an image (D,) and ε ~ N(0, I) has the covariance Σ = C + σ² I, C that of the
images. With λⱼ, uⱼ the k largest eigenvalues of C and their vectors, and μ the mean image,

    zⱼ = ⟨uⱼ, y − μ⟩ / √(λⱼ + σ²),        back: x = μ + Σⱼ √(λⱼ + σ²) zⱼ uⱼ.

Over the training images and the noise, z has mean 0 and covariance I, also in directions without
any variance of the images. Dividing by √λⱼ instead would blow up their noise. A draw of ⟨uⱼ, σ ε⟩
is σ times a standard normal number per coordinate, because the uⱼ are orthonormal. Components:
Hotelling (1933), Analysis of a complex of statistical variables into principal components.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Generator, Tensor

from ebm_engine.core.rng import gaussian

ROWS = 4096  # images in float64 at a time


@final
@dataclass(frozen=True, eq=False)
class Latent:
    """mean μ (D,), basis (D, k) with columns uⱼ, scale √(λⱼ + σ²) (k,), all float32; noise: σ."""

    mean: Tensor
    basis: Tensor
    scale: Tensor
    noise: float

    def encode(self, x: Tensor) -> Tensor:
        """Coordinates (n, k) of images (n, D) as they are, without any draw of noise."""
        return (x - self.mean.to(x)) @ self.basis.to(x) / self.scale.to(x)

    def encode_noisy(self, x: Tensor, rng: Generator) -> Tensor:
        """Coordinates (n, k) of x + σ ε for images x (n, D), with a new draw of ε: training data.

        Over the images that were fitted, their mean is 0 and their covariance I.
        """
        clean = self.encode(x)
        return clean + self.noise / self.scale.to(x) * gaussian(clean, rng)

    def decode(self, z: Tensor) -> Tensor:
        """Images (n, D) at coordinates (n, k); not clipped to the range of the pixels."""
        return self.mean.to(z) + z * self.scale.to(z) @ self.basis.to(z).T


def fit(images: Tensor, dim: int, noise: float) -> Latent:
    """The latent space of `dim` = k coordinates of images (n, D), with data noise σ = `noise`.

    Pixels in [0, 1] or [−1, 1]; σ in the same unit. Computed in float64; C has the divisor n; the
    largest entry of each uⱼ is positive, so the answer does not depend on the machine. Raises
    ValueError for another shape, values that are not finite, dim outside 1 … min(n, D), or a noise
    that is negative or leaves a coordinate without variance.
    """
    if images.ndim != 2 or not 1 <= dim <= min(images.shape):
        raise ValueError(
            f"The images have shape {tuple(images.shape)}, and (n, D) with n and D of at least "
            f"{max(dim, 1)}, the dimension, is needed."
        )
    if not math.isfinite(noise) or noise < 0:
        raise ValueError(f"The data noise is {noise}, and it must be finite and not negative.")
    if not bool(torch.isfinite(images).all()):
        raise ValueError(f"{int((~torch.isfinite(images)).sum())} pixels are not finite.")
    mean = images.mean(0, dtype=torch.float64)
    values, vectors = _principal(images, mean, dim)
    scale = (values + noise**2).sqrt()
    if float(scale[-1]) <= math.sqrt(torch.finfo(torch.float64).eps) * float(scale[0]):
        raise ValueError(f"Coordinate {dim} has no variance, and the data noise is {noise:g}.")
    return Latent(mean.float(), vectors.float(), scale.float(), noise)


def _principal(images: Tensor, mean: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The `dim` largest eigenvalues (k,) of C and their vectors (D, k), float64, largest first."""
    count, pixels = images.shape
    if count < pixels:
        _, sizes, rows = torch.linalg.svd(images.double() - mean, full_matrices=False)
        values, vectors = sizes[:dim].square() / count, rows[:dim].T
    else:
        covariance = torch.zeros(pixels, pixels, dtype=torch.float64, device=images.device)
        for part in images.split(ROWS):
            centred = part.double() - mean
            covariance.addmm_(centred.T, centred, alpha=1 / count)
        rising, columns = torch.linalg.eigh(covariance)
        # Rounding can leave a variance of zero a little below it.
        values = rising.flip(0)[:dim].clamp_min(0)
        vectors = columns.flip(1)[:, :dim]
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return values, vectors * largest.sign()
