"""What a click on the stage asks of the page, beyond commands to the run."""

from __future__ import annotations

from dataclasses import replace

from ebm_engine.server.commands import Change, Play, Rewind
from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from ebm_engine.spec.edit import with_value
from pages.common.tab import display, session
from pages.common.tab.another_seed import another_seed
from pages.common.tab.session import Held
from pages.live.stage import Action

REWIND = 50  # updates that "halve the step size" goes back


def act(slot: str, action: Action) -> None:
    """Carry out an action of the stage that shows the slot's run; nothing without a run."""
    held = session.held(slot)
    if held is None:
        return
    match action:
        case Action("new-seed"):
            session.switch(slot, with_value(held.spec, "seed", another_seed(held.spec.seed)))
        case Action("halve-step"):
            smaller = with_value(held.spec, "sampler.step_size", held.spec.sampler.step_size / 2)
            fresh = replace(held, spec=smaller, edition=held.edition + 1)
            session.keep(session.send(fresh, Rewind(REWIND), Change(smaller), Play()))
        case Action("branch", step):
            _branch(held, step)
        case Action("layers", layers=layers):
            display.change(slot, layers=layers)


def _branch(held: Held, step: int) -> None:
    """Put a new run in the place of the old one, which starts as that was at a recorded update."""
    try:
        token = hub().branch(held.token, step)
    except UnknownRun:
        return
    except HubFull:
        session.keep(replace(held, problems=(session.FULL,)))
        return
    except ValueError as error:
        session.keep(replace(held, problems=(f"{error}.",)))
        return
    session.adopt(held.slot, token, held.spec, held.preset)
