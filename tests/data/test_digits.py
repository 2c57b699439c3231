"""The embedded digits, and the choice of classes from labelled images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import datasets

from ebm_engine.data.digits import held_out, load_digits, subset

LABELS = np.array([0, 1, 2] * 10 + [1] * 5, dtype=np.uint8)  # 10, 15 and 10 images
IMAGES = np.arange(len(LABELS), dtype=np.uint8).reshape(-1, 1, 1)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_splits_of_the_embedded_digits_are_fixed_and_whole():
    """1442 + 355 = 1797 images, each once, about a fifth of every class held out."""
    (images, labels), (others, other_labels) = load_digits("train"), load_digits("test")
    assert images.shape == (1442, 8, 8)
    assert others.shape == (355, 8, 8)
    assert images.dtype == labels.dtype == np.uint8
    every = np.bincount(datasets.load_digits().target)
    assert np.array_equal(np.bincount(other_labels), every // 5)
    assert np.array_equal(np.bincount(labels) + np.bincount(other_labels), every)
    rows = np.concatenate([images, others]).reshape(1797, -1)
    source = np.rint(datasets.load_digits().data * 255 / 16).astype(np.uint8)
    assert np.array_equal(np.unique(rows, axis=0), np.unique(source, axis=0))


def test_the_17_grey_levels_reach_from_0_to_255():
    """k · 255/16: 16 becomes 255, not 16 · 16 = 256, which a byte turns into 0."""
    images, _ = load_digits("train")
    assert np.array_equal(np.unique(images), np.rint(np.arange(17) * 255 / 16))


def test_another_split_of_the_embedded_digits_is_refused():
    """One sentence with the two there are."""
    with pytest.raises(ValueError, match=r"^The split is “all”, and train or test is needed\.$"):
        load_digits("all")


def test_a_subset_takes_the_first_images_of_each_class():
    """Class after class, in the order asked for: 2 of class 2, then 3 of class 0."""
    images, labels = subset(IMAGES, LABELS, (2, 0), (2, 3))
    assert images.ravel().tolist() == [2, 5, 0, 3, 6]
    assert labels.tolist() == [2, 2, 0, 0, 0]


def test_a_random_subset_is_reproducible_and_never_repeats_an_image():
    """The same generator gives the same images; taking all of a class gives each one once."""
    images, labels = subset(IMAGES, LABELS, (1, 2), (5, 4), rng(1))
    again, _ = subset(IMAGES, LABELS, (1, 2), (5, 4), rng(1))
    other, _ = subset(IMAGES, LABELS, (1, 2), (5, 4), rng(2))
    assert np.array_equal(images, again)
    assert not np.array_equal(images, other)
    assert np.array_equal(LABELS[images.ravel()], labels)
    whole, _ = subset(IMAGES, LABELS, (1,), (15,), rng())
    assert np.array_equal(np.sort(whole.ravel()), np.flatnonzero(LABELS == 1))


def test_held_out_images_keep_the_proportions():
    """4:2:1 with 10, 15 and 10 at hand: 10, 5 and 2.5, rounded to 3; 1:3:1 gives 5, 15 and 5.

    Cutting every class at its own number instead would give 10:15:10.
    """
    for counts, expected in (((400, 200, 100), [10, 5, 3]), ((1, 3, 1), [5, 15, 5])):
        images, labels = held_out(IMAGES, LABELS, (0, 1, 2), counts)
        assert np.bincount(labels).tolist() == expected
        assert np.array_equal(LABELS[images.ravel()], labels)
    assert held_out(IMAGES, LABELS, (0, 1), (5600, 1))[1].tolist() == [0] * 10


@pytest.mark.parametrize("choose", [subset, held_out])
@pytest.mark.parametrize(
    ("classes", "counts", "message"),
    [
        ((0, 0), (1, 1), "The classes are [0, 0], and each may be named once."),
        ((0, 1), (1, 0), "A class has the count 0, and at least 1 is needed."),
        ((0, 1), (1,), "There are 2 classes and 1 counts, and as many, at least 1, are needed."),
        ((), (), "There are 0 classes and 0 counts, and as many, at least 1, are needed."),
    ],
)
def test_an_impossible_choice_is_refused(choose, classes, counts, message):
    """One sentence with what was asked for."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole sentence is compared
        choose(IMAGES, LABELS, classes, counts)
    assert str(error.value) == message


def test_a_class_with_too_few_images_is_named():
    """Its number of images and what is asked for; held out, only none at all is too few."""
    with pytest.raises(ValueError, match=r"^Class 2 has 10 images, and 11 are asked for\.$"):
        subset(IMAGES, LABELS, (1, 2), (15, 11))
    with pytest.raises(ValueError, match=r"^Class 7 has 0 held-out images, and at least 1 is"):
        held_out(IMAGES, LABELS, (0, 7), (1, 1))
    with pytest.raises(ValueError, match=r"^There are 35 images, and 34 labels\.$"):
        subset(IMAGES, LABELS[:-1], (0,), (1,))
