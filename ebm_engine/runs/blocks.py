"""The blocks of a RunSpec beside the mixtures: method, sampler, walkers, optimizer.

Each field carries what a control needs to know about it: range, unit, one-line help, and whether a
change applies live (at the next update) or needs a reset.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ebm_engine.runs.fields import Block, knob


class CD(Block):
    """Contrastive divergence: k ULA steps from the data at each update (Hinton 2002)."""

    kind: Literal["cd"] = "cd"
    k: int = knob(
        1,
        "Number of ULA steps from the data at each update.",
        label="Steps from the data, k",
        live=True,
        basic=True,
        usual=(1, 30),
        outside="More steps cost proportionally more time.",
        ge=1,
        le=1000,
    )


class PCD(Block):
    """Persistent contrastive divergence: the walkers stay between updates (Tieleman 2008)."""

    kind: Literal["pcd"] = "pcd"
    start: Literal["data", "model"] = knob(
        "data",
        "Where the walkers start: on data points, or drawn exactly from the initial model.",
        label="Walkers start at",
        basic=True,
    )
    restart: float = knob(
        0.0,
        "Probability per walker and update of going back to the start.",
        label="Restart probability",
        live=True,
        usual=(0.0, 0.1),
        outside="At 1 every gradient compares the start with the data.",
        ge=0.0,
        le=1.0,
    )
    restart_every: int = knob(
        0,
        "All walkers go back to the start after every this many updates; 0 means never.",
        label="Restart all every",
        unit="updates",
        live=True,
        usual=(0, 100),
        outside="At 1 every gradient compares the start with the data.",
        ge=0,
        le=1_000_000,
    )


class WeightedULA(Block):
    """ULA walkers that carry log-weights (Carbone et al. 2023, arXiv 2305.19414, Algorithm 1)."""

    kind: Literal["weighted-ula"] = "weighted-ula"
    ess_threshold: float = knob(
        0.5,
        "Resample when the effective sample size falls below this share of the walkers.",
        label="Resample below ESS/N",
        live=True,
        basic=True,
        usual=(0.0, 1.0),
        outside="0 never resamples; close to 1 it resamples forever and ancestors die out.",
        ge=0.0,
        le=1.0,
    )
    resampling: Literal["multinomial", "residual", "stratified", "systematic"] = knob(
        "systematic",
        "How copies are drawn when resampling; systematic adds the least noise.",
        label="Resampling scheme",
        live=True,
    )
    correction: bool = knob(
        True,
        "The exact discretisation terms of the weights. Off is WRONG on purpose: a biased weight.",
        label="Discretisation correction",
        live=True,
    )
    witness: int = knob(
        0,
        "Size of a second, independent population that judges and never trains; 0 means none.",
        label="Witness walkers",
        usual=(0, 2000),
        ge=0,
        le=100_000,
    )
    refresh_every: int = knob(
        0,
        "Replace the walkers by a fresh annealed run every this many updates; 0 means never.",
        label="Refresh every",
        unit="updates",
        live=True,
        usual=(0, 2000),
        outside="Very frequent refreshes cost more than the training.",
        ge=0,
        le=1_000_000,
    )
    refresh_steps: int = knob(
        300,
        "Number of annealing steps from the initial model to the present one in a refresh.",
        label="Refresh length",
        unit="steps",
        live=True,
        usual=(50, 1000),
        outside="Too few steps give few effective walkers.",
        ge=2,
        le=10_000,
    )


class Sampler(Block):
    """ULA: x ← x − h∇U(x) + √(2hT) ξ."""

    step_size: float = knob(
        0.1,
        "Step size h of the Langevin step x − h∇U + √(2hT) ξ.",
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
        gt=0.0,
        le=100.0,
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


def _rate(default: float, what: str, label: str) -> Any:
    return knob(
        default,
        f"Learning rate of the {what} per update.",
        label=label,
        unit="per update",
        live=True,
        basic=True,
        usual=(0.0005, 0.5),
        log=True,
        outside="Too fast and the walkers cannot follow: the weights degenerate.",
        ge=0.0,
        le=100.0,
    )


class SGD(Block):
    """Plain gradient descent with one rate for the means and one for the log-masses."""

    kind: Literal["sgd"] = "sgd"
    lr_means: float = _rate(0.005, "means", "Rate of means")
    lr_log_masses: float = _rate(0.025, "log-masses", "Rate of log-masses")


class Adam(Block):
    """Adam (Kingma and Ba 2015) with one rate for the means and one for the log-masses."""

    kind: Literal["adam"] = "adam"
    lr_means: float = _rate(0.01, "means", "Rate of means")
    lr_log_masses: float = _rate(0.01, "log-masses", "Rate of log-masses")
    betas: tuple[
        Annotated[float, Field(ge=0.0, lt=1.0)], Annotated[float, Field(ge=0.0, lt=1.0)]
    ] = Field((0.0, 0.999), description="Decay rates of Adam's two moment averages.")
