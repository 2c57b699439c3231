"""The sweep of a tab: which one it is, its job, and how its knobs are called."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ebm_engine.jobs.job_queue import CANCELLED, JobView, UnknownJob, job_queue
from ebm_engine.jobs.tasks import SWEEPS
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import preset
from ebm_engine.sweep.store import server_folder
from ebm_engine.sweep.sweep_spec import SweepSpec, number_knobs, parse_sweep
from pages.common.tab import session
from pages.common.tab.link import PageLink

X, Y = "sampler.step_size", "optimizer.lr_log_masses"
FAVOURITES = (X, Y, "optimizer.lr")  # knobs to begin with, where a spec has them
FIRST = {  # where a visit begins: seconds of work, and right masses beside wrong ones
    "preset": "masses-only",
    "base": preset("masses-only").spec,
    "x": {"path": X, "values": (0.1, 0.5, 1.2)},
    "y": {"path": Y, "values": (0.1, 0.4, 1.6)},
    "methods": ("weighted-ula", "pcd"),
    "updates": 300,
}


@dataclass
class SweepOfTab:
    """What a tab remembers: the sweep that is shown, its job, and the cell that is picked.

    picked: index of the method, column, row; edition: of the widgets that show `picked`;
    stopped: cancelled by hand; number: the quantity that is drawn.
    """

    sweep: SweepSpec = field(default_factory=lambda: parse_sweep(FIRST))
    token: str = ""
    stopped: bool = False
    picked: tuple[int, int, int] = (0, 0, 0)
    edition: int = 0
    number: str = "kl"
    link: PageLink = field(default_factory=PageLink)

    def pick(self, clicked: dict[str, Any]) -> None:
        """Choose the cell that was clicked on."""
        place = int(clicked["trace"]), int(clicked["x"]), int(clicked["y"])
        sizes = (len(self.sweep.methods), len(self.sweep.x.values), len(self.sweep.y.values))
        if all(0 <= p < n for p, n in zip(place, sizes, strict=True)):
            self.picked, self.edition = place, self.edition + 1


def current() -> SweepOfTab:
    """The sweep of this tab."""
    return session.kept("sweep", SweepOfTab)


def take(sweep: SweepSpec) -> None:
    """Show another sweep in this tab; `job` computes what it lacks."""
    cancel()
    tab = current()
    tab.sweep, tab.picked, tab.edition = sweep, (0, 0, 0), tab.edition + 1
    tab.token, tab.stopped = "", False


def start(sweep: SweepSpec) -> None:
    """Show another sweep, whose link has no mistakes, and compute it. Raises QueueFull."""
    take(sweep)
    current().link.problems = []
    resume()


def resume() -> None:
    """Compute what the tab's sweep still lacks. Raises QueueFull."""
    tab = current()
    job = {"sweep": tab.sweep.model_dump(mode="json"), "folder": str(server_folder())}
    tab.token, tab.stopped = job_queue(SWEEPS).submit("sweep", job), False


def cancel() -> None:
    """Stop the job; its finished cells stay."""
    tab = current()
    with suppress(UnknownJob):
        job_queue(SWEEPS).cancel(tab.token)
    tab.stopped = True


def job() -> JobView:
    """The job as it is now, begun again where it was lost or given up. Raises QueueFull."""
    tab = current()
    with suppress(UnknownJob):
        view = job_queue(SWEEPS).view(tab.token)
        if view.error != CANCELLED or tab.stopped:
            return view
    resume()
    return job_queue(SWEEPS).view(tab.token)


def label(sweep: SweepSpec, path: str) -> str:
    """How a knob is called in figures: its label, with its unit where it has one."""
    knob = number_knobs(sweep.base, sweep.methods).get(path)
    if knob is None:
        return path
    return f"{knob.label} ({knob.unit})" if knob.unit else knob.label


def title_of(method: str) -> str:
    """A method's name in words."""
    return METHODS[method].title
