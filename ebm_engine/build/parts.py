"""From a RunSpec to the parts of a training run: the only place where specs meet the maths."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ebm_engine.build.density import density_of, stds_of
from ebm_engine.build.energy import start_energy
from ebm_engine.build.images import ImageSet, image_set
from ebm_engine.build.trainer import (
    build_extras,
    build_masks,
    build_method,
    build_optimizer,
)
from ebm_engine.core.referees.held_out import HeldOutReferee
from ebm_engine.core.referees.mixtures import MixtureReferee
from ebm_engine.core.referees.plane import GridReferee, Truth
from ebm_engine.core.referees.referee import Referee, Verdict
from ebm_engine.core.referees.regions import Partition, Regions
from ebm_engine.core.rng import generators
from ebm_engine.core.training import Trainer
from ebm_engine.core.types import Energy
from ebm_engine.data.densities import Density, sample_mixture
from ebm_engine.spec.kinds import IMAGE_TARGETS
from ebm_engine.spec.run_spec import RunSpec, SpecError

DTYPES = {"float32": torch.float32, "float64": torch.float64}
JUDGED = 512  # training images that the mean energy of a convolutional network is taken on


@dataclass(frozen=True)
class Parts:
    """What a run is made of.

    base: the energy at θ₀; density: the target on the plane, None where target and energy are both
    mixtures, in any dimension, and closed forms tell everything, and of images; regions: the modes
    of the target as a partition of the space, None where the energy's own modes count; images: the
    training images, None on other targets.
    """

    trainer: Trainer
    referee: Referee
    base: Energy
    rngs: dict[str, Generator]
    device: str
    density: Density | None
    regions: Partition | None
    images: ImageSet | None = None

    @property
    def model(self) -> Energy:
        """The energy that is shown and judged: the trained one, or the average over its updates."""
        return self.trainer.average or self.trainer.energy

    @property
    def width(self) -> float:
        """The narrowest feature that the energy has to form; 1 in whitened coordinates."""
        if self.images is not None and self.images.space.decoder is None:
            return self.images.space.latent.noise
        return 1.0 if self.density is None else self.density.width

    def judge(self) -> Verdict:
        """The exact numbers of the model at this moment."""
        return self.referee.judge(self.model)


def resolve_device(wanted: str) -> str:
    """'cpu' or 'cuda'; 'auto' takes a GPU when there is one. Raises SpecError without one."""
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise SpecError("device = 'cuda': this machine has no usable CUDA GPU, use 'cpu' or 'auto'")
    return "cuda" if available and wanted != "cpu" else "cpu"


def build(spec: RunSpec) -> Parts:
    """All parts of a run at update 0.

    Raises SpecError when the device is missing, or images or own points cannot be read.
    """
    device = resolve_device(spec.device)
    like = torch.empty(0, dtype=DTYPES[spec.dtype], device=device)
    rngs = generators(spec.seed, device)
    images = image_set(spec, like, rngs["data"]) if spec.target.kind in IMAGE_TARGETS else None
    own_modes = spec.target.kind == spec.energy.kind == "mixture"
    density = None if own_modes or images else density_of(spec.target)
    data = images.x if images else _training_points(spec, density, like, rngs["data"])
    energy = start_energy(spec, data, rngs["init"], images)
    base = energy.frozen()
    regions = _regions(density, images)
    referee = _image_referee(spec, images) if images else _referee(spec, density, data, regions)
    optimizer = build_optimizer(spec, energy)
    trainer = Trainer(
        energy,
        data,
        build_method(spec, base, referee),
        optimizer,
        build_masks(spec, energy),
        build_extras(spec),
    )
    return Parts(trainer, referee, base, rngs, device, density, regions, images)


def _regions(density: Density | None, images: ImageSet | None) -> Partition | None:
    if images:
        return images.classes()
    return density and Regions(density.anchors, density.labels, len(density.masses))


def _training_points(
    spec: RunSpec, density: Density | None, like: Tensor, rng: Generator
) -> Tensor:
    if density is not None:
        return density.sample(spec.target.samples, rng, like)
    target = spec.target
    means, masses = torch.tensor(target.means).to(like), torch.tensor(target.masses).double()
    stds = stds_of(target).to(like) if target.stds else None
    return sample_mixture(means, masses, target.samples, rng, stds)


def _referee(
    spec: RunSpec, density: Density | None, data: Tensor, regions: Regions | None
) -> Referee:
    """Closed forms where model and target are mixtures, else quadrature on the plane."""
    if regions is None:
        target = spec.target
        rng = generators(spec.seed, "cpu")["data"]
        masses = torch.tensor(target.masses, dtype=torch.float64)
        means = torch.tensor(target.means).double()
        return MixtureReferee(means, masses, data, rng, stds_of(target))
    if density.known:
        points, shares = density.grid()
        log_density, on_data = density.log_density(points), density.log_density(data.double().cpu())
        data_log_density = float(on_data.mean())
    else:
        points, shares = data[:0].double().cpu(), data[:0, 0].double().cpu()
        log_density, data_log_density = shares, 0.0
    truth = Truth(
        points,
        shares,
        log_density,
        data_log_density,
        density.masses,
        density.width,
        density.box,
        density.known,
    )
    return GridReferee(truth, data, regions)


def _image_referee(spec: RunSpec, images: ImageSet) -> HeldOutReferee:
    """All training images judge a network of points, some of them, evenly, a slower one."""
    every = max(1, len(images.x) // JUDGED) if spec.energy.kind == "cnn" else 1
    return HeldOutReferee(images.x[::every], images.held_out, images.shares)
