"""Whether MNIST can be read on this machine, for the pages, without torch."""

from __future__ import annotations

import functools

from ebm_engine.data.mnist import MnistUnavailable, load_mnist


def why_no_mnist() -> str:
    """One sentence on what is missing or damaged and its remedy; "" when MNIST can be read.

    A good answer is kept: the first one reads and checks all files, which takes half a second.
    """
    try:
        _read()
    except MnistUnavailable as error:
        return str(error)
    return ""


@functools.cache
def _read() -> None:
    for split in ("train", "test"):
        load_mnist(split)
