"""MNIST: 60 000 training and 10 000 test images of handwritten digits, 28 × 28 grey values 0 … 255.

Looked for in this order: the folder named by the environment variable EBM_DATA_DIR, the user's
cache, and, only when allowed, public mirrors. In a folder lie the published gzip files or the same
unpacked, there or in MNIST/raw, also under Kaggle's names. Every file counts only if the SHA-256
of its unpacked bytes is the published one, so another data set in the same format is never taken
for MNIST. Source: LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to
document recognition.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np

from ebm_engine.data.idx import MOST_BYTES, parse_idx, unpacked
from ebm_engine.writing.whole_file import write_whole

VARIABLE = "EBM_DATA_DIR"
SIDE = 28
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
LONGEST_SILENCE = 20.0  # seconds to connect, and between two packets
LONGEST_DOWNLOAD = 900.0  # seconds for one file
CHUNK = 16_384  # bytes between two reports of progress, where the limits are checked

Progress = Callable[[int, int], None]


class MnistUnavailable(ValueError):  # noqa: N818 - it names a state, not a fault of the caller
    """MNIST is missing or damaged here; its one sentence names the remedy."""


def load_mnist(
    split: str,
    download: bool = False,
    progress: Progress | None = None,
    *,
    mirrors: Sequence[str] = MIRRORS,
    hashes: Mapping[str, str] = SHA256,
    cache: Path | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) uint8 and labels (n,) uint8 of the split “train” or “test”.

    The network is used only with `download`. `progress` is then called with the bytes done and
    in all (0 if the mirror does not say), once for each file from its start; an exception of its
    own, OSError and ValueError apart, ends the download and leaves nothing behind. `cache` is the
    folder kept between runs, by default the user's. Raises MnistUnavailable if a file is missing,
    damaged or cannot be downloaded, ValueError for another split.
    """
    if split not in FILES:
        raise ValueError(f"The split is “{split}”, and {' or '.join(FILES)} is needed.")
    folder = cache or _user_cache()
    arrays = []
    for name in FILES[split]:
        content = _kept(name, folder, hashes[name], download)
        if content is None:
            content = _fetched(name, folder, hashes[name], mirrors, progress or _unseen)
        arrays.append(parse_idx(content))
    images, labels = arrays
    if images.shape != (len(labels), SIDE, SIDE):
        raise ValueError(
            f"The images have shape {images.shape}, and {(len(labels), SIDE, SIDE)} is needed."
        )
    return images, labels


def _user_cache() -> Path:
    # pooch takes a fifth of a second to load, which only image data have to pay for.
    import pooch

    return Path(pooch.os_cache("ebm-lab"))


def _kept(name: str, cache: Path, digest: str, download: bool) -> bytes | None:
    """The file's bytes from EBM_DATA_DIR or the cache; None if it is to be downloaded."""
    own = os.environ.get(VARIABLE)
    places = [(cache, "download it again")]
    if own:
        places.insert(0, (Path(own), f"replace it, or unset {VARIABLE} to download it"))
    for folder, remedy in places:
        path = next((p for p in _paths(folder, name) if p.is_file()), None)
        if path is None:
            continue
        try:
            return _verified(path, digest)
        except ValueError as error:
            if folder is cache and download:
                return None
            raise MnistUnavailable(f"The MNIST file {path} is damaged: {remedy}.") from error
    if download:
        return None
    raise MnistUnavailable(
        f"MNIST is not on this machine ({name}.gz is missing in "
        f"{f'{VARIABLE} and ' if own else ''}the user's cache, and in MNIST/raw there): download "
        f"it, or name the folder with its four files in {VARIABLE}."
    )


def _paths(folder: Path, name: str) -> Iterator[Path]:
    """Where a file may lie: as published, as torchvision keeps it, or as Kaggle names it."""
    for place in (folder, folder / "MNIST" / "raw", folder / "raw"):
        for known in (name, name.replace("-idx", ".idx")):
            yield place / f"{known}.gz"
            yield place / known


def _verified(path: Path, digest: str) -> bytes:
    content = unpacked(path)
    found = sha256(content).hexdigest()
    if found != digest:
        raise ValueError(
            f"The SHA-256 of the unpacked {path.name} is {found}, and {digest} is needed."
        )
    return content


def _fetched(
    name: str, cache: Path, digest: str, mirrors: Sequence[str], progress: Progress
) -> bytes:
    """The file's bytes from the first mirror with a good copy, which then lies in the cache."""
    failures = []
    for mirror in mirrors:
        try:
            return _copied(f"{mirror}{name}.gz", cache / f"{name}.gz", digest, progress)
        except OSError as error:  # every network error of requests is one
            failures.append((mirror, type(error).__name__, error))
        except ValueError as error:
            failures.append((mirror, "a damaged copy", error))
    reasons = ", ".join(f"{urlsplit(mirror).hostname}: {why}" for mirror, why, _ in failures)
    raise MnistUnavailable(
        f"{name}.gz could not be downloaded to {cache} ({reasons}): try again later, or name the "
        f"folder with the four MNIST files in {VARIABLE}."
    ) from (failures[-1][2] if failures else None)


def _copied(url: str, target: Path, digest: str, progress: Progress) -> bytes:
    """The verified bytes behind `url`, which then lie in `target` as they came."""
    from pooch import HTTPDownloader

    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="ebm-lab-") as folder:
        part = Path(folder) / target.name
        # pooch takes any meter, though its default is False.
        meter = _Meter(progress)
        get = HTTPDownloader(meter, chunk_size=CHUNK, timeout=LONGEST_SILENCE)  # pyright: ignore[reportArgumentType]
        get(url, str(part), None)
        content = _verified(part, digest)
        write_whole(target, part.read_bytes())
    return content


def _unseen(done: int, total: int) -> None:
    """Progress that is not shown."""


class _Meter:
    """The progress bar that pooch drives; ends a download that is too long or too slow."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.total = self.done = 0
        self.end = time.monotonic() + LONGEST_DOWNLOAD

    def update(self, count: int) -> None:
        """`count` more bytes have come, the last chunk being counted as full."""
        self.done += count
        if self.done > MOST_BYTES + CHUNK:
            raise OSError(f"More than {MOST_BYTES} bytes came.")
        if time.monotonic() > self.end:
            raise TimeoutError(f"The download took more than {LONGEST_DOWNLOAD:g} s.")
        self.progress(min(self.done, self.total), self.total)

    def reset(self) -> None:
        """pooch counts anew before it reports the whole file."""
        self.done = 0

    def close(self) -> None:
        """Nothing to free."""
