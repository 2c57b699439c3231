"""Labelled images: the digits that come with scikit-learn, and any choice of classes.

The embedded set are 1797 handwritten digits of 8 × 8 pixels with 17 grey levels, the test part of
the UCI set Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998). It is not MNIST.
A split holds images (n, h, w) uint8 and labels (n,) uint8.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator

LEVELS = 16  # the largest grey value of the set
HELD_OUT = 5  # one image in so many


def load_digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 8, 8) uint8 with values 0 … 255 and labels (n,) uint8 of “train” or “test”.

    The test split is the last fifth of each class, which other people wrote than the first ones;
    1442 and 355 images. Raises ValueError for another split.
    """
    if split not in ("train", "test"):
        raise ValueError(f"The split is “{split}”, and train or test is needed.")
    # scikit-learn takes a second to load, which only this set has to pay for.
    from sklearn.datasets import load_digits as embedded

    pixels, classes = (np.asarray(values) for values in embedded(return_X_y=True))
    labels = classes.astype(np.uint8)
    images = np.rint(pixels.reshape(-1, 8, 8) * (255 / LEVELS)).astype(np.uint8)
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[-(len(members) // HELD_OUT) :]] = True
    if split == "train":
        chosen = ~chosen
    return images[chosen], labels[chosen]


def subset(
    images: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[int],
    counts: Sequence[int],
    rng: Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """`counts[i]` images (n, h, w) of `classes[i]` with their labels (n,), class after class.

    Without `rng` the first ones of each class, as in Carbone et al. (2023), arXiv:2305.19414: 5600,
    2800 and 1400 of the digits 2, 3 and 6; with it a random choice without repetition. Raises
    ValueError for repeated classes, a count below 1, or a class with too few images.
    """
    members = _members(images, labels, classes, counts)
    rows = []
    for label, count, found in zip(classes, counts, members, strict=True):
        if len(found) < count:
            raise ValueError(f"Class {label} has {len(found)} images, and {count} are asked for.")
        if rng is not None:
            order = torch.randperm(len(found), generator=rng, device=rng.device)
            found = found[order.cpu().numpy()]
        rows.append(found[:count])
    chosen = np.concatenate(rows)
    return images[chosen], labels[chosen]


def held_out(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[int], counts: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The most images of a test split in the proportions of `counts`, first come, first taken.

    nᵢ = aₘ cᵢ / cₘ rounded to the nearest number, with aᵢ images of class i at hand, counts cᵢ and
    the scarcest class m, of least aᵢ/cᵢ. A class of less than half an image has none. Raises
    ValueError for repeated classes, a count below 1, or a class without images.
    """
    members = _members(images, labels, classes, counts)
    pairs = [(len(found), count) for found, count in zip(members, counts, strict=True)]
    have, scale = min(pairs, key=lambda pair: pair[0] / pair[1])
    if have == 0:
        empty = classes[[count for count, _ in pairs].index(0)]
        raise ValueError(f"Class {empty} has 0 held-out images, and at least 1 is needed.")
    sizes = [(2 * have * count + scale) // (2 * scale) for count in counts]
    chosen = np.concatenate([found[:n] for found, n in zip(members, sizes, strict=True)])
    return images[chosen], labels[chosen]


def _members(
    images: np.ndarray, labels: np.ndarray, classes: Sequence[int], counts: Sequence[int]
) -> list[np.ndarray]:
    """Where the images of each class are, in their order."""
    if len(images) != len(labels):
        raise ValueError(f"There are {len(images)} images, and {len(labels)} labels.")
    if not len(classes) == len(counts) > 0:
        raise ValueError(
            f"There are {len(classes)} classes and {len(counts)} counts, and as many, at least 1, "
            "are needed."
        )
    if len(set(classes)) < len(classes):
        raise ValueError(f"The classes are {list(classes)}, and each may be named once.")
    if min(counts) < 1:
        raise ValueError(f"A class has the count {min(counts)}, and at least 1 is needed.")
    return [np.flatnonzero(labels == label) for label in classes]
