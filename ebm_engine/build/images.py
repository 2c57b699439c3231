"""A set of images as training points: the space they live in, their classes, and a classifier.

Training points are z(x + σε) with images x (D,) of pixels in [0, 1], noise ε drawn once, and the
coordinates z of a latent space (see data.latent) or the pixels themselves. The plane that is shown
is spanned by the first two principal components. Points (n, d), pixels (n, D = h·w), plane (n, 2).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Generator, Tensor

from ebm_engine.build.classifier import Classifier, Examples, classifier, fitted
from ebm_engine.build.image_files import Files, load
from ebm_engine.build.image_space import LatentSpace, PixelSpace, Space
from ebm_engine.build.nearest_image import Nearest, nearest_of
from ebm_engine.core.rng import generators
from ebm_engine.data.mnist import MnistUnavailable
from ebm_engine.data.principal_components import fit
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.spec.targets.images import Images, ImageTarget

COMPONENTS = 40  # that the classifier reads in pixel space


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Training points x (n, d) with labels (n,), held-out ones, and what reads them.

    size: (h, w); class_names (J,); held_out (m, d) in the same coordinates with held_labels (m,);
    classifier reads decoded pixels; nearest finds the training image like a picture. Labels are
    places in class_names, on the CPU.
    """

    space: Space
    size: tuple[int, int]
    class_names: tuple[str, ...]
    x: Tensor
    labels: Tensor
    held_out: Tensor
    held_labels: Tensor
    classifier: Classifier
    nearest: Nearest

    @property
    def shares(self) -> Tensor:
        """The share (J,) float64 of each class in the training images."""
        counts = torch.bincount(self.labels, minlength=len(self.class_names))
        return counts.double() / len(self.labels)

    def encode(self, pixels: Tensor) -> Tensor:
        """Points (n, d) of images (n, D), without noise, in dtype and device of the points."""
        return self.space.encode(pixels.to(self.x))

    def decode(self, x: Tensor) -> Tensor:
        """Images (n, D) at points (n, d), not clipped."""
        return self.space.decode(x)

    def classes(self) -> ImageClasses:
        """The classes as a partition of the space."""
        return ImageClasses(self.space, self.classifier, len(self.class_names))

    def centres(self) -> Tensor:
        """The mean place (J, 2) of each class on the plane, float64 on the CPU."""
        places = self.space.on_plane(self.x).double().cpu()
        return torch.stack([places[self.labels == j].mean(0) for j in self.labels.unique()])


class ImageClasses(NamedTuple):
    """The space divided by what a classifier reads; count: number J of classes."""

    space: Space
    classifier: Classifier
    count: int

    def of(self, x: Tensor) -> Tensor:
        """The class (n,) of each point x (n, d), on the CPU."""
        return self.classifier.of(self.space.decode(x)).cpu()

    def shares(self, x: Tensor) -> Tensor:
        """1 in the column of each point's class, else 0: (n, J) float64."""
        return torch.nn.functional.one_hot(self.of(x), self.count).double()


class _Material(NamedTuple):
    """What does not depend on the seed of a run; kept, as a rewind needs it again."""

    files: Files
    space: Space
    classifier: Classifier
    nearest: Nearest


def image_set(target: ImageTarget, dim: int, like: Tensor, rng: Generator) -> ImageSet:
    """The images of a target as points in dtype and device of `like`; rng draws the noise.

    dim: number of principal components, 0 for the space of the pixels. Raises SpecError, in one
    sentence, where images are missing, damaged or too few.
    """
    try:
        material = _material(cast(Hashable, target), dim, _stamp(target))
    except SpecError:
        raise
    except MnistUnavailable as error:
        raise SpecError(str(error)) from None
    except ValueError as error:
        raise SpecError(f"target: {error}") from None
    files, space = material.files, material.space
    points = [space.encode_noisy(p.to(like), rng) for p in (files.train, files.test)]
    return ImageSet(
        space,
        files.size,
        files.names,
        points[0],
        files.labels,
        points[1],
        files.test_labels,
        material.classifier.to(like),
        material.nearest,
    )


def _stamp(target: ImageTarget) -> tuple[int, ...]:
    """What changes when a file of own images does."""
    if not isinstance(target, Images) or not Path(target.path).is_file():
        return ()
    status = Path(target.path).stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _material(target: Any, dim: int, stamp: tuple[int, ...]) -> _Material:
    files = load(target)
    _check_components(dim, files)
    latent = fit(files.train, dim or min(COMPONENTS, *files.train.shape), target.noise)
    space = LatentSpace(latent) if dim else PixelSpace(latent)
    rng = generators(0, "cpu")["data"]
    seen = [
        Examples(space.decode(space.encode_noisy(pixels, rng)), labels)
        for pixels, labels in ((files.pool, files.pool_labels), (files.test, files.test_labels))
    ]
    # What is learned from own images is theirs: it goes with this process.
    examples, held_out = seen
    reader = (fitted if target.own_file else classifier)(
        examples, held_out, len(files.names), latent
    )
    # Only the classifier needed the pool.
    files = files._replace(pool=files.pool[:0], pool_labels=files.labels[:0])
    return _Material(files, space, reader, nearest_of(files.train, space))


def _check_components(dim: int, files: Files) -> None:
    """Raises SpecError where there are fewer principal components than asked for."""
    count, pixels = files.train.shape
    if dim > min(count, pixels):
        height, width = files.size
        raise SpecError(
            f"energy.dim = {dim}: {count} images of {width} × {height} pixels have at most "
            f"{min(count, pixels)} principal components"
        )
