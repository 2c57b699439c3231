"""The files of a run that can be downloaded: each with its name, and what stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from ebm_engine.files import export, model_file, script
from ebm_engine.run.checkpoint_file import facts_of
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.hub.hub import UnknownRun, hub
from ebm_engine.views.style.theme import Theme
from pages.common.tab.session import Held

WAIT = "not saved yet: wait a second and open this again"
BINARY = "application/octet-stream"
MIME = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".csv": "text/csv",
    ".json": "application/json",
    ".py": "text/x-python",
}


class Item(NamedTuple):
    """A file to download; `why_not` is "" or what stands in the way."""

    label: str
    name: str
    mime: str
    help: str
    make: Callable[[], bytes | str]
    why_not: str = ""


class Moment(NamedTuple):
    """What there is of a run: newest and first snapshot, checkpoint, and the theme.

    saved_at: the update of the checkpoint.
    """

    held: Held
    snapshot: Snapshot
    first: Snapshot | None
    checkpoint: bytes | None
    saved_at: int
    theme: Theme

    def item(
        self,
        label: str,
        help_text: str,
        make: Callable[[], bytes | str],
        *,
        ending: str = "",
        step: int | None = None,
        why_not: str = "",
    ) -> Item:
        """The file `make` gives, of an update, by default this one: ebm-lab-two-modes-400.png."""
        name = self.name(ending or f"-{label}", step)
        mime = MIME.get(PurePath(name).suffix, BINARY)
        return Item(label, name, mime, help_text, make, why_not)

    def name(self, ending: str, step: int | None = None) -> str:
        """The name of a file of an update, by default this one."""
        at = self.snapshot.step if step is None else step
        return f"ebm-lab-{self.held.preset or 'run'}-{at}{ending}"

    def walkers(self) -> export.WalkerTable:
        """All walkers with all their coordinates."""
        return export.walker_table(self.snapshot, self.checkpoint)

    def recorded(self) -> list[Snapshot]:
        """The recorded snapshots up to this moment, oldest first, and the newest."""
        found: list[Snapshot | None] = []
        with suppress(UnknownRun):
            steps = [s for s in hub().tape(self.held.token) if s < self.snapshot.step]
            found = [hub().recorded(self.held.token, step) for step in steps]
        return [*(snapshot for snapshot in found if snapshot is not None), self.snapshot]


def moment_of(held: Held, snapshot: Snapshot, theme: Theme) -> Moment:
    """The run as it is now; raises UnknownRun."""
    checkpoint = hub().checkpoint(held.token)
    saved_at = facts_of(checkpoint)["step"] if checkpoint else 0
    return Moment(held, snapshot, hub().recorded(held.token, 0), checkpoint, saved_at, theme)


def pictures(moment: Moment) -> list[Item]:
    """The poster of this moment, and the film of the run."""
    from ebm_engine.views.poster import film, save  # slow to load, and few ask for a picture

    def still(label: str, save_as: Callable, help_text: str) -> Item:
        make = partial(save_as, moment.snapshot, moment.theme)
        return moment.item(label, help_text, make, ending=f".{label.lower()}")

    def moving(label: str, save_as: Callable, more: str = "") -> Item:
        help_text = f"The recorded pictures of the whole run, up to 5 MB; takes some seconds.{more}"
        ending = f".{label.lower()}"
        return moment.item(
            label, help_text, lambda: save_as(moment.recorded(), moment.theme), ending=ending
        )

    return [
        still("PNG", save.png, "1600 × 900 pixels, in the colours of the page."),
        still(
            "SVG",
            save.svg,
            "The same picture as paths and text, to edit; its energy field stays an image.",
        ),
        still(
            "PDF",
            save.pdf,
            "The same picture for a paper: sharp at any size, with text that can be searched.",
        ),
        moving("GIF", film.gif),
        moving("WebP", film.webp, " Sharper than GIF."),
    ]


def numbers(moment: Moment) -> list[Item]:
    """The curves and the walkers."""
    snapshot = moment.snapshot
    missing, step, too_large = "", snapshot.step, ""
    if export.needs_checkpoint(snapshot):
        missing, step = "" if moment.checkpoint else WAIT, moment.saved_at
    try:
        export.check_cells(len(snapshot.positions), snapshot.spec.dim)
    except export.TooLarge as error:
        too_large = str(error)
    walkers = f"All walkers of update {step} with weight, energy and every coordinate."
    return [
        moment.item(
            "curves.csv",
            "Every curve at the recorded updates, units in the header.",
            lambda: export.curves_csv(snapshot),
        ),
        moment.item(
            "curves.json",
            "The same with the settings and the changes made while it ran.",
            lambda: export.curves_json(snapshot),
        ),
        moment.item(
            "walkers.csv",
            walkers,
            lambda: export.walkers_csv(moment.walkers()),
            step=step,
            why_not=missing or too_large,
        ),
        moment.item(
            "walkers.npz",
            f"{walkers} For numpy.load.",
            lambda: export.walkers_npz(snapshot, moment.walkers()),
            step=step,
            why_not=missing,
        ),
    ]


def models(moment: Moment) -> list[Item]:
    """The parameters, the whole run, and the script that trains it again."""
    snapshot, step, name = moment.snapshot, moment.saved_at, moment.name(".py")
    checkpoint, missing, refused = moment.checkpoint or b"", "" if moment.checkpoint else WAIT, ""
    try:
        script.beginning(snapshot, moment.first)
    except script.NotReproducible as error:
        refused = str(error)
    return [
        moment.item(
            "model.safetensors",
            f"The parameters at update {step}, with the settings.",
            lambda: model_file.model_of(checkpoint),
            step=step,
            why_not=missing,
        ),
        moment.item(
            "run file",
            f"The whole run at update {step}; opened again, it goes on bit by bit.",
            lambda: checkpoint,
            ending="-run.safetensors",
            step=step,
            why_not=missing,
        ),
        moment.item(
            "reproduce.py",
            f"Trains the run again to update {snapshot.step} and compares its numbers.",
            lambda: script.script(snapshot, moment.first, name),
            ending=".py",
            why_not=refused,
        ),
    ]
