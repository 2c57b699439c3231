"""What slow motion shows of a card: the choice of the walker, the text, and the numbers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ebm_engine.studies.slow_motion.cards import Card
from ebm_engine.views.slow_motion.numbers import walker_numbers
from ebm_engine.views.slow_motion_tables import outcome, parameter_table
from pages.common.controls.widgets import plain

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


def choose(head: Head, motion: Mapping[str, Any]) -> None:
    """The walker by number, weight or chance."""
    count, log_w = len(motion["log_w"]), motion["log_w"]
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
            "Random": (secrets.randbelow(count), "Any walker, all with the same chance."),
        }
        for name, (walker, text) in picks.items():
            st.button(name, help=text, on_click=head.choose, args=(walker,), key=f"slow-{name}")


def draw(card: Card, motion: Mapping[str, Any], walker: int) -> None:
    """One card: title, sentence, formula, and the numbers of the walker and the parameters."""
    st.markdown(f"#### {card.title}")
    st.markdown(card.sentence)
    if card.formula:
        st.latex(card.formula)
    rows = walker_numbers(motion, card.name, walker)
    _table([[f"walker {walker}", ""], *map(list, rows)])
    _table(parameter_table(motion, card.name))
    if card.name == "update" and "change.log_masses" in motion:
        st.caption(FIXED_Z)
    if card.name == "weight":
        st.markdown(outcome(motion, walker))
    if motion["divergence"]:
        st.warning(plain(motion["divergence"]))


def _table(rows: list[list[str]]) -> None:
    """A small table, its head first; nothing for no rows."""
    if rows:
        lines = [f"| {' | '.join(cells)} |" for cells in rows]
        st.markdown("\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]))
