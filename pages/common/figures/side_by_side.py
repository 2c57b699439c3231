"""Runs side by side: one bar for all of them, and a stage for each, at the same update."""

from __future__ import annotations

from collections.abc import Callable

from pages.common.tab.lockstep import LockstepRuns
from pages.live.stage import Action, Measured, stage


def bar(
    runs: LockstepRuns, *, key: str, on_action: Callable[[Action], None], point: str = ""
) -> None:
    """The transport bar, the timeline and the key of the mass bars."""
    stage(
        runs.members[0].token,
        key=key,
        layout="bar",
        group=runs.group,
        on_action=on_action,
        point=point,
    )


def cell(
    runs: LockstepRuns,
    place: int,
    *,
    key: str,
    on_action: Callable[[Action], None] | None = None,
    measured: Measured | None = None,
    point: str = "",
) -> None:
    """The stage of the run at a place: its plane, or its images, with the masses."""
    held = runs.members[place]
    stage(
        held.token,
        key=key,
        layout="tile" if held.spec.target.of_images else "cell",
        group=runs.group,
        place=place,
        on_action=on_action,
        measured=measured,
        point=point,
    )
