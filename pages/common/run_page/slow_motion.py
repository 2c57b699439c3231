"""Slow motion: the next update of a paused run in six cards, and one walker's way through it.

The update is computed in the background from the run's newest checkpoint; "Do this update" then
lets the run itself make it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.commands import Command, Pause, Step
from ebm_engine.server.hub.hub import HubFull, RunView, UnknownRun, hub
from ebm_engine.studies.slow_motion.cards import Card, cards
from ebm_engine.studies.specs.slow_motion import Motion
from ebm_engine.views.slow_motion.numbers import (
    descendants,
    outcome,
    parameter_table,
    walker_numbers,
)
from ebm_engine.views.slow_motion.plane import motion_plane
from pages.common.figures.show import show as show_figure
from pages.common.figures.show import theme
from pages.common.tab import jobs, session
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held, checkpoint

SLOT = TASK = "slow-motion"
LOOK_SECONDS = 0.5
SHORT_WAIT = 1.0  # seconds in which most updates are computed


def show(held: Held) -> None:
    """Draw the cards of the next update, or what has to happen first."""
    now = session.view(held)
    if now is None or now.snapshot is None:
        st.caption("The first picture is on its way.")
    elif _state(now) is None:
        st.info("Slow motion takes one update apart: pause the run first.")
        st.button("Pause", icon=":material/pause:", on_click=_pause, args=(held,), key="slow-pause")
    elif now.snapshot.divergence is not None:
        st.warning("This run has diverged: there is no next update. Rewind it on the bar above.")
    else:
        _study(held, now.snapshot)
    st.fragment(partial(_follow, held, now), run_every=LOOK_SECONDS)()


def _follow(held: Held, drawn: RunView | None) -> None:
    """Run the page again when the run has been started, stopped or stepped since."""
    now = session.view(held)
    if now is None or drawn is None or _state(now) != _state(drawn):
        st.rerun()


def _state(view: RunView) -> int | None:
    """The update that a run stands at, None while it plays or has not been seen yet.

    The worker stops a little after the command: only its own snapshot says that it has.
    """
    snapshot = view.snapshot
    if snapshot is None or view.playing or snapshot.playing:
        return None
    return snapshot.step


def _study(held: Held, snapshot: Snapshot) -> None:
    """Have the update computed and draw it; a short one is there before the page is."""
    content = checkpoint(held)
    if not content:
        st.caption("The run is being saved; its next update comes in a moment.")
        return
    about = (held.token, held.spec, content)
    if jobs.about(SLOT) != about:
        jobs.start(SLOT, TASK, {"checkpoint": content, "spec": held.spec}, about)
    _wait(lambda: jobs.found(SLOT) is not None, SHORT_WAIT)
    jobs.follow(SLOT, lambda result: _draw(held, snapshot, Motion(**result)))


def _draw(held: Held, snapshot: Snapshot, motion: Motion) -> None:
    head = session.kept(SLOT, Head)
    head.walker = min(head.walker, len(motion.moves.start) - 1)
    shown_cards = cards(held.spec)
    head.card = min(head.card, len(shown_cards) - 1)
    left, right = st.columns([1.2, 1], gap="medium")
    with right:
        _move_on(held, head, motion, len(shown_cards))
        choose(head, motion)
        draw(shown_cards[head.card], motion, head.walker)
    with left:
        drawn = motion_plane(motion, shown_cards[head.card].name, head.walker, snapshot, theme())
        show_figure("slow-motion-plane", drawn, file=f"update-{motion.step}")


def _move_on(held: Held, head: Head, motion: Motion, count: int) -> None:
    """Previous, position, next, and the button that lets the run make the update."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        back, forth = head.card == 0, head.card == count - 1
        st.button("Previous", on_click=_turn, args=(head, -1), disabled=back, key="slow-previous")
        st.markdown(f"**{head.card + 1} of {count}**", width="content")
        st.button("Next", on_click=_turn, args=(head, 1), disabled=forth, key="slow-next")
        help_text = "The run makes this update; the cards then show the one after it."
        if st.button("Do this update", type="primary", help=help_text, key="slow-do"):
            _do(held, head, motion)
            st.rerun()


def _turn(head: Head, by: int) -> None:
    head.card += by


def _do(held: Held, head: Head, motion: Motion) -> None:
    """Let the run make the update, and follow the walker to where it or a copy of it lives on."""
    slots = descendants(motion, head.walker)
    head.card = 0
    head.choose(int(slots[0]) if len(slots) else head.walker)
    _send(held, Step(1))
    _wait(lambda: _stands_at(held) not in (None, motion.step), SHORT_WAIT)


def _pause(held: Held) -> None:
    _send(held, Pause())
    _wait(lambda: _stands_at(held) is not None, SHORT_WAIT)


def _stands_at(held: Held) -> int | None:
    now = session.view(held)
    return None if now is None else _state(now)


def _send(held: Held, command: Command) -> None:
    with suppress(UnknownRun, HubFull):  # the stage above says so
        hub().command(held.token, command)


def _wait(reached: Callable[[], bool], seconds: float) -> None:
    """Wait for something that is mostly quick."""
    end = time.monotonic() + seconds
    while not reached() and time.monotonic() < end:
        time.sleep(0.02)


FIXED_Z = "The first z is held fixed: only differences of z matter."


@dataclass
class Head:
    """Where this tab is: which card, which walker; edition grows when a button chose the walker."""

    card: int = 0
    walker: int = 0
    edition: int = 0

    def choose(self, walker: int) -> None:
        """Take another walker, also in the number field."""
        self.walker, self.edition = walker, self.edition + 1


def choose(head: Head, motion: Motion) -> None:
    """The walker by number, weight or chance."""
    count, log_w = len(motion.weights.log_w), motion.weights.log_w
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        chosen = st.number_input(
            "Walker",
            0,
            count - 1,
            head.walker,
            key=f"slow-walker-{head.edition}",
            help=f"The walker whose numbers are shown, 0 to {count - 1}.",
            width=120,
        )
        head.walker = int(chosen)
        picks = {
            "Heaviest": (int(np.argmax(log_w)), "The walker of the largest weight."),
            "Lightest": (int(np.argmin(log_w)), "The walker of the smallest weight."),
            "Random": (secrets.randbelow(count), "Any walker, each equally likely."),
        }
        for name, (walker, text) in picks.items():
            st.button(name, help=text, on_click=head.choose, args=(walker,), key=f"slow-{name}")


def draw(card: Card, motion: Motion, walker: int) -> None:
    """One card: title, sentence, formula, and the numbers of the walker and the parameters."""
    st.markdown(f"#### {card.title}")
    st.markdown(card.sentence)
    if card.formula:
        st.latex(card.formula)
    rows = walker_numbers(motion, card.name, walker)
    _table([[f"walker {walker}", ""], *map(list, rows)])
    _table(parameter_table(motion, card.name))
    if card.name == "update" and "log_masses" in motion.terms["change"].entries:
        st.caption(FIXED_Z)
    if card.name == "weight":
        st.markdown(outcome(motion, walker))
    if motion.divergence:
        st.warning(plain(motion.divergence))


def _table(rows: list[list[str]]) -> None:
    """A small table, its head first; nothing for no rows."""
    if rows:
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        st.markdown("\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]))
