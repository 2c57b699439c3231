"""Energies of data, walkers and noise under an image model, for histograms.

U is evaluated at the training points with the noise they have, at held-out ones, at the walkers
as they stand with their weights, and at two kinds of noise images encoded as images are: uniform
pixels, and normal pixels with the mean and spread of the images (see ood_study). n points each.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from ebm_engine.build.image_files import load
from ebm_engine.core.smc.weights import normalised
from ebm_engine.run.run import Run
from ebm_engine.studies.ais import energies, image_run, images_of
from ebm_engine.studies.ood import gaussian_noise, uniform_noise
from ebm_engine.studies.result import Result, Steps
from ebm_engine.studies.specs.images import EnergiesSpec


def spread(spec: EnergiesSpec) -> Steps:
    """The energies of each set, one set after the other; they come together at the end.

    Raises TaskError when there is no sound image model in the checkpoint.
    """
    run = image_run(spec.checkpoint)
    images, device = images_of(run), run.parts.device
    rng = Generator().manual_seed(spec.seed)
    pixels = _some(load(run.spec.target).train, spec.count, rng)
    noise = Generator(device=device).manual_seed(spec.seed)
    sets = {
        "data": lambda: _some(images.x, spec.count, rng),
        "held_out": lambda: _some(images.held_out, spec.count, rng),
        "uniform": lambda: _encoded(run, uniform_noise(pixels, rng), noise),
        "gaussian": lambda: _encoded(run, gaussian_noise(pixels, rng), noise),
    }
    found = _walkers(run)
    for done, (name, points) in enumerate(sets.items(), start=1):
        found[name] = energies(run.parts.model, points()).numpy()
        yield done / len(sets), found if done == len(sets) else None


def _walkers(run: Run) -> Result:
    train = run.state.walkers.train
    return {
        "step": run.step,
        "weighted": run.spec.method.weighted,
        "walkers": energies(run.parts.model, train.x).numpy(),
        "weights": normalised(train.log_w).cpu().numpy(),
    }


def _encoded(run: Run, pixels: Tensor, rng: Generator) -> Tensor:
    """Points (n, d) of images (n, D) of pixels in [0, 1], with the data noise."""
    images = images_of(run)
    return images.space.encode_noisy(pixels.to(images.x), rng)


def _some(x: Tensor, most: int, rng: Generator) -> Tensor:
    """At most `most` of the rows, drawn without replacement."""
    return x[torch.randperm(len(x), generator=rng)[:most].to(x.device)]
