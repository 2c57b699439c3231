"""Methods that compare data with walkers of equal weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ebm_engine.spec.blocks import ChainWords, Kit, Line, MethodBlock
from ebm_engine.spec.fields import knob

if TYPE_CHECKING:
    from ebm_engine.core.types import Method

MORE_TIME = "More steps cost proportionally more time."


class CD(MethodBlock):
    """Contrastive divergence: k Langevin steps from the data at each update (Hinton 2002)."""

    kind: Literal["cd"] = "cd"
    title: ClassVar[str] = "CD"
    label: ClassVar[str] = "CD-{k}"
    line: ClassVar[Line] = Line("#B37400", "#E0A030", "dot", (2, 3))
    help: ClassVar[str] = "starts the walkers at the data at each update"
    chains: ClassVar[ChainWords | None] = ChainWords(
        "at a data point",
        "CD has no weights, and these chains are thrown away: the next update starts at the data "
        "again, so no walker ever tells how much mass a mode should have.",
    )
    k: int = knob(
        1,
        "Number of Langevin steps from the data at each update.",
        label="Steps from the data, k",
        live=True,
        basic=True,
        usual=(1, 30),
        outside=MORE_TIME,
        ge=1,
        le=1000,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.cd import CD

        return CD(kit.kernel, kit.count, self.k)


class PCD(MethodBlock):
    """Persistent contrastive divergence: the walkers stay between updates (Tieleman 2008)."""

    kind: Literal["pcd"] = "pcd"
    title: ClassVar[str] = "PCD"
    label: ClassVar[str] = "PCD"
    line: ClassVar[Line] = Line("#7B3294", "#C48BDB", "dash", (6, 4))
    help: ClassVar[str] = "lets the walkers walk on from update to update"
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

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.pcd import PCD

        origin = kit.base if self.start == "model" else None
        return PCD(kit.kernel, kit.count, origin, self.restart, self.restart_every)


class ShortRun(MethodBlock):
    """Short-run Langevin: every chain starts from the initial model (Nijkamp et al. 2019)."""

    kind: Literal["short-run"] = "short-run"
    title: ClassVar[str] = "Short-run"
    label: ClassVar[str] = "short-run, {k} steps"
    line: ClassVar[Line] = Line("#B0306A", "#F07AAE", "9px,3px", (9, 3))
    help: ClassVar[str] = "starts the walkers from noise at each update"
    chains: ClassVar[ChainWords | None] = ChainWords(
        "at a fresh draw from the start of the model",
        "Short-run chains have no weights and are thrown away: the next update starts from fresh "
        "draws.",
    )
    k: int = knob(
        20,
        "Number of Langevin steps from noise at each update.",
        label="Steps from noise, k",
        live=True,
        basic=True,
        usual=(1, 100),
        outside=MORE_TIME,
        ge=1,
        le=1000,
    )

    def build(self, kit: Kit) -> Method:
        """The method as the trainer takes it."""
        from ebm_engine.core.methods.short_run import ShortRun

        return ShortRun(kit.kernel, kit.count, kit.base, self.k)
