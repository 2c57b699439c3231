"""Data-restarted ULA: PCD whose walkers go back to a training point in turn.

After every update 1/`lifetime` of the N walkers return to the data, so that each of them walks for
`lifetime` steps: CD-k in which the k steps are spread over k updates. U, x (n, d) and θ as
everywhere; the gradient is E_data[∂U/∂θ] − mean over walkers of ∂U/∂θ. (Between CD, Hinton 2002,
and PCD, Tieleman 2008; of the same kind as the restarts of Du and Mordatch 2019, arXiv 1903.08689.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from ebm_engine.spec.blocks import Kit, Line, MethodBlock
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    from ebm_engine.core.types import Batch, Energy, Kernel, Method, Parameters, Populations


class DataRestarted(MethodBlock):
    """The fields of the method: what a page shows and a spec file holds."""

    kind: Literal["data-restarted"] = "data-restarted"
    title: ClassVar[str] = "Data-restarted ULA"
    label: ClassVar[str] = "data-restarted, {lifetime} steps"
    line: ClassVar[Line] = Line("#6B5B00", "#C9B458", "6px,2px", (6, 2))
    help: ClassVar[str] = "lets each walker walk on for a while and then puts it back on the data"
    lifetime: int = knob(
        20,
        "Updates after which a walker goes back to a training point.",
        label="Lifetime of a walker",
        unit="updates",
        live=True,
        basic=True,
        usual=(1, 200),
        outside="1 compares data with data after a single step.",
        ge=1,
        le=1_000_000,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        return RestartInTurn(kit.kernel, kit.count, self.lifetime)


class RestartInTurn(NamedTuple):
    """`count` walkers, of which walker i restarts at the updates k with k ≡ i mod `lifetime`."""

    kernel: Kernel
    count: int
    lifetime: int

    def start(self, energy: Energy, data: Any, rngs: dict[str, Any]) -> Populations:
        """Walkers on data points, without weights."""
        from ebm_engine.core.methods.cd import draw_data
        from ebm_engine.core.smc.population import plain_start
        from ebm_engine.core.types import Populations

        x = draw_data(data, self.count, rngs["walkers"])
        return Populations(plain_start(energy, x))

    def before_gradient(
        self, walkers: Populations, energy: Energy, data: Any, rngs: dict[str, Any]
    ) -> Populations:
        """The walkers as the last update left them."""
        return walkers

    def gradient(
        self, walkers: Populations, energy: Energy, batch: Batch, rngs: dict[str, Any]
    ) -> Parameters:
        """Data against the walkers, all of equal weight."""
        from ebm_engine.core.methods.parts.contrast import contrast

        return contrast(walkers.train, energy, batch)

    def after_update(
        self,
        walkers: Populations,
        previous: Energy,
        energy: Energy,
        data: Any,
        step: int,
        rngs: dict[str, Any],
    ) -> Populations:
        """One kernel step of all, then those whose turn it is go back to the data."""
        import torch

        from ebm_engine.core.methods.cd import draw_data
        from ebm_engine.core.smc.population import move

        moved = move(walkers.train, energy, self.kernel, rngs["noise"], previous=previous)
        slots = torch.arange(self.count, device=data.device)
        back = slots % self.lifetime == step % self.lifetime
        x = moved.x.clone()
        x[back] = draw_data(data, int(back.sum()), rngs["restart"])
        moved = moved._replace(x=x, at=energy.evaluate(x), parents=slots.masked_fill(back, -1))
        return walkers._replace(train=moved)
