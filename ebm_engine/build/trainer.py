"""The parts of a trainer: kernel, method, optimizer with its rates, masks and extras."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import torch

from ebm_engine.core.kernels.adaptation import AdaptiveKernel
from ebm_engine.core.kernels.hmc import HMC
from ebm_engine.core.kernels.mala import MALA
from ebm_engine.core.kernels.ula import ULA
from ebm_engine.core.kernels.underdamped import Underdamped
from ebm_engine.core.referees.referee import Referee
from ebm_engine.core.training import Extras
from ebm_engine.core.types import Energy, Method, Parameters
from ebm_engine.spec.blocks import Kit
from ebm_engine.spec.mixtures import MixtureEnergy
from ebm_engine.spec.optimizer import Adam
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.spec.sampler import KernelName


class KernelFields(Protocol):
    """What a Markov move is built from: the sampler of a run, or chains on a fixed energy."""

    @property
    def kernel(self) -> KernelName: ...
    @property
    def step_size(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def leapfrog(self) -> int: ...
    @property
    def metropolis(self) -> bool: ...
    @property
    def friction(self) -> float: ...


def build_kernel(fields: KernelFields, backward: Literal["new", "old"] = "new") -> AdaptiveKernel:
    """The Markov move that the fields name; backward: which gradient weights of ULA use."""
    match fields.kernel:
        case "ula":
            return ULA(fields.step_size, fields.temperature, backward)
        case "mala":
            return MALA(fields.step_size)
        case "hmc":
            return HMC(fields.step_size, fields.leapfrog, fields.metropolis)
        case "underdamped":
            return Underdamped(fields.step_size, fields.friction)


def build_method(spec: RunSpec, base: Energy, referee: Referee) -> Method:
    """The training method of a spec; `base` is the energy at θ₀."""
    adapt = spec.sampler.adaptive
    # Walkers of a network with a random last layer start from the Gaussian that it stands on.
    start = base if base.exact else base.origin()
    kernel = build_kernel(spec.sampler, spec.method.backward)
    kit = Kit(kernel, spec.walkers.count, start, referee.gradient, adapt)
    return spec.method.build(kit)


def build_optimizer(spec: RunSpec, energy: Energy) -> torch.optim.Optimizer:
    """Gradient descent or Adam, with a rate for each group of parameters."""
    groups = [{"params": list(ps), "lr": rate} for ps, rate in _groups(spec, energy)]
    if isinstance(spec.optimizer, Adam):
        return torch.optim.Adam(groups, betas=spec.optimizer.betas)
    return torch.optim.SGD(groups)


def build_rates(spec: RunSpec, energy: Energy) -> list[float]:
    """The learning rates of the optimizer's groups."""
    return [rate for _, rate in _groups(spec, energy)]


def _groups(spec: RunSpec, energy: Energy) -> list[tuple[Any, float]]:
    rule, parameters = spec.optimizer, energy.parameters
    if spec.energy.is_network:
        return [(parameters.values(), rule.lr)]
    rates = {"means": rule.lr_means, "log_masses": rule.lr_log_masses}
    return [([p], rates[name]) for name, p in parameters.items()]


def build_masks(spec: RunSpec, energy: Energy) -> Parameters:
    """1 where a parameter is learned; z of a mixture's first mode is the frozen gauge."""
    block = spec.energy
    learned = block.learn if isinstance(block, MixtureEnergy) else tuple(energy.parameters)
    masks = {n: torch.full_like(p, float(n in learned)) for n, p in energy.parameters.items()}
    if "log_masses" in masks:
        masks["log_masses"][0] = 0.0
    return masks


def build_extras(spec: RunSpec) -> Extras:
    """What goes beside the plain update."""
    rule = spec.optimizer
    follow = rule.follow_ess and spec.method.weighted
    return Extras(rule.batch, spec.energy.l2, rule.clip, rule.average, rule.decay_over, follow)
