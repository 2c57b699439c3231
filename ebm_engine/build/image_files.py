"""The images behind a target, as pixels in [0, 1]: for training, held out, and for the classifier.

images (n, D = h·w) float32, labels (n,) int64, places in `names`; all on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebm_engine.data.digits import held_out, load_digits, subset
from ebm_engine.data.images import read_images, split
from ebm_engine.data.mnist import load_mnist
from ebm_engine.spec.targets.images import DigitsTarget, Images, ImageTarget, Mnist

Split = Callable[[str], tuple[np.ndarray, np.ndarray]]
POOL = 1000  # images of each class that the classifier learns from, at most


class Files(NamedTuple):
    """train (n, D) with labels (n,), test (m, D) with test_labels, pool with pool_labels.

    The test images are in the proportions of the training images; the pool, which holds at most
    1000 of each class, is for the classifier. size: (h, w); names (J,) of the classes.
    """

    train: Tensor
    labels: Tensor
    test: Tensor
    test_labels: Tensor
    pool: Tensor
    pool_labels: Tensor
    size: tuple[int, int]
    names: tuple[str, ...]


def load(target: ImageTarget) -> Files:
    """The images of a target.

    Raises MnistUnavailable where MNIST is missing, ValueError where a class has too few images or
    own images cannot be read.
    """
    if isinstance(target, Images):
        return _own(target.path)
    assert isinstance(target, DigitsTarget)
    return _digits(target, load_mnist if isinstance(target, Mnist) else load_digits)


def _digits(target: DigitsTarget, split: Split) -> Files:
    images, labels = split("train")
    pool = [min(POOL, int((labels == label).sum())) for label in target.classes]
    parts = [
        subset(images, labels, target.classes, target.counts),
        held_out(*split("test"), target.classes, target.counts),
        subset(images, labels, target.classes, pool),
    ]
    place = np.zeros(256, dtype=np.int64)
    place[list(target.classes)] = np.arange(len(target.classes))
    train, test, examples = ((_pixels(x), torch.from_numpy(place[y])) for x, y in parts)
    names = tuple(str(label) for label in target.classes)
    return Files(*train, *test, *examples, images.shape[1:], names)


def _own(path: str) -> Files:
    """Own images; some of them are held out."""
    if not path:
        raise ValueError("path is empty, and own images need a zip or an NPZ file")
    found = read_images(path)
    rows, out = split(found)
    pixels, labels = _pixels(found.images), torch.from_numpy(found.labels.astype(np.int64))
    train, test = torch.from_numpy(rows), torch.from_numpy(out)
    first = torch.cat([train[labels[train] == j][:POOL] for j in range(len(found.names))])
    kept, held_out, examples = ((pixels[rows], labels[rows]) for rows in (train, test, first))
    return Files(*kept, *held_out, *examples, found.images.shape[1:], found.names)


def _pixels(images: np.ndarray) -> Tensor:
    """(n, D) float32 in [0, 1] from (n, h, w) uint8."""
    return torch.from_numpy(images.reshape(len(images), -1)).float() / 255
