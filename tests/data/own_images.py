"""Archives of small images, written as a person would."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from ebm_engine.data.images import parse_images

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (12, 5, 7), dtype=np.uint8)


def png(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", **options)
    return file.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def pictures(names: str = "{}.png") -> dict[str, bytes]:
    return {names.format(place): png(values) for place, values in enumerate(PICTURES)}


def arrays(**values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def refusal(content: bytes) -> str:
    """The sentence of the refusal."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the caller compares the sentence
        parse_images(content)
    assert str(error.value).count(". ") == 0
    assert str(error.value).endswith(".")
    return str(error.value)
