"""The blocks of a RunSpec that every method shares: sampler, walkers, optimizer.

Each field carries what a control needs to know about it: range, unit, one-line help, and whether a
change applies live (at the next update) or needs a reset.
"""

from __future__ import annotations

from typing import Literal

from ebm_engine.spec.fields import Block, Only, knob

KernelName = Literal["ula", "mala", "hmc", "underdamped"]

MIXTURE: Only = {"energy.is_network": (False,)}
NETWORK: Only = {"energy.is_network": (True,)}
WEIGHTED: Only = {"method.weighted": (True,)}


class Sampler(Block):
    """The Markov move of the walkers, for ULA x ← x − h∇U(x) + √(2hT) ξ."""

    kernel: KernelName = knob(
        "ula",
        "The move of the walkers: unadjusted Langevin, Langevin with a Metropolis test, "
        "Hamiltonian, or Langevin with momentum. Each has its own exact weights.",
        label="Kernel",
        live=True,
        only={"method.any_kernel": (True,)},
    )
    step_size: float = knob(
        0.1,
        "Step size h of the Langevin step x − h∇U + √(2hT) ξ. Kernels with momentum take leapfrog "
        "steps of √(2h).",
        label="Step size h",
        live=True,
        basic=True,
        usual=(0.005, 1.5),
        log=True,
        outside="On modes of unit width weights degenerate near 1 and the chain explodes above 2.",
        gt=0.0,
        le=100.0,
    )
    temperature: float = knob(
        1.0,
        "Temperature T of the Langevin noise √(2hT). Only T = 1 samples the model exp(−U).",
        label="Temperature T",
        live=True,
        usual=(0.1, 3.0),
        log=True,
        outside="Away from 1 unweighted walkers sample another density, exp(−U/T).",
        only={"sampler.kernel": ("ula",)},
        gt=0.0,
        le=100.0,
    )
    leapfrog: int = knob(
        5,
        "Leapfrog steps of one Hamiltonian move.",
        label="Leapfrog steps",
        live=True,
        usual=(1, 20),
        outside="Each step costs one evaluation of the energy.",
        only={"sampler.kernel": ("hmc",)},
        ge=1,
        le=200,
    )
    metropolis: bool = knob(
        True,
        "Accept or reject each Hamiltonian move. Without the test the weights carry the error.",
        label="Metropolis test",
        live=True,
        only={"sampler.kernel": ("hmc",)},
    )
    friction: float = knob(
        1.0,
        "Friction of underdamped Langevin, per unit of time.",
        label="Friction",
        live=True,
        usual=(0.1, 10),
        log=True,
        outside="Low friction glides, high friction diffuses.",
        only={"sampler.kernel": ("underdamped",)},
        gt=0.0,
        le=1000.0,
    )
    adaptive: bool = knob(
        False,
        "Let the walkers adapt their step size: so that the weights spread by 0.25 per move, or "
        "so that enough proposals are accepted.",
        label="Adaptive step size",
        live=True,
        only=WEIGHTED,
    )


class Walkers(Block):
    """The population of Langevin chains."""

    count: int = knob(
        1000,
        "Number N of walkers.",
        label="Walkers N",
        basic=True,
        usual=(50, 5000),
        log=True,
        outside="Few walkers bias the weights; many slow the updates.",
        ge=2,
        le=100_000,
    )
