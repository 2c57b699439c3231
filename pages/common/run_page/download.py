"""Download: pictures, numbers and models of a run as files, and the way back.

What is offered belongs to the moment at which the popover was opened; a file is made when it is
asked for.
"""

from __future__ import annotations

import streamlit as st

from pages.common.figures.show import theme
from pages.common.run_page import open_file
from pages.common.run_page.download_items import Item, Moment, models, moment_of, numbers, pictures
from pages.common.tab import display, session
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

HELP = "Pictures, numbers and the model of this run as files; open a file to go on from it."
TITLE = 80  # px of the names of the groups


def offer(held: Held) -> None:
    """Draw the button that opens the files of a run."""
    if not display.of(held.slot).shows("take-away"):
        return
    key = f"take-away-{held.slot}"
    box = st.popover("Download", icon=":material/download:", help=HELP, key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        now = session.view(held)
        if now is None or now.snapshot is None:
            st.caption("There is no picture of this run yet.")
        else:
            _draw(moment_of(held, now.snapshot, theme()), playing=now.playing)
        st.markdown("**Open a file**")
        open_file.offer(held)


def _draw(moment: Moment, *, playing: bool) -> None:
    later = " The run goes on: open this again for a later moment." if playing else ""
    st.caption(f"As of update {moment.snapshot.step}.{later}")
    for title, items in (
        ("Picture", pictures(moment)),
        ("Numbers", numbers(moment)),
        ("Model", models(moment)),
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{title}**", width=TITLE)
            for item in items:
                _button(item)
        for item in items:
            if item.why_not:
                st.caption(plain(f"No {item.label}: {item.why_not}."))


def _button(item: Item) -> None:
    st.download_button(
        item.label,
        item.make,
        item.name,
        item.mime,
        key=f"take-{item.label}",
        help=item.help,
        on_click="ignore",
        disabled=bool(item.why_not),
    )
