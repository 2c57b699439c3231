"""Own images as people have them: JPEG, 12 bits in 16, masks, other names, colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ebm_engine.data.images import parse_images
from tests.data.own_images import PICTURES, RNG, arrays, png, refusal, zipped


def jpeg(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG", quality=100)
    return file.getvalue()


def test_jpegs_are_read_and_no_class_is_left_out():
    """JPEG beside PNG, whatever the suffix says; a class of other images is named, not passed over.

    A file of quality 100 is within rounding of its picture.
    """
    made = [jpeg, png]
    files = {
        f"{'ab'[i % 2]}/{i}.{'jpg' if i % 3 else 'PNG'}": made[i % 2](values)
        for i, values in enumerate(PICTURES)
    }
    found = parse_images(zipped(files))
    assert found.names == ("a", "b")
    assert np.abs(found.images.astype(int) - PICTURES).max() <= 3
    assert refusal(zipped(files | {"c/0.BMP": b"", "c/1.bmp": b""})) == (
        "The archive holds 2 images such as “c/0.BMP”, and only PNG and JPEG files are read."
    )


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_sixteen_bits_are_read_by_those_that_are_used(bits):
    """12 of 16 bits: 4095 is white, not 15; what was assumed is said."""
    deep = (PICTURES.astype(np.uint16) << (bits - 8)) + 1
    deep[0, 0, 0] = 2**bits - 1
    for content in (
        zipped({f"{i}.png": png(values) for i, values in enumerate(deep)}),
        arrays(images=deep),
    ):
        found = parse_images(content)
        assert np.array_equal(found.images.ravel()[1:], PICTURES.ravel()[1:])
        assert found.images[0, 0, 0] == 255
        said = f"The largest value is {2**bits - 1}: read as {bits} bits a pixel."
        assert found.remark == ("" if bits == 16 else said)


def test_masks_of_zero_and_one_are_black_and_white():
    """As arrays and as files; a mask of one and two is none."""
    masks = (PICTURES > 99).astype(np.uint8)
    files = {f"{i}.png": png(mask) for i, mask in enumerate(masks)}
    for content in (arrays(images=masks), arrays(images=masks.astype(np.int64)), zipped(files)):
        found = parse_images(content)
        assert np.array_equal(found.images, 255 * masks)
        assert found.remark == "The values are 0 and 1: read as black and white."
    assert parse_images(arrays(images=masks + 1)).images.max() == 2


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("x_train", "y_train", "x_test", "y_test"), "x_train, y_train, not x_test, y_test"),
        (("train_images", "train_labels"), "train_images, train_labels"),
        (("arr_0", "arr_1"), "arr_0, arr_1"),
        (("X", "y"), "X, y"),
    ],
)
def test_arrays_under_the_names_of_others_are_understood(names, said):
    """Those of Keras, MedMNIST, numpy and scikit-learn, labels as a column; the choice is said."""
    labels = np.array([3, 1, 2] * 4)
    values = dict(zip(names, (PICTURES, labels[:, None], PICTURES // 2, labels), strict=False))
    found = parse_images(arrays(**values))
    assert np.array_equal(found.images, PICTURES)
    assert found.names == ("1", "2", "3")
    assert found.labels.tolist() == [2, 0, 1] * 4
    assert found.remark == f"Read from the file: {said}."


def test_colour_arrays_become_grey():
    """(n, h, w, 3) by luma, as whole and as real numbers; (n, h, w, 1) as it is."""
    colour = RNG.integers(0, 256, (12, 5, 7, 3), dtype=np.uint8)
    luma = colour @ np.array([0.299, 0.587, 0.114])
    for values in (colour, colour / 255):
        assert np.abs(parse_images(arrays(images=values)).images - luma).max() <= 0.51
    assert np.array_equal(parse_images(arrays(images=PICTURES[..., None])).images, PICTURES)


def test_ink_that_vanishes_on_white_paper_is_refused():
    """White ink on nothing: all images would be white."""
    files = {
        f"{i}.png": png(np.dstack([np.full((5, 7, 3), 255, np.uint8), grey]))
        for i, grey in enumerate(PICTURES)
    }
    assert "All 12 images are equal" in refusal(zipped(files))
