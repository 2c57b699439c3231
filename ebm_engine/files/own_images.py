"""Own images kept by the server, after a check (see `kept_files`), and settings that suit them.

A spec names own images by the path of a file. Only files written here come into such a path: it is
never taken from a link. No torch here: the server reads uploads with it.
"""

from __future__ import annotations

from typing import NamedTuple

from ebm_engine.data.archive import MOST_BYTES
from ebm_engine.data.image_arrays import FEWEST, LONGEST_SIDE, MOST
from ebm_engine.data.images import parse_images, split
from ebm_engine.files.uploads import KeptFiles
from ebm_engine.spec.edit import parse_spec
from ebm_engine.spec.presets import preset
from ebm_engine.spec.run_spec import RunSpec

KIND = "images"
MOST_FILES = 16  # at most 20 MB each; beyond that the one used longest ago goes
FEWEST_PIXELS = 2  # the plane that is shown has two directions
LARGEST_MB = MOST_BYTES // 1_000_000
FORMAT = (
    "A zip of PNG or JPEG files, one folder per class, or an NPZ file with the array `images` or "
    "`x_train` (n, h, w) and maybe `labels` or `y_train` (n,): "
    f"{FEWEST} to {MOST} images of one size, sides of at most "
    f"{LONGEST_SIDE} pixels, up to {LARGEST_MB} MB. Colours become grey, and every fifth image is "
    "held out."
)
START = "mnist-017"  # the preset whose settings also suit other images

_files = KeptFiles("ebm-lab-images-", ".zip")


class OwnFile(NamedTuple):
    """A kept file: its path, number of training and of held-out images, (h, w), class names.

    `remark` says how it was read where that is not plain.
    """

    path: str
    training: int
    held_out: int
    size: tuple[int, int]
    names: tuple[str, ...]
    remark: str = ""

    @property
    def most_components(self) -> int:
        """The largest dimension of a latent space of these images."""
        return min(self.training, self.size[0] * self.size[1])


def keep_bytes(content: bytes) -> OwnFile:
    """Check a zip or NPZ file and keep it.

    Raises ValueError with the one sentence of `parse_images` or `split`, and for images of a single
    pixel.
    """
    found = parse_images(content)
    training, held_out = split(found)
    height, width = found.images.shape[1:]
    if height * width < FEWEST_PIXELS:
        raise ValueError(f"The images have 1 pixel, and at least {FEWEST_PIXELS} are needed.")
    path = _files.keep(content, MOST_FILES)
    return OwnFile(path, len(training), len(held_out), (height, width), found.names, found.remark)


def on_images(spec: RunSpec, file: OwnFile) -> RunSpec:
    """The spec on own images, with settings that suit them.

    A spec on own images keeps all that fits the new ones; another one keeps its seed, precision and
    device.
    """
    start = preset(START).spec.model_dump(mode="json")
    content = spec.model_dump(mode="json")
    if spec.target.kind != KIND:
        content = start | {name: content[name] for name in ("seed", "dtype", "device")}
        content["target"] = {"kind": KIND}
    content["target"]["path"] = file.path
    if spec.energy.kind == "cnn" and why_no_cnn(file):
        content["energy"] = start["energy"]
    content["energy"]["dim"] = min(content["energy"]["dim"], file.most_components)
    return parse_spec(content)


def why_no_cnn(file: OwnFile) -> str:
    """Why these images have no convolutional network, in one sentence; empty when they have one."""
    height, width = file.size
    if height == width:
        return ""
    return f"Convolutions need square images, and these have {width} × {height} pixels"
