"""From a RunSpec to the parts of a training run: the only place where specs meet the maths."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ebm_engine.core.energies.mixture import MixtureEnergy
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.methods.cd import CD
from ebm_engine.core.methods.pcd import PCD
from ebm_engine.core.methods.weighted_ula import WeightedULA
from ebm_engine.core.referee import Referee
from ebm_engine.core.rng import gaussian, generators
from ebm_engine.core.training import Trainer
from ebm_engine.core.types import Method, Parameters
from ebm_engine.data.mixtures import sample_mixture
from ebm_engine.runs import blocks, mixtures
from ebm_engine.runs.spec import RunSpec, SpecError

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Parts:
    """A trainer with its referee, the frozen energy at θ₀ and the random streams."""

    trainer: Trainer
    referee: Referee
    base: MixtureEnergy
    rngs: dict[str, Generator]
    device: str


def resolve_device(wanted: str) -> str:
    """'cpu' or 'cuda'; 'auto' takes a GPU when there is one. Raises SpecError without one."""
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise SpecError("device = 'cuda': this machine has no usable CUDA GPU, use 'cpu' or 'auto'")
    return "cuda" if available and wanted != "cpu" else "cpu"


def build(spec: RunSpec) -> Parts:
    """All parts of a run at update 0. Raises SpecError when the device is missing."""
    device = resolve_device(spec.device)
    dtype = DTYPES[spec.dtype]
    rngs = generators(spec.seed, device)
    means = torch.tensor(spec.target.means, dtype=dtype, device=device)
    masses = torch.tensor(spec.target.masses, dtype=torch.float64)
    data = sample_mixture(means, masses, spec.target.samples, rngs["data"])
    energy = _initial_energy(spec.energy, dtype, device, rngs["init"])
    base = energy.frozen()
    trainer = Trainer(
        energy,
        data,
        build_method(spec, base),
        build_optimizer(spec, energy),
        build_masks(spec, energy),
    )
    judge_rng = generators(spec.seed, "cpu")["data"]
    return Parts(trainer, Referee(means, masses, data, judge_rng), base, rngs, device)


def _initial_energy(
    block: mixtures.MixtureEnergy, dtype: torch.dtype, device: str, rng: Generator
) -> MixtureEnergy:
    means = torch.tensor(block.means, dtype=dtype, device=device)
    if block.jitter:
        means = torch.where(means == 0, block.jitter * gaussian(means, rng), means)
    masses = torch.tensor(block.masses, dtype=torch.float64, device=device)
    z = torch.log(masses[0] / masses).to(dtype)  # the gauge: z of the first mode is 0 and stays 0
    return MixtureEnergy(means, z)


def build_method(spec: RunSpec, base: MixtureEnergy) -> Method:
    """The training method of a spec; `base` is the energy at θ₀."""
    kernel = ULA(spec.sampler.step_size, spec.sampler.temperature)
    count, method = spec.walkers.count, spec.method
    match method:
        case blocks.CD():
            return CD(kernel, count, method.k)
        case blocks.PCD():
            origin = base if method.start == "model" else None
            return PCD(kernel, count, origin, method.restart, method.restart_every)
        case blocks.WeightedULA():
            return WeightedULA(
                kernel,
                count,
                base,
                method.ess_threshold,
                method.resampling,
                method.correction,
                method.witness,
                method.refresh_every,
                method.refresh_steps,
            )


def build_optimizer(spec: RunSpec, energy: MixtureEnergy) -> torch.optim.Optimizer:
    """Gradient descent or Adam, with one rate for the means and one for the log-masses."""
    rates = {"means": spec.optimizer.lr_means, "log_masses": spec.optimizer.lr_log_masses}
    groups = [{"params": [p], "lr": rates[name]} for name, p in energy.parameters.items()]
    if isinstance(spec.optimizer, blocks.Adam):
        return torch.optim.Adam(groups, betas=spec.optimizer.betas)
    return torch.optim.SGD(groups)


def build_masks(spec: RunSpec, energy: MixtureEnergy) -> Parameters:
    """1 where a parameter is learned; z of the first mode is the frozen gauge."""
    masks: dict[str, Tensor] = {}
    for name, parameter in energy.parameters.items():
        masks[name] = torch.full_like(parameter, float(name in spec.energy.learn))
    masks["log_masses"][0] = 0.0
    return masks
