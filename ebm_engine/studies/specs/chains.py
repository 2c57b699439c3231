"""Chains on a fixed energy as a frozen block: what a person chooses, with its limits.

Importing this module never loads torch; the study itself is `langevin_study`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from ebm_engine.spec.fields import Block, OneOf, knob
from ebm_engine.spec.sampler import KernelName
from ebm_engine.spec.targets import TARGETS

MAX_POSITIONS = 4_000_000  # chains × steps: one float32 of each is kept
MAX_CHECKPOINT = 64_000_000  # bytes

LANDSCAPES = {
    "two-modes": "Two modes",
    "gaussian": "One Gaussian",
    **{kind: target.title for kind, target in TARGETS.items() if target.fixed_energy},
    "model": "The model just trained",
}
KERNELS: dict[KernelName, str] = {
    "ula": "ULA",
    "mala": "MALA",
    "hmc": "HMC",
    "underdamped": "Underdamped",
}
Start = Literal["noise", "data", "mode"]
STARTS: dict[Start, str] = {"noise": "Noise", "data": "Data", "mode": "One mode"}


def seed_field() -> Any:
    """The seed, a field that every study with randomness has."""
    return knob(0, "Seed of every random number of this study.", label="Seed", ge=0, le=2**31 - 1)


class ChainsSpec(Block):
    """Chains on one fixed energy: which energy, which kernel, how many, how long, from where."""

    landscape: Annotated[str, OneOf(LANDSCAPES)] = knob(
        "two-modes",
        "The energy that the chains walk on. It does not change while they walk. The checkerboard "
        "is not here: it is flat with walls, so no gradient shows the way.",
        label="Energy",
    )
    separation: float = knob(
        5.0,
        "Half the distance between the two unit modes; they hold 0.25 and 0.75 of the mass.",
        label="Half distance",
        usual=(1, 6),
        only={"landscape": ("two-modes",)},
        ge=0.0,
        le=20.0,
    )
    std_x: float = knob(
        1.0,
        "Standard deviation s₁ along x₁; the curvature there is 1/s₁².",
        label="Width s₁",
        usual=(0.2, 3),
        only={"landscape": ("gaussian",)},
        ge=0.05,
        le=20.0,
    )
    std_y: float = knob(
        2.0,
        "Standard deviation s₂ along x₂; the curvature there is 1/s₂².",
        label="Width s₂",
        usual=(0.2, 3),
        only={"landscape": ("gaussian",)},
        ge=0.05,
        le=20.0,
    )
    kernel: KernelName = knob(
        "ula",
        "The move. ULA and underdamped Langevin take every step, so a large step biases them; MALA "
        "and HMC test each step, so a large step is rejected instead.",
        label="Kernel",
    )
    step_size: float = knob(
        0.2,
        "Step size h. HMC and underdamped Langevin take time steps of √(2h).",
        label="Step size h",
        usual=(0.001, 2),
        log=True,
        outside="Above twice the squared width of the narrowest feature ULA flies apart.",
        gt=0.0,
        le=100.0,
    )
    temperature: float = knob(
        1.0,
        "Temperature T: the chains sample exp(−U/T).",
        label="Temperature T",
        usual=(0.1, 10),
        log=True,
        only={"kernel": ("ula",)},
        ge=0.1,
        le=10.0,
    )
    leapfrog: int = knob(
        5,
        "Leapfrog steps of one trajectory, which counts as one step of the chain.",
        label="Leapfrog steps",
        usual=(1, 30),
        only={"kernel": ("hmc",)},
        ge=1,
        le=100,
    )
    friction: float = knob(
        1.0,
        "Friction γ of the momentum: small lets it coast, large turns it into ULA.",
        label="Friction γ",
        usual=(0.1, 10),
        log=True,
        only={"kernel": ("underdamped",)},
        gt=0.0,
        le=100.0,
    )
    start: Start = knob(
        "mode",
        "Where the chains begin: at Gaussian noise as wide as the target, at exact draws from the "
        "target, or all in the centre of its first mode.",
        label="Start",
    )
    short: int = knob(
        50,
        "Length of the short run, whose cloud is compared with that of the whole run.",
        label="Short run",
        unit="steps",
        usual=(1, 500),
        log=True,
        ge=1,
        le=20_000,
    )
    steps: int = knob(
        2000,
        "Length of every chain.",
        label="Long run",
        unit="steps",
        usual=(100, 10_000),
        log=True,
        ge=10,
        le=20_000,
    )
    chains: int = knob(
        200,
        "Number of independent chains; every error bar comes from them.",
        label="Chains",
        usual=(20, 1000),
        log=True,
        ge=2,
        le=5000,
    )
    seed: int = seed_field()
    checkpoint: bytes = Field(default=b"", max_length=MAX_CHECKPOINT, repr=False)

    @property
    def metropolis(self) -> bool:
        """Always: HMC without the test is for weighted walkers."""
        return True

    @property
    def real_temperature(self) -> float:
        """T of the density exp(−U/T) that the kernel samples: only ULA has another one than 1."""
        return self.temperature if self.kernel == "ula" else 1.0

    @model_validator(mode="after")
    def _consistent(self) -> ChainsSpec:
        if self.chains * self.steps > MAX_POSITIONS:
            raise ValueError(
                f"{self.chains} chains of {self.steps} steps make {self.chains * self.steps} "
                f"positions, the limit is {MAX_POSITIONS}"
            )
        if self.short > self.steps:
            raise ValueError(
                f"the short run has {self.short} steps, the long one {self.steps}: it must not be "
                "longer"
            )
        return self


class ChainPreset(NamedTuple):
    """A title, and what differs from the defaults of a ChainsSpec."""

    title: str
    changes: dict[str, Any]


TIGHT = {"landscape": "gaussian", "step_size": 1.0, "start": "noise", "short": 10}
CHAIN_PRESETS: dict[str, ChainPreset] = {
    "far": ChainPreset("Two far modes, no way across", {}),
    "near": ChainPreset("Two near modes", {"separation": 2.0}),
    "bias": ChainPreset("One Gaussian, too large a step", TIGHT),
    "tested": ChainPreset("The same Gaussian, tested", TIGHT | {"kernel": "mala"}),
    "moons": ChainPreset(
        "Two moons by HMC",
        {
            "landscape": "moons",
            "kernel": "hmc",
            "step_size": 0.02,
            "leapfrog": 8,
            "start": "noise",
            "short": 10,
        },
    ),
}
