"""Whether the energy of an image model separates strange images from held-out ones of its classes.

Every image is encoded as the training data were, with a new draw of the data noise; in a latent
space the energy sees only what the coordinates keep of it. The score is −U and AUROC the chance
that a familiar image scores higher than a strange one (data.ood). Two baselines need no model and
read the images without noise: how far the mean intensity m lies from that of training images,
|m − μ|/s, and, in a latent space, the squared length of what the coordinates leave out.
With n images on either side, Q₁ = A/(2 − A) and Q₂ = 2A²/(1 + A) an AUROC A has the standard error
(Hanley and McNeil 1982, Radiology 143)

    se² = [A(1 − A) + (n − 1)(Q₁ + Q₂ − 2A²)]/n².
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from ebm_engine.build.image_files import load
from ebm_engine.core.rng import gaussian, uniform
from ebm_engine.run.run import Run
from ebm_engine.spec.blocks import TargetBlock
from ebm_engine.spec.targets.images import DigitsTarget
from ebm_engine.studies.ais import energies, image_run, images_of
from ebm_engine.studies.result import Result, Steps, TaskError
from ebm_engine.studies.specs.images import OodSpec

SHOWN = 8  # examples of each kind
OTHER_CLASSES = "other classes"


def uniform_noise(pixels: Tensor, rng: Generator) -> Tensor:
    """Every pixel uniform in [0, 1)."""
    return uniform(pixels, rng)


def gaussian_noise(pixels: Tensor, rng: Generator) -> Tensor:
    """Every pixel normal with mean and spread of all pixels, cut off at 0 and 1."""
    return (pixels.mean() + pixels.std() * gaussian(pixels, rng)).clamp(0, 1)


def shuffled(pixels: Tensor, rng: Generator) -> Tensor:
    """The pixels of each image in a random order of its own; the mean intensity stays."""
    return pixels.gather(1, uniform(pixels, rng).argsort(1))


def inverted(pixels: Tensor, rng: Generator) -> Tensor:
    """1 − x."""
    return 1 - pixels


def blank(pixels: Tensor, rng: Generator) -> Tensor:
    """All pixels 0."""
    return torch.zeros_like(pixels)


def turned(pixels: Tensor, rng: Generator) -> Tensor:
    """Turned by 180°, which is the order of the pixels backwards; the mean intensity stays."""
    return pixels.flip(1)


STRANGE: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "uniform noise": uniform_noise,
    "Gaussian noise": gaussian_noise,
    "pixel shuffle": shuffled,
    "inverted": inverted,
    "blank": blank,
    "turned by 180°": turned,
}


class Kinds(NamedTuple):
    """familiar (n, D); strange by name, each (n, D); training images (m, D): pixels in [0, 1]."""

    familiar: Tensor
    strange: dict[str, Tensor]
    training: Tensor


def detect(spec: OodSpec) -> Steps:
    """Energies and AUROC of each kind of strange images, one kind after the other.

    Raises TaskError when there is no image model in the checkpoint, ValueError where an energy is
    not finite.
    """
    run, rng = image_run(spec.checkpoint), Generator().manual_seed(spec.seed)
    kinds = kinds_of(run.spec.target, spec.count, rng)
    noise = Generator(device=run.parts.device).manual_seed(spec.seed)
    familiar = _Scores(run, kinds, kinds.familiar, noise)
    found = []
    for done, (name, pixels) in enumerate(kinds.strange.items(), start=1):
        found.append((name, _Scores(run, kinds, pixels, noise)))
        yield done / len(kinds.strange), _result(run, familiar, found)


def kinds_of(target: TargetBlock, most: int, rng: Generator) -> Kinds:
    """At most `most` held-out images of a target, and as many of each strange kind.

    Images of other classes are there where the target is a choice of digits. Raises TaskError for
    fewer than 2 held-out images.
    """
    files, other = load(target), _others(target)
    count = min(most, len(files.test), len(files.test) if other is None else len(other))
    if count < 2:
        raise TaskError(f"there are {count} held-out images, and at least 2 are needed")
    familiar = _some(files.test, count, rng)
    strange = {name: make(familiar, rng) for name, make in STRANGE.items()}
    if other is not None:
        strange[OTHER_CLASSES] = _some(other, count, rng)
    return Kinds(familiar, strange, files.train)


def _others(target: TargetBlock) -> Tensor | None:
    """Held-out digits (m, D) of the classes that a target leaves out; None where there are none."""
    if not isinstance(target, DigitsTarget):
        return None
    images, labels = target.read("test")
    rest = images[~np.isin(labels, target.classes)]
    return torch.from_numpy(rest.reshape(len(rest), -1)).float() / 255 if len(rest) else None


def _some(pixels: Tensor, count: int, rng: Generator) -> Tensor:
    return pixels[torch.randperm(len(pixels), generator=rng)[:count]]


class _Scores:
    """What every image of one kind scores; larger is stranger. Each array has length n."""

    def __init__(self, run: Run, kinds: Kinds, pixels: Tensor, rng: Generator) -> None:
        images = images_of(run)
        x = images.space.encode_noisy(pixels.to(images.x), rng)
        self.energy = energies(run.parts.model, x)
        means = kinds.training.mean(1)
        self.intensity = (pixels.mean(1) - means.mean()).abs().double() / float(means.std())
        kept = images.decode(images.encode(pixels)).cpu()
        self.outside = (pixels - kept).double().square().sum(1)
        self.examples = (pixels[:SHOWN].reshape(-1, *images.size) * 255).round().byte().numpy()


def _result(run: Run, familiar: _Scores, found: list[tuple[str, _Scores]]) -> Result:
    latent = run.spec.energy.space == "latent"

    def against(score: str) -> np.ndarray:
        first = getattr(familiar, score)
        return np.array([auroc(first, getattr(scores, score)) for _, scores in found])

    by_energy, count = against("energy"), len(familiar.energy)
    return {
        "step": run.step,
        "count": count,
        "latent": latent,
        "class_names": images_of(run).class_names,
        "names": tuple(name for name, _ in found),
        "familiar": familiar.energy.numpy(),
        "strange": np.stack([scores.energy.numpy() for _, scores in found]),
        "auroc": by_energy,
        "auroc_se": np.array([auroc_error(value, count) for value in by_energy]),
        "auroc_intensity": against("intensity"),
        "auroc_outside": against("outside") if latent else np.full(len(found), math.nan),
        "examples": np.stack([familiar.examples, *(scores.examples for _, scores in found)]),
    }


def auroc_error(value: float, count: int) -> float:
    """Standard error of an AUROC with `count` images on either side."""
    first, second = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (count - 1) * (first + second - 2 * value**2)
    return math.sqrt(max(0.0, spread)) / count


def auroc(familiar: Tensor, strange: Tensor) -> float:
    """AUROC of −U from the energies of familiar (n,) and strange (m,) points, between 0 and 1.

    Raises ValueError when either is empty or holds a number that is not finite.
    """
    from sklearn.metrics import roc_auc_score

    energies = [part.detach().double().cpu().numpy() for part in (familiar, strange)]
    for name, values in zip(("familiar", "strange"), energies, strict=True):
        if len(values) == 0:
            raise ValueError(f"there are no {name} points to score")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ValueError(f"{bad} of {len(values)} {name} points have no finite energy")
    labels = np.repeat([1, 0], [len(values) for values in energies])
    return float(roc_auc_score(labels, -np.concatenate(energies)))
