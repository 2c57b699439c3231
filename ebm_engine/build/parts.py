"""From a RunSpec to the parts of a training run: the only place where specs meet the maths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ebm_engine.build.density import density_of
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
from ebm_engine.spec.blocks import PointTarget
from ebm_engine.spec.edit import with_value
from ebm_engine.spec.run_spec import RunSpec, SpecError
from ebm_engine.spec.targets import ImageTarget, MixtureTarget

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


def on_usable_device(spec: RunSpec, device: str | None = None) -> RunSpec:
    """The spec on `device`; None: on its own, or wherever there is room for want of a GPU."""
    lost = spec.device == "cuda" and not torch.cuda.is_available()
    wanted = device or ("auto" if lost else spec.device)
    return with_value(spec, "device", wanted)


def build(spec: RunSpec) -> Parts:
    """All parts of a run at update 0.

    Raises SpecError when the device is missing, or images or own points cannot be read.
    """
    device = resolve_device(spec.device)
    torch.backends.cudnn.allow_tf32 = False  # ten bits would make weights wrong by 0.003 a move
    like = torch.empty(0, dtype=DTYPES[spec.dtype], device=device)
    rngs = generators(spec.seed, device)
    scene = _scene(spec, like, rngs["data"])
    energy = start_energy(spec.energy, scene.data, rngs["init"], scene.images)
    base = energy.frozen()
    optimizer = build_optimizer(spec, energy)
    trainer = Trainer(
        energy,
        scene.data,
        build_method(spec, base, scene.referee),
        optimizer,
        build_masks(spec, energy),
        build_extras(spec),
    )
    return Parts(
        trainer, scene.referee, base, rngs, device, scene.density, scene.regions, scene.images
    )


class _Scene(NamedTuple):
    """What a run learns: training points (n, d) and who judges it; see Parts."""

    data: Tensor
    referee: Referee
    density: Density | None = None
    regions: Partition | None = None
    images: ImageSet | None = None


def _scene(spec: RunSpec, like: Tensor, rng: Generator) -> _Scene:
    """Closed forms where model and target are mixtures, else held-out images or quadrature."""
    target = spec.target
    if isinstance(target, ImageTarget):
        components = spec.energy.dim if spec.energy.space == "latent" else 0
        images = image_set(target, components, like, rng)
        referee = _image_referee(spec, images)
        return _Scene(images.x, referee, regions=images.classes(), images=images)
    if isinstance(target, MixtureTarget) and not spec.energy.is_network:
        data = _mixture_points(target, like, rng)
        return _Scene(data, _mixture_referee(target, data, generators(spec.seed, "cpu")["data"]))
    assert isinstance(target, PointTarget)
    density = density_of(target)
    data = density.sample(target.samples, rng, like)
    regions = Regions(density.anchors, density.labels, len(density.masses))
    return _Scene(data, _plane_referee(density, data, regions), density, regions)


def _mixture_points(target: MixtureTarget, like: Tensor, rng: Generator) -> Tensor:
    means, masses = torch.tensor(target.means).to(like), torch.tensor(target.masses).double()
    stds = torch.tensor(target.stds, dtype=torch.float64).to(like) if target.stds else None
    return sample_mixture(means, masses, target.samples, rng, stds)


def _mixture_referee(target: MixtureTarget, data: Tensor, rng: Generator) -> MixtureReferee:
    masses, stds = (torch.tensor(v, dtype=torch.float64) for v in (target.masses, target.widths))
    return MixtureReferee(torch.tensor(target.means).double(), masses, data, rng, stds)


def _plane_referee(density: Density, data: Tensor, regions: Regions) -> GridReferee:
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
    every = max(1, len(images.x) // JUDGED) if spec.energy.needs_images else 1
    return HeldOutReferee(images.x[::every], images.shares)
