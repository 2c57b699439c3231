"""What of a run can be taken away: each file with its name, and what stands in the way of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ebm_engine.files import export, model_file, script
from ebm_engine.run.checkpoint_file import facts_of
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.hub.hub import UnknownRun, hub
from ebm_engine.views.style.theme import Theme
from pages.common.tab.session import Held

WAIT = "not kept yet: wait a second and open this again"
BINARY = "application/octet-stream"


class Moment(NamedTuple):
    """What there is of a run: picture, first picture, checkpoint with its update, and the theme."""

    held: Held
    snapshot: Snapshot
    first: Snapshot | None
    checkpoint: bytes | None
    kept_at: int
    look: Theme

    def walkers(self) -> export.WalkerTable:
        """All walkers with all their coordinates."""
        return export.walker_table(self.snapshot, self.checkpoint)

    def pictures(self) -> list[Snapshot]:
        """The recorded pictures up to this moment, oldest first, and the one of this moment."""
        found: list[Snapshot | None] = []
        with suppress(UnknownRun):
            steps = [s for s in hub().tape(self.held.token) if s < self.snapshot.step]
            found = [hub().recorded(self.held.token, step) for step in steps]
        return [*(picture for picture in found if picture is not None), self.snapshot]

    def name(self, ending: str, step: int | None = None) -> str:
        """The name of a file, such as ebm-lab-two-modes-400.png."""
        at = self.snapshot.step if step is None else step
        return f"ebm-lab-{self.held.preset or 'run'}-{at}{ending}"


class Item(NamedTuple):
    """A file to take away; `why_not` is "" or what stands in the way."""

    label: str
    name: str
    mime: str
    help: str
    make: Callable[[], bytes]
    why_not: str = ""


def moment_of(held: Held, snapshot: Snapshot, look: Theme) -> Moment:
    """The run as it is now; raises UnknownRun."""
    checkpoint = hub().checkpoint(held.token)
    kept_at = facts_of(checkpoint)["step"] if checkpoint else 0
    first = hub().recorded(held.token, 0)
    return Moment(held, snapshot, first, checkpoint, kept_at, look)


def pictures(moment: Moment) -> list[Item]:
    from ebm_engine.views.poster import film, save  # slow to load, and few ask for a picture

    snapshot, look = moment.snapshot, moment.look
    recorded = "The recorded pictures of the whole run, up to 5 MB; takes some seconds."
    return [
        Item(
            "PNG",
            moment.name(".png"),
            "image/png",
            "1600 × 900 pixels, in the colours of the page.",
            lambda: save.png(snapshot, look),
        ),
        Item(
            "SVG",
            moment.name(".svg"),
            "image/svg+xml",
            "The same picture as paths and text, to edit; its energy field stays an image.",
            lambda: save.svg(snapshot, look),
        ),
        Item(
            "PDF",
            moment.name(".pdf"),
            "application/pdf",
            "The same picture for a paper: sharp at any size, with text that can be searched.",
            lambda: save.pdf(snapshot, look),
        ),
        Item(
            "GIF",
            moment.name(".gif"),
            "image/gif",
            recorded,
            lambda: film.gif(moment.pictures(), look),
        ),
        Item(
            "WebP",
            moment.name(".webp"),
            "image/webp",
            f"{recorded} Sharper than GIF.",
            lambda: film.webp(moment.pictures(), look),
        ),
    ]


def numbers(moment: Moment) -> list[Item]:
    snapshot = moment.snapshot
    missing, too_large = "", ""
    try:
        export.check_cells(len(snapshot.positions), snapshot.spec.dim)
    except export.TooLarge as error:
        too_large = str(error)
    at = snapshot.step
    if export.needs_checkpoint(snapshot):
        missing, at = "" if moment.checkpoint else WAIT, moment.kept_at
    all_numbers = f"All walkers of update {at} with weight, energy and every coordinate."
    return [
        Item(
            "curves.csv",
            moment.name("-curves.csv"),
            "text/csv",
            "Every curve at the recorded updates, units in the header.",
            lambda: export.curves_csv(snapshot),
        ),
        Item(
            "curves.json",
            moment.name("-curves.json"),
            "application/json",
            "The same with the settings and the changes made while it ran.",
            lambda: export.curves_json(snapshot),
        ),
        Item(
            "walkers.csv",
            moment.name("-walkers.csv", at),
            "text/csv",
            all_numbers,
            lambda: export.walkers_csv(moment.walkers()),
            missing or too_large,
        ),
        Item(
            "walkers.npz",
            moment.name("-walkers.npz", at),
            BINARY,
            f"{all_numbers} For numpy.load.",
            lambda: export.walkers_npz(snapshot, moment.walkers()),
            missing,
        ),
    ]


def models(moment: Moment) -> list[Item]:
    snapshot, checkpoint = moment.snapshot, moment.checkpoint or b""
    missing, name = "" if checkpoint else WAIT, moment.name(".py")
    refused = ""
    try:
        script.beginning(snapshot, moment.first)
    except script.NotReproducible as error:
        refused = str(error)
    return [
        Item(
            "model.safetensors",
            moment.name("-model.safetensors", moment.kept_at),
            BINARY,
            f"The parameters at update {moment.kept_at}, with the settings.",
            lambda: model_file.model_of(checkpoint),
            missing,
        ),
        Item(
            "run file",
            moment.name("-run.safetensors", moment.kept_at),
            BINARY,
            f"The whole run at update {moment.kept_at}; opened again, it goes on bit by bit.",
            lambda: checkpoint,
            missing,
        ),
        Item(
            "reproduce.py",
            name,
            "text/x-python",
            f"Trains the run again to update {snapshot.step} and compares its numbers.",
            lambda: script.script(snapshot, moment.first, name),
            refused,
        ),
    ]
