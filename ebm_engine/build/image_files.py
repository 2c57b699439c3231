"""The images behind a target, as pixels in [0, 1]: for training, held out, and for the classifier.

images (n, D = h·w) float32, labels (n,) int64, places in `names`; all on the CPU.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ebm_engine.data.digits import held_out, subset
from ebm_engine.data.images import read_images, split
from ebm_engine.spec.blocks import TargetBlock
from ebm_engine.spec.targets.images import DigitsTarget, Images

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


def load(target: TargetBlock) -> Files:
    """The images of a target.

    Raises MnistUnavailable where MNIST is missing, ValueError where a class has too few images, own
    images cannot be read or the target is not of images.
    """
    if isinstance(target, Images):
        return _own(target.path)
    if isinstance(target, DigitsTarget):
        return _digits(target)
    raise ValueError(f"target.kind = {target.kind!r} is not of images")


def _digits(target: DigitsTarget) -> Files:
    images, labels = target.read("train")
    pool = [min(POOL, int((labels == label).sum())) for label in target.classes]
    parts = [
        subset(images, labels, target.classes, target.counts),
        held_out(*target.read("test"), target.classes, target.counts),
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
