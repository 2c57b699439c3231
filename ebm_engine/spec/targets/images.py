"""The image targets of a RunSpec: labelled pictures, with noise that gives them a density.

A training point is x + σε with x an image of pixels in [0, 1] and ε ~ N(0, I): without the noise
images lie on surfaces that no density fills. Classes come in the given counts, so their shares are
known.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from ebm_engine.spec.blocks import TargetBlock
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    import numpy as np

CLASSES = 10
MOST_OF_A_CLASS = 6742  # images of the digit 1 in the training part of MNIST


def data_noise(default: float) -> Any:
    """The standard deviation of the noise on the pixels, a field of every image target."""
    return knob(
        default,
        "Standard deviation σ of the noise added to the pixels, whose range is 0 to 1.",
        label="Data noise σ",
        basic=True,
        usual=(0.03, 0.3),
        log=True,
        outside="Little noise makes thin modes that need small steps; much noise connects them.",
        ge=0.001,
        le=1.0,
    )


class ImageTarget(TargetBlock):
    """A target whose training points stand for images.

    preset: the one whose settings suit it.
    """

    of_images: ClassVar[bool] = True
    preset: ClassVar[str]

    if TYPE_CHECKING:  # a field of all, with defaults of their own

        @property
        def noise(self) -> float: ...

    @property
    def dim(self) -> int:
        """Number of pixels, 0 where only the file of own images tells."""
        return self.image_side**2


class DigitsTarget(ImageTarget):
    """What the sets of digits have in common: which classes, and how many of each."""

    if TYPE_CHECKING:

        @property
        def classes(self) -> tuple[int, ...]: ...
        @property
        def counts(self) -> tuple[int, ...]: ...

    @abstractmethod
    def read(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """All images (n, h, w) uint8 and their labels (n,) of the split "train" or "test".

        Raises MnistUnavailable where they are not on this machine.
        """

    @property
    def samples(self) -> int:
        """Number of training images."""
        return sum(self.counts)

    @model_validator(mode="after")
    def _consistent(self) -> DigitsTarget:
        classes, counts = list(self.classes), list(self.counts)
        if not 1 <= len(classes) <= CLASSES:
            raise ValueError(f"target.classes has {len(classes)} entries, allowed are 1 to 10")
        if len(set(classes)) < len(classes):
            raise ValueError(f"target.classes repeats an entry: {classes}")
        if not 0 <= min(classes) <= max(classes) < CLASSES:
            raise ValueError(f"target.classes holds {classes}, allowed are the digits 0 to 9")
        if len(counts) != len(classes):
            raise ValueError(f"target.counts has {len(counts)} entries for {len(classes)} classes")
        if not 1 <= min(counts) <= max(counts) <= MOST_OF_A_CLASS:
            raise ValueError(
                f"target.counts holds {counts}, allowed are 1 to {MOST_OF_A_CLASS} of each class"
            )
        return self


class Mnist(DigitsTarget):
    """Handwritten digits of 28 × 28 pixels (LeCun et al. 1998)."""

    kind: Literal["mnist"] = "mnist"
    title: ClassVar[str] = "MNIST"
    image_side: ClassVar[int] = 28
    preset: ClassVar[str] = "mnist-017"
    classes: tuple[int, ...] = Field(default=(0, 1, 7), description="The digits to learn.")
    counts: tuple[int, ...] = Field(
        default=(2400, 1200, 600),
        description="Training images of each digit, in the order of classes.",
    )
    noise: float = data_noise(0.1)

    def read(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """From the user's cache or the folder that a variable names."""
        from ebm_engine.data.mnist import load_mnist

        return load_mnist(split)


class Digits(DigitsTarget):
    """Handwritten digits of 8 × 8 pixels, which come with scikit-learn."""

    kind: Literal["digits"] = "digits"
    title: ClassVar[str] = "Digits 8 × 8"
    image_side: ClassVar[int] = 8
    preset: ClassVar[str] = "digits-017"
    classes: tuple[int, ...] = Field(default=(0, 1, 7), description="The digits to learn.")
    counts: tuple[int, ...] = Field(
        default=(140, 70, 35), description="Training images of each digit, in the order of classes."
    )
    noise: float = data_noise(0.05)

    def read(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        """From scikit-learn."""
        from ebm_engine.data.digits import load_digits

        return load_digits(split)


class Images(ImageTarget):
    """Own images from a zip of PNG or JPEG files or an NPZ file."""

    kind: Literal["images"] = "images"
    title: ClassVar[str] = "Own images"
    own_file: ClassVar[bool] = True
    preset: ClassVar[str] = "mnist-017"
    path: str = Field(
        default="", max_length=4096, description="Path of a zip or NPZ file with images."
    )
    noise: float = data_noise(0.1)

    @property
    def samples(self) -> int:
        """0: the number of images is in the file."""
        return 0
