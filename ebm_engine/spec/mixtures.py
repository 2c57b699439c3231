"""The mixture energy of a RunSpec, and what any mixture must keep to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from ebm_engine.spec.blocks import EnergyBlock, EnergyKit
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    from ebm_engine.core.types import Energy

MAX_MODES = 32
MAX_DIM = 256

Vector = tuple[float, ...]


def check_mixture(name: str, means: tuple[Vector, ...], masses: Vector) -> None:
    """Raise ValueError with value and limit unless means (J, d) and masses (J,) fit together."""
    if not 1 <= len(means) <= MAX_MODES:
        raise ValueError(f"{name}.means has {len(means)} modes, allowed are 1 to {MAX_MODES}")
    dims = sorted({len(a) for a in means})
    if len(dims) > 1:
        raise ValueError(f"{name}.means has rows of lengths {dims}, all must be equal")
    if not 1 <= dims[0] <= MAX_DIM:
        raise ValueError(f"{name}.means has dimension {dims[0]}, allowed are 1 to {MAX_DIM}")
    largest = max(abs(c) for a in means for c in a)
    if largest > 1000:
        raise ValueError(f"{name}.means has a coordinate of size {largest:g}, the limit is 1000")
    if len(masses) != len(means):
        raise ValueError(f"{name}.masses has {len(masses)} entries for {len(means)} modes")
    if min(masses) <= 0:
        raise ValueError(f"{name}.masses holds {min(masses):g}, each mass must be above 0")
    if not math.isclose(sum(masses), 1.0, abs_tol=1e-6):
        raise ValueError(f"{name}.masses sum to {sum(masses):g}, the sum must be 1")


class MixtureEnergy(EnergyBlock):
    """The trained energy U(x) = −log Σⱼ exp(−½|x−aⱼ|² − zⱼ) at its start, zⱼ = −log massⱼ."""

    kind: Literal["mixture"] = "mixture"
    title: ClassVar[str] = "Mixture"
    is_network: ClassVar[bool] = False
    space: ClassVar[str] = "latent"  # there is no other
    l2: ClassVar[float] = 0.0
    means: tuple[Vector, ...] = Field(
        default=((-0.1, 0.0), (0.1, 0.0)), description="Means aⱼ of the model at the start."
    )
    masses: Vector = Field(
        default=(0.5, 0.5), description="Masses of the model's modes at the start."
    )
    jitter: float = knob(
        0.0,
        "Standard deviation of the noise added at the start to the zero coordinates of the means.",
        label="Initial jitter",
        usual=(0.0, 0.1),
        ge=0.0,
        le=10.0,
    )
    learn: tuple[Literal["means", "log_masses"], ...] = Field(
        default=("means", "log_masses"),
        description="Which parameters are learned; none of them freezes the model.",
        json_schema_extra={"label": "Learn", "live": True},
    )

    @model_validator(mode="after")
    def _consistent(self) -> MixtureEnergy:
        check_mixture("energy", self.means, self.masses)
        if len(set(self.learn)) != len(self.learn):
            raise ValueError(f"energy.learn repeats an entry: {list(self.learn)}")
        return self

    @property
    def dim(self) -> int:
        """Dimension d of the means."""
        return len(self.means[0])

    def build(self, kit: EnergyKit) -> Energy:
        """The gauge: z of the first mode is 0 and stays 0."""
        import torch

        from ebm_engine.core.energies.mixture import MixtureEnergy
        from ebm_engine.core.rng import gaussian

        means = torch.tensor(self.means, dtype=kit.data.dtype, device=kit.data.device)
        if self.jitter:
            means = torch.where(means == 0, self.jitter * gaussian(means, kit.rng), means)
        masses = torch.tensor(self.masses, dtype=torch.float64, device=kit.data.device)
        return MixtureEnergy(means, torch.log(masses[0] / masses).to(kit.data.dtype))

    def hidden_units(self, image_side: int) -> int:
        """None."""
        return 0
