"""The rows of the run shelf: as a table on the page, and as CSV to take away."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from ebm_engine.run.past_runs import Entry
from ebm_engine.spec.presets import preset
from ebm_engine.views.style.theme import number
from pages.common.tab import address

NUMBER = st.column_config.NumberColumn
TEXT = st.column_config.TextColumn
COLUMNS = {
    "run": NUMBER("Run", help="Its number in this tab.", pinned=True, width=50),
    "difference": TEXT("Differs from the preset", help="“now” is the present run.", width=230),
    "preset": TEXT("Preset", help="What the run was started from."),
    "seed": NUMBER("Seed", help="Of every random number of the run.", format="%d"),
    "updates": NUMBER("Updates", help="How far it came: its furthest update.", format="%d"),
    "kl": NUMBER("KL, nats", help="At the last update; “KL is” says what it is.", format="%.4f"),
    "quantity": TEXT("KL is", help="Exact or estimated; cross-entropy where no density is known."),
    "mode": TEXT("Mode", help="The first mode, whose masses are told."),
    "truth": NUMBER("True mass", help="Of the first mode or class, in the target.", format="%.3f"),
    "model": NUMBER("Model", help="Its mass under the model.", format="%.3f"),
    "raw": NUMBER("Walkers raw", help="The share of walkers in it.", format="%.3f"),
    "weighted": NUMBER("Weighted", help="The same with their weights.", format="%.3f"),
    "mass_error": NUMBER("TV of masses", help="½ Σ |model − truth| over modes.", format="%.3f"),
    "ess": NUMBER("ESS/N", help="Of weighted walkers; 1 when all weigh alike.", format="%.2f"),
    "ancestors": NUMBER("Ancestors", help="Original walkers with descendants.", format="%d"),
    "remark": TEXT("Remark", help="Whether it stopped, or had more than its settings."),
}
ORDER = ("run", "difference", "seed", "updates", "kl", "quantity", "truth", "model", "raw")
ORDER += ("weighted", "mass_error", "ess", "ancestors", "remark", "preset")  # on the page
MISSING = "–"


def draw(entries: Sequence[Entry], present: int) -> None:
    """Draw all rows; `present` is the number of the present run, 0 for none."""
    rows = [_shown(entry, now=entry.number == present) for entry in entries]
    st.dataframe(
        {name: [row[name] for row in rows] for name in COLUMNS},
        column_config=COLUMNS,
        column_order=ORDER,
        hide_index=True,
        placeholder=MISSING,
        key="shelf-rows",
        alt=f"The {len(rows)} runs of this page: settings, seed, KL, masses, ESS and remarks",
    )


def to_csv(entries: Sequence[Entry]) -> str:
    """A header row and one row per run: full precision, empty where there is no number.

    The last column is the link's query, which names no file.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, [*COLUMNS, "kl_se", "link"], lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        link = "?" + urlencode(address.to_query(entry.preset, entry.spec))
        writer.writerow(_values(entry) | {"kl_se": _known(entry.kl.se), "link": link})
    return out.getvalue()


def _shown(entry: Entry, *, now: bool) -> dict[str, str | float | None]:
    values, kl = _values(entry), entry.kl
    told = f"{kl.quantity}, s.e. {number(kl.se, '.2g')}" if kl.se > 0 else kl.quantity
    title = preset(entry.preset).title
    difference = f"now · {entry.difference}" if now else entry.difference
    return values | {"difference": difference, "preset": title, "quantity": told}


def _values(entry: Entry) -> dict[str, str | float | None]:
    """The columns of one row by name."""
    numbers = ("truth", "model", "raw", "weighted", "mass_error", "ess", "ancestors")
    return {
        "run": entry.number,
        "difference": entry.difference,
        "preset": entry.preset,
        "seed": entry.spec.seed,
        "updates": entry.step,
        "kl": _known(entry.kl.value),
        "quantity": entry.kl.quantity,
        "mode": entry.mode,
        **{name: _known(getattr(entry, name)) for name in numbers},
        "remark": entry.remark,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
