"""Past runs: every run of a page in this tab as a row, to read, to overlay, to reload.

The present run is the first row. Runs are chosen by their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from ebm_engine.run.past_runs import MOST, PastRun, PastRuns
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.spec.presets import preset
from ebm_engine.views.many_runs import past_runs as views
from ebm_engine.views.style.theme import number
from ebm_engine.writing.csv_text import csv_text
from ebm_engine.writing.json_number import json_number
from pages.common.figures import album
from pages.common.figures.show import show as show_figure
from pages.common.figures.show import theme
from pages.common.tab import run_link, session
from pages.common.tab.plain_text import plain
from pages.common.tab.session import Held

RUNS = "Runs"  # the view of a page that shows them
CHOOSE_HELP = (
    f"Runs to overlay, up to {views.MOST}; a single one can be reloaded. With none chosen, the "
    "newest are drawn."
)
RELOAD_HELP = "Start the one chosen run again: its settings and seed, from update 0."
DELETE_HELP = "Remove the rows of the chosen runs. The current run keeps its row."
CSV_HELP = "All rows in full precision, each with the link that starts its run again."
REMARKED = "Reload starts run {} from its settings alone; this row: {}."
BOUND = f"Only {MOST} runs are kept: the {{}} least recently seen are gone."


def show(held: Held) -> None:
    """Draw the past runs of a page: what to do with the chosen ones, all rows, their curves."""
    now, rows = session.view(held), session.past_runs(held.slot)
    present = None
    if now is not None and now.snapshot is not None:
        present = rows.put(held.preset, now.snapshot)
    chosen = _choose(held, rows, present) if rows.entries else []
    album.follow(held, partial(_draw, held, chosen))


def _choose(held: Held, rows: PastRuns, present: PastRun | None) -> list[int]:
    """Draw the choice of runs and its buttons; the numbers that are chosen."""
    entries = {entry.number: entry for entry in rows.entries}
    own = present.number if present else 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="past-runs"):
        chosen = st.multiselect(
            "Choose runs",
            list(entries),
            format_func=lambda number: f"{number}: {entries[number].difference}",
            max_selections=views.MOST,
            placeholder="by number or by what differs",
            key=f"past-runs-chosen-{held.slot}",
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
            lambda: to_csv(rows.entries),
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
    rows = session.past_runs(held.slot)
    present = rows.put(held.preset, snapshot)
    if not rows.entries:
        st.caption("No run has made an update yet; each run gets a row here after its first.")
        return
    draw(rows.entries, present.number if present else 0)
    if rows.gone:
        st.caption(BOUND.format(rows.gone))
    wanted = [entry for entry in rows.entries if entry.number in chosen]
    lines = [_line(entry) for entry in wanted or rows.entries[: views.MOST]]
    drawn = views.overlay(sorted(lines, key=lambda line: line.number), theme())
    show_figure("past-runs-curves", drawn, file="runs")


def _line(entry: PastRun) -> views.Line:
    return views.Line(
        number=entry.number,
        what=entry.difference,
        method=entry.spec.method.kind,
        quantity=entry.kl.quantity,
        **entry.curves._asdict(),
        mode=entry.mode,
        truth=entry.truth,
    )


NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
COLUMNS = {
    "run": NUMBER("Run", help="Its number in this tab.", pinned=True, width=50),
    "difference": TEXT("Differs from the preset", help="“now” is the current run.", width=230),
    "preset": TEXT("Preset", help="What the run was started from."),
    "seed": NUMBER("Seed", help="Seed of all random numbers of the run.", format="%d"),
    "updates": NUMBER("Updates", help="The furthest update that it reached.", format="%d"),
    "kl": NUMBER("KL, nats", help="KL(target ‖ model) at the last update.", format="%.4f"),
    "quantity": TEXT("KL is", help="Exact or estimated; cross-entropy where no density is known."),
    "mode": TEXT("Mode", help="The first mode, whose masses follow."),
    "truth": NUMBER("True mass", help="Of the first mode or class, in the target.", format="%.3f"),
    "model": NUMBER("Model", help="Its mass under the model.", format="%.3f"),
    "raw": NUMBER("Walkers raw", help="The share of walkers in it.", format="%.3f"),
    "weighted": NUMBER("Weighted", help="The same with their weights.", format="%.3f"),
    "mass_error": NUMBER("TV of masses", help="½ Σ |model − truth| over modes.", format="%.3f"),
    "ess": NUMBER("ESS/N", help="Effective share of walkers; 1 with equal weights.", format="%.2f"),
    "ancestors": NUMBER("Ancestors", help="Original walkers with descendants.", format="%d"),
    "remark": TEXT("Remark", help="Whether it stopped, or depends on more than its settings."),
}
ORDER = ("run", "difference", "seed", "updates", "kl", "quantity", "truth", "model", "raw")
ORDER += ("weighted", "mass_error", "ess", "ancestors", "remark", "preset")  # on the page
MISSING = "–"


def draw(entries: Sequence[PastRun], present: int) -> None:
    """Draw all rows; `present` is the number of the present run, 0 for none."""
    rows = [_shown(entry, now=entry.number == present) for entry in entries]
    st.dataframe(
        {name: [row[name] for row in rows] for name in COLUMNS},
        column_config=COLUMNS,
        column_order=ORDER,
        hide_index=True,
        placeholder=MISSING,
        key="past-runs-rows",
        alt=f"The {len(rows)} runs of this page: settings, seed, KL, masses, ESS and remarks",
    )


def to_csv(entries: Sequence[PastRun]) -> str:
    """A header row and one row per run: full precision, empty where there is no number.

    The last column is the link's query, which names no file.
    """
    header, rows = [*COLUMNS, "kl_se", "link"], []
    for entry in entries:
        link = "?" + urlencode(run_link.to_query(entry.preset, entry.spec))
        values = _values(entry) | {"kl_se": json_number(entry.kl.se), "link": link}
        rows.append([values[name] for name in header])
    return csv_text(header, rows)


def _shown(entry: PastRun, *, now: bool) -> dict[str, str | float | None]:
    values, kl = _values(entry), entry.kl
    quantity = f"{kl.quantity}, s.e. {number(kl.se, '.2g')}" if kl.se > 0 else kl.quantity
    title = preset(entry.preset).title
    difference = f"now · {entry.difference}" if now else entry.difference
    return values | {"difference": difference, "preset": title, "quantity": quantity}


def _values(entry: PastRun) -> dict[str, str | float | None]:
    """The columns of one row by name."""
    numbers = ("truth", "model", "raw", "weighted", "mass_error", "ess", "ancestors")
    return {
        "run": entry.number,
        "difference": entry.difference,
        "preset": entry.preset,
        "seed": entry.spec.seed,
        "updates": entry.step,
        "kl": json_number(entry.kl.value),
        "quantity": entry.kl.quantity,
        "mode": entry.mode,
        **{name: json_number(getattr(entry, name)) for name in numbers},
        "remark": entry.remark,
    }
