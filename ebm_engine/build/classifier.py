"""A classifier of images: which class a walker shows, and how often that reading is wrong.

One hidden layer, ReLU, trained by scikit-learn on the whitened principal components (data.latent)
of training images as the walkers show them; components and layer together are one matrix, so that
it reads pixels by two matrix products. Its confusion matrix C[a, b] = P(read as b | class a) on
held-out images corrects shares s of readings to shares t of classes by s = t C. pixels (n, D) in
[0, 1].
"""

from __future__ import annotations

import hashlib
import logging
import math
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from ebm_engine.data.principal_components import Latent
from ebm_engine.writing.whole_file import write_whole

HIDDEN = 64
STEPS, BATCH = 500, 100  # of Adam, and training images in each
NAMES = ("hidden", "hidden_bias", "output", "output_bias", "confusion")
VERSION = "1"  # of what is trained; another one makes the kept files useless

log = logging.getLogger(__name__)


class Classifier(NamedTuple):
    """hidden (D, k), hidden_bias (k,), output (k, J), output_bias (J,); confusion (J, J) float64.

    Rows of the confusion matrix are true classes, columns are readings; each row sums to 1.
    """

    hidden: Tensor
    hidden_bias: Tensor
    output: Tensor
    output_bias: Tensor
    confusion: Tensor

    def of(self, pixels: Tensor) -> Tensor:
        """The class (n,) read from each image, pixels (n, D)."""
        first = torch.relu(torch.addmm(self.hidden_bias, pixels, self.hidden))
        return torch.addmm(self.output_bias, first, self.output).argmax(1)

    def to(self, like: Tensor) -> Classifier:
        """The same in the dtype and on the device of `like`, the confusion matrix apart."""
        moved = {name: getattr(self, name).to(like) for name in NAMES if name != "confusion"}
        return self._replace(**moved)


class Examples(NamedTuple):
    """Images as the walkers show them, pixels (n, D) float32, and their classes (n,) 0 … J − 1."""

    pixels: Tensor
    labels: Tensor


def classifier(train: Examples, test: Examples, classes: int, latent: Latent) -> Classifier:
    """The classifier for these images; trained once, then kept in the user's cache."""
    digest = hashlib.sha256(f"{VERSION} {classes} {HIDDEN} {STEPS}".encode())
    for part in (*train, *test, latent.basis, latent.scale):
        digest.update(str(tuple(part.shape)).encode() + part.numpy().tobytes())
    path = cache_folder() / "classifiers" / f"{digest.hexdigest()[:32]}.safetensors"
    found = _read(path)
    if found is None:
        found = fitted(train, test, classes, latent)
        _write(path, found)
    return found


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """The user's cache folder of EBM Lab."""
    # pooch takes a fifth of a second to load, which only image data have to pay for.
    import pooch

    return Path(pooch.os_cache("ebm-lab"))


def fitted(train: Examples, test: Examples, classes: int, latent: Latent) -> Classifier:
    """A new classifier, the same for the same images; with one class it needs no training."""
    if classes == 1:
        return _single(train.pixels.shape[1])
    # scikit-learn takes a second to load, which only a classifier that is not kept has to pay for.
    from sklearn.neural_network import MLPClassifier

    count = len(train.labels)
    batch: Any = min(BATCH, count)  # the stub only knows "auto"
    model = MLPClassifier((HIDDEN,), random_state=0, batch_size=batch)
    inputs, labels = latent.encode(train.pixels).numpy(), train.labels.numpy()
    for _ in range(math.ceil(STEPS * BATCH / max(count, BATCH))):
        model.partial_fit(inputs, labels, classes=range(classes))
    weights = [torch.from_numpy(m).float() for m in (*model.coefs_, *model.intercepts_)]
    inner, output, inner_bias, output_bias = weights
    if classes == 2:  # scikit-learn has a single output there: the log odds of class 1
        output = torch.cat([torch.zeros_like(output), output], 1)
        output_bias = torch.cat([torch.zeros_like(output_bias), output_bias])
    hidden = latent.basis / latent.scale @ inner
    made = Classifier(
        hidden, inner_bias - latent.mean @ hidden, output, output_bias, torch.eye(classes).double()
    )
    return made._replace(confusion=confusion(made.of(test.pixels), test.labels, classes))


def confusion(readings: Tensor, labels: Tensor, classes: int) -> Tensor:
    """C (J, J) float64 from readings (n,) and classes (n,); a class without images counts as read
    without errors.
    """
    counts = torch.zeros(classes, classes, dtype=torch.float64)
    ones = torch.ones(len(labels), dtype=torch.float64)
    counts.index_put_((labels.long(), readings.long()), ones, accumulate=True)
    totals = counts.sum(1, keepdim=True)
    return torch.where(totals > 0, counts / totals.clamp_min(1), torch.eye(classes).double())


def _single(pixels: int) -> Classifier:
    zeros = torch.zeros(pixels, 1), torch.zeros(1), torch.zeros(1, 1), torch.zeros(1)
    return Classifier(*zeros, torch.ones(1, 1).double())


def _read(path: Path) -> Classifier | None:
    """A kept classifier; None when there is none or it cannot be read."""
    try:
        tensors = safetensors.torch.load(path.read_bytes())
        return Classifier(*(tensors[name] for name in NAMES))
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError) as error:
        log.warning("the kept classifier %s cannot be read and is trained again: %s", path, error)
        return None


def _write(path: Path, made: Classifier) -> None:
    """Keep a classifier, in one step; a full or read-only disk costs training it again."""
    tensors = {name: part.contiguous() for name, part in zip(NAMES, made, strict=True)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, safetensors.torch.save(tensors))
    except OSError as error:
        log.warning("the classifier cannot be kept in %s: %s", path.parent, error)
