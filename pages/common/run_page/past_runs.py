"""Run shelf: every run of a page in this tab as a row, to read, to lay over each other, to reload.

The present run is the first row. Runs are chosen by their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from ebm_engine.run.past_runs import MOST, Entry, Shelf
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.many_runs import past_runs as views
from ebm_engine.views.style.theme import config
from pages.common import shelf_table
from pages.common.controls.widgets import plain
from pages.common.figures import album
from pages.common.langevin.figures import theme
from pages.common.tab import session
from pages.common.tab.session import Held
from pages.live.plot import plot

RUNS = "Runs"  # the view of a page that shows its shelf
CHOOSE_HELP = (
    f"Runs to lay over each other, up to {views.MOST}; one of them can be reloaded. None chosen: "
    "the newest ones are drawn."
)
RELOAD_HELP = "Start the one chosen run again: its settings and seed, from update 0."
DELETE_HELP = "Take the rows of the chosen runs away. The present run keeps its row."
CSV_HELP = "All rows in full precision, each with the link that starts its run again."
REMARKED = "Reload starts run {} from its settings alone; this row: {}."
BOUND = f"The shelf keeps {MOST} runs: the {{}} that were seen longest ago are gone."


def show(held: Held) -> None:
    """Draw the shelf of a page: what to do with the chosen runs, all rows, the chosen curves."""
    now, rows = session.view(held), session.shelf(held.slot)
    present = None
    if now is not None and now.snapshot is not None:
        present = rows.put(held.preset, now.snapshot)
    chosen = _choose(held, rows, present) if rows.entries else []
    album.follow(held, partial(_draw, held, chosen))


def _choose(held: Held, rows: Shelf, present: Entry | None) -> list[int]:
    """Draw the choice of runs and its buttons; the numbers that are chosen."""
    entries = {entry.number: entry for entry in rows.entries}
    own = present.number if present else 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="shelf"):
        chosen = st.multiselect(
            "Choose runs",
            list(entries),
            format_func=lambda number: f"{number}: {entries[number].difference}",
            max_selections=views.MOST,
            placeholder="by number or by what differs",
            key=f"shelf-chosen-{held.slot}",
            help=CHOOSE_HELP,
        )
        one = entries[chosen[0]] if len(chosen) == 1 else None
        st.button(
            "Reload",
            icon=":material/replay:",
            help=RELOAD_HELP,
            disabled=one is None or bool(one.why_not),
            on_click=session.restart,
            args=(held.slot, one.preset, one.spec) if one else (),
        )
        others = [number for number in chosen if number != own]
        st.button(
            "Delete",
            icon=":material/delete:",
            help=DELETE_HELP,
            disabled=not others,
            on_click=rows.drop,
            args=others,
        )
        st.download_button(
            "CSV",
            lambda: shelf_table.to_csv(rows.entries),
            "ebm-lab-runs.csv",
            "text/csv",
            icon=":material/download:",
            help=CSV_HELP,
            on_click="ignore",
        )
    if one and (one.why_not or one.remark):
        st.caption(plain(one.why_not or REMARKED.format(one.number, one.remark)))
    return chosen


def _draw(held: Held, chosen: Sequence[int], snapshot: Snapshot) -> None:
    """The rows with the present run's newest numbers, and the curves of the chosen runs."""
    rows = session.shelf(held.slot)
    present = rows.put(held.preset, snapshot)
    if not rows.entries:
        st.caption("No run has made an update yet; each one that has gets a row here.")
        return
    shelf_table.draw(rows.entries, present.number if present else 0)
    if rows.gone:
        st.caption(BOUND.format(rows.gone))
    wanted = [entry for entry in rows.entries if entry.number in chosen]
    lines = [_line(entry) for entry in wanted or rows.entries[: views.MOST]]
    figure, alt, caption = views.overlay(sorted(lines, key=lambda line: line.number), theme())
    plot(figure.to_json(), key="shelf-curves", alt=alt, config=config("ebm-lab-runs"))
    st.caption(caption)


def _line(entry: Entry) -> views.Line:
    return views.Line(
        number=entry.number,
        what=entry.difference,
        method=entry.spec.method.kind,
        quantity=entry.kl.quantity,
        **entry.curves._asdict(),
        mode=entry.mode,
        truth=entry.truth,
    )
