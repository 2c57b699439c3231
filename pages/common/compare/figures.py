"""What a comparison shows: a stage per run, one figure and one table of all, and the way out.

Out means: one of the runs goes on alone in the explorer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from ebm_engine.server.hub.hub import HubFull, UnknownRun, hub
from ebm_engine.spec.edit import with_value
from ebm_engine.views.many_runs import compare
from ebm_engine.views.many_runs.compare import Entry
from pages.common.compare import link
from pages.common.compare.comparison import METHOD, Comparison, Member, fitted, slot_of
from pages.common.figures import side_by_side
from pages.common.figures.show import show, theme
from pages.common.tab import session
from pages.common.tab.another_seed import another_seed
from pages.common.tab.lockstep import LockstepRuns
from pages.common.tab.offers import EXPLORER, IMAGES
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held
from pages.live.stage import Action

STYLE = Path(__file__).parents[3] / "assets" / "compare.css"
STEP_SIZE = "sampler.step_size"
REFRESH_SECONDS = 1.0
PAGES = {EXPLORER: "gaussian_mixtures.py", IMAGES: "mnist.py"}
PROMOTE_HELP = (
    "Open in the explorer: a new run that starts where this one stands, with all its controls."
)
NO_PICTURE = "There is no recorded picture of this run yet; try again in a second."


def draw(comparison: Comparison, members: Sequence[Member], runs: LockstepRuns) -> None:
    """Draw the bar and the stages, then figure and table."""
    st.html(STYLE)
    side_by_side.bar(runs, key="compare-bar", on_action=partial(_act, comparison, 0))
    kind = "tile" if slot_of(comparison.base) == IMAGES else "cell"
    styles = _styles(comparison, members)
    with st.container(horizontal=True, gap="small", key="compare-cells"):
        for place, (one, held) in enumerate(zip(members, runs.members, strict=True)):
            with st.container(gap="xxsmall"):
                _title(one, held, styles[place])
                side_by_side.cell(
                    runs,
                    place,
                    key=f"compare-{kind}-{place}",
                    on_action=partial(_act, comparison, place),
                )
    _follow(members, runs, styles)


def _styles(comparison: Comparison, members: Sequence[Member]) -> list[dict[str, str]]:
    if comparison.by == METHOD:
        return compare.method_styles([one.spec.method.kind for one in members], theme())
    return compare.ordinal_styles(len(members), theme())


def _title(one: Member, held: Held, style: dict[str, str]) -> None:
    """The run's name with its line, and the button that opens it alone."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<h2 class="compared">{compare.sample(style)} {escape(one.name)}</h2>')
        pressed = st.button(
            "Explore",
            icon=":material/open_in_new:",
            type="tertiary",
            key=f"promote-{held.slot}",
            help=PROMOTE_HELP,
        )
    if pressed:
        promote(held)


def promote(held: Held) -> None:
    """Open a run alone: a branch of it, from its newest recorded update on."""
    try:
        token = hub().branch(held.token, hub().tape(held.token)[-1])
    except (UnknownRun, IndexError, ValueError):
        st.warning(NO_PICTURE)
        return
    except HubFull:
        st.warning(session.FULL)
        return
    slot = slot_of(held.spec)
    session.adopt(slot, token, held.spec, held.preset)
    st.switch_page(PAGES[slot])


def _act(comparison: Comparison, place: int, action: Action) -> None:
    """Carry out an action of a stage: a new seed for all, or half the step size."""
    base, by, values = comparison.base, comparison.by, list(comparison.values)
    if action.name == "new-seed":
        base = with_value(base, "seed", another_seed(base.seed))
    elif action.name == "halve-step" and by == STEP_SIZE:
        values[place] /= 2
    elif action.name == "halve-step":
        base = with_value(base, STEP_SIZE, base.sampler.step_size / 2)
    problems: list[str] = []
    asked = fitted(comparison.preset, base, by, values, problems)
    link.change(asked, afresh=True, problems=tuple(problems))


def _follow(members: Sequence[Member], runs: LockstepRuns, styles: list[dict[str, str]]) -> None:
    """Draw figure and table, again every second while the runs play, and when they move else."""
    drawn = _state(runs)

    def watch() -> None:
        if _state(runs) != drawn and not (_playing(runs) and drawn[0]):
            st.rerun()

    body = partial(_numbers, members, runs, styles)
    st.fragment(body, run_every=REFRESH_SECONDS if drawn[0] else None)()
    st.fragment(watch, run_every=REFRESH_SECONDS)()


def _state(runs: LockstepRuns) -> tuple[bool, tuple[int, ...]]:
    """Whether the runs play, and the versions of what is known of them."""
    views = [session.view(held) for held in runs.members]
    return _playing(runs), tuple(view.version if view is not None else -1 for view in views)


def _playing(runs: LockstepRuns) -> bool:
    views = [session.view(held) for held in runs.members]
    return any(view is not None and view.playing for view in views)


def _numbers(members: Sequence[Member], runs: LockstepRuns, styles: list[dict[str, str]]) -> None:
    views = [session.view(held) for held in runs.members]
    entries = [
        Entry(one.name, view.snapshot, style)
        for one, view, style in zip(members, views, styles, strict=True)
        if view is not None and view.snapshot is not None
    ]
    if not entries:
        st.caption("The first pictures are on their way.")
        return
    reading = compare.comparison(entries, theme())
    show("compare-figure", reading, file="compare")
    rows = compare.final_numbers(entries)
    st.table([{plain(name): plain(text) for name, text in row.items()} for row in rows])
