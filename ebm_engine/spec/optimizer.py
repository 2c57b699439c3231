"""The optimizer's blocks: plain gradient descent and Adam, each with its learning rates."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ebm_engine.spec.blocks import KindBlock
from ebm_engine.spec.fields import Only, knob
from ebm_engine.spec.sampler import MIXTURE, NETWORK, WEIGHTED


def _rate(default: float, what: str, label: str, only: Only) -> Any:
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
        only=only,
        ge=0.0,
        le=100.0,
    )


class OptimizerBlock(KindBlock):
    """What both rules have in common beside their rates."""

    batch: int = knob(
        0,
        "Training points drawn for each update; 0 uses all of them.",
        label="Data per update",
        usual=(0, 2000),
        outside="Small batches make noisy gradients.",
        only={"method.reads_batch": (True,)},
        ge=0,
        le=100_000,
    )
    decay_over: int = knob(
        0,
        "Updates over which the rates fall evenly to a tenth, where they stay; 0 keeps them.",
        label="Decay of the rates over",
        unit="updates",
        live=True,
        usual=(0, 5000),
        ge=0,
        le=10_000_000,
    )
    clip: float = knob(
        0.0,
        "Largest norm of the gradient over all parameters; a longer one is shortened. 0 means no "
        "limit.",
        label="Gradient clip",
        live=True,
        usual=(0, 5),
        outside="A small limit hides a diverging run rather than curing it.",
        ge=0.0,
        le=1e6,
    )
    average: float = knob(
        0.0,
        "Decay μ of an exponential average of the parameters (EMA). The model shown and judged is "
        "then the average, while the walkers follow the last parameters; 0 means no average.",
        label="Parameter average μ",
        usual=(0, 0.999),
        outside="0.99 averages over about 100 updates.",
        ge=0.0,
        le=0.9999,
    )
    follow_ess: bool = knob(
        False,
        "Hold the rates back by 0.7 when the walkers resample and let them recover by 0.3 % per "
        "update.",
        label="Rates follow the ESS",
        live=True,
        only=WEIGHTED,
    )


class SGD(OptimizerBlock):
    """Plain gradient descent, with one rate for each group of parameters."""

    kind: Literal["sgd"] = "sgd"
    title: ClassVar[str] = "Gradient descent"
    lr: float = _rate(0.01, "network", "Learning rate", NETWORK)
    lr_means: float = _rate(0.005, "means", "Rate of means", MIXTURE)
    lr_log_masses: float = _rate(0.025, "log-masses", "Rate of log-masses", MIXTURE)


class Adam(OptimizerBlock):
    """Adam (Kingma and Ba 2015), with one rate for each group of parameters."""

    kind: Literal["adam"] = "adam"
    title: ClassVar[str] = "Adam"
    lr: float = _rate(0.001, "network", "Learning rate", NETWORK)
    lr_means: float = _rate(0.01, "means", "Rate of means", MIXTURE)
    lr_log_masses: float = _rate(0.01, "log-masses", "Rate of log-masses", MIXTURE)
    betas: tuple[
        Annotated[float, Field(ge=0.0, lt=1.0)], Annotated[float, Field(ge=0.0, lt=1.0)]
    ] = Field(default=(0.0, 0.999), description="Decay rates of Adam's two moment averages.")
