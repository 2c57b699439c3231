"""Runs side by side in one figure and one table: KL, ESS, contrast and bias of the gradient.

Each run has one colour and one dash everywhere: those of its method where methods are compared,
else an ordinal set from dark to light.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
from plotly.colors import find_intermediate_color, hex_to_rgb
from plotly.subplots import make_subplots

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median, running_median, thin
from ebm_engine.views.style.strokes import finish_stacked, label_decades
from ebm_engine.views.style.theme import Captioned, number

POINTS = 400  # drawn per curve: the figure is sent again every second
SMOOTH = 41  # recorded updates in the running median of the gradient
ROW_HEIGHT, MARGINS = 150, 130
FIRST, SPACING = 1.6, 0.07  # height of the KL plot beside 1 for the others, and gaps between them
SHADE = 0.5  # of the way to the text's colour, for a second run of one method
REPEATED = ("solid", "6px,2px", "10px,2px,2px,2px", "2px,6px")
ORDINAL: dict[Theme, tuple[str, ...]] = {
    "light": ("#0D0887", "#9C179E", "#CC4778", "#C8690A"),
    "dark": ("#8F8BFF", "#D27BE8", "#FF8C9E", "#FDC328"),
}
ORDINAL_DASHES = ("solid", "dash", "dot", "dashdot")
SVG_DASHES = {"solid": "", "dash": "6,4", "dot": "2,3", "dashdot": "7,3,2,3"}
KL_FIELDS = {  # the first one that some run has is drawn for all
    "kl_exact": "KL(target ‖ model), nats",
    "kl_data": "Cross-entropy of the data, nats",
    "kl_estimate": "Cross-entropy of the data by the walkers, nats",
}


class Entry(NamedTuple):
    """A run: what it is called, its newest picture, and its colour and dash."""

    name: str
    snapshot: Snapshot
    style: dict[str, str]


class Row(NamedTuple):
    """One plot of the figure: title, values per run, and whether the axis is logarithmic."""

    title: str
    values: list[np.ndarray]
    log: bool = False
    limits: tuple[float, float] | None = None
    level: float | None = None


def method_styles(kinds: Sequence[str], theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each run by its method; a second one of a kind differs in both."""
    styles = []
    for place, kind in enumerate(kinds):
        style, before = method_line(kind, theme), list(kinds[:place]).count(kind)
        if before:
            ink, own = hex_to_rgb(PALETTES[theme].ink), hex_to_rgb(style["color"])
            red, green, blue = find_intermediate_color(own, ink, SHADE * min(before, 2) / 2 + 0.15)
            color = f"#{round(red):02X}{round(green):02X}{round(blue):02X}"
            style = {"color": color, "dash": REPEATED[before % len(REPEATED)]}
        styles.append(style)
    return styles


def ordinal_styles(count: int, theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each of up to four runs, in the order of their values."""
    pairs = zip(ORDINAL[theme], ORDINAL_DASHES, strict=True)
    return [{"color": color, "dash": dash} for color, dash in list(pairs)[:count]]


def sample(style: dict[str, str]) -> str:
    """A short line in this colour and dash as an image of HTML, to stand before a title."""
    dash = SVG_DASHES.get(style["dash"], style["dash"].replace("px", ""))
    line = f"stroke='{style['color']}' stroke-width='3' stroke-dasharray='{dash}'"
    drawing = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='10'>"
        f"<line x1='0' y1='5' x2='40' y2='5' {line}/></svg>"
    )
    return f'<img alt="" width="40" height="10" src="data:image/svg+xml,{quote(drawing)}">'


def comparison(entries: Sequence[Entry], theme: Theme = "light") -> Captioned:
    """The curves of all runs, one plot per quantity that some run has, one legend for all."""
    rows = _rows(entries)
    figure = make_subplots(
        rows=len(rows),
        cols=1,
        shared_xaxes=True,
        row_heights=[FIRST, *[1.0] * (len(rows) - 1)],
        vertical_spacing=SPACING,
        subplot_titles=[row.title for row in rows],
    )
    for place, row in enumerate(rows, start=1):
        for entry, values in zip(entries, row.values, strict=True):
            trace = _curve(entry, values, row.log).update(showlegend=place == 1)
            figure.add_trace(trace, row=place, col=1)
        if row.level is not None:
            ink = {"color": PALETTES[theme].ink, "width": 1, "dash": "dot"}
            figure.add_hline(y=row.level, line=ink, row=place, col=1)
        figure.update_yaxes(type="log" if row.log else "linear", row=place, col=1)
        if row.limits:
            figure.update_yaxes(range=list(row.limits), row=place, col=1)
        if row.log:
            label_decades(figure, np.concatenate(row.values), row=place)
    height = MARGINS + ROW_HEIGHT * len(rows)
    finish_stacked(figure, theme, "All runs by update", rows=len(rows), height=height)
    return Captioned(figure, _alt(entries, rows), _caption(entries))


def final_numbers(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """One row of the table per run: what it has come to at its newest picture."""
    return [_numbers(entry) for entry in entries]


def _rows(entries: Sequence[Entry]) -> list[Row]:
    def all_of(field: str) -> list[np.ndarray]:
        return [entry.snapshot.history[field] for entry in entries]

    known = [field for field in KL_FIELDS if any(np.isfinite(v).any() for v in all_of(field))]
    field = known[0] if known else "kl_exact"
    cosines = [running_median(values, SMOOTH) for values in all_of("gradient_cosine")]
    negative = any((values < 0).any() for values in cosines)
    shares = [
        values if entry.snapshot.spec.method.weighted else np.full(len(values), np.nan)
        for entry, values in zip(entries, all_of("ess"), strict=True)
    ]
    rows = [
        Row(KL_FIELDS[field], all_of(field), log=field == "kl_exact"),
        Row("ESS/N of the runs with weights", shares, limits=(-0.03, 1.08)),
        Row("CD contrast E(data) − E(walkers), nats: not a loss", all_of("contrast"), level=0.0),
        Row(
            "Gradient: cosine with the exact one",
            cosines,
            limits=(-1.05 if negative else -0.05, 1.1),
            level=1.0,
        ),
    ]
    return [row for row in rows if any(np.isfinite(v).any() for v in row.values)] or rows[:1]


def _curve(entry: Entry, values: np.ndarray, log: bool) -> go.Scatter:
    shown = thin(len(values), POINTS)
    y = values[shown].astype(np.float64)
    return go.Scatter(
        x=entry.snapshot.history["step"][shown],
        y=np.where(y > 0, y, np.nan) if log else y,
        mode="lines",
        name=entry.name,
        legendgroup=entry.name,
        line={**entry.style, "width": 2},
        hovertemplate=f"{entry.name} %{{y:.4~g}}<extra></extra>",
    )


def _alt(entries: Sequence[Entry], rows: list[Row]) -> str:
    """The newest value of each run in each plot."""
    texts = []
    for row in rows:
        newest = [last_finite(values) for values in row.values]
        told = [
            f"{entry.name} {number(value)}"
            for entry, value in zip(entries, newest, strict=True)
            if value is not None
        ]
        texts.append(f"{row.title}: {', '.join(told) or 'no values yet'}")
    return f"{'; '.join(texts)}."


def _caption(entries: Sequence[Entry]) -> str:
    steps = [entry.snapshot.step for entry in entries]
    at = f"update {steps[0]}" if len(set(steps)) == 1 else f"updates {min(steps)} to {max(steps)}"
    return (
        f"At {at}. All runs have the same seed, data and noise, and the same first walkers where "
        "they start alike. The contrast can sit at 0 while the KL does not. The cosine is a median "
        f"of {SMOOTH} recorded updates."
    )


def _numbers(entry: Entry) -> dict[str, str]:
    shot = entry.snapshot
    masses, history = shot.mode_mass, shot.history
    weighted = shot.spec.method.weighted
    ancestors = last_finite(history["ancestors"])
    resamplings = last_finite(history["resamplings"]) or 0
    first = "class " + shot.class_names[0] if shot.class_names else "mode 1"
    return {
        "Run": entry.name,
        "Update": str(shot.step),
        "KL exact": _known(last_finite(history["kl_exact"])),
        "Mass error (TV)": _known(_mass_error(shot), ".3f"),
        f"True mass of {first}": _known(float(masses.truth[0]), ".3f"),
        "Model": _known(float(masses.model[0]), ".3f"),
        "Walkers raw": _known(float(masses.raw[0]), ".3f"),
        "Weighted": _known(float(masses.weighted[0]) if weighted else None, ".3f"),
        "ESS/N": _known(last_finite(history["ess"]) if weighted else None, ".2f"),
        "Ancestors": _known(ancestors if weighted else None, ".0f"),
        "Resamplings": str(int(resamplings)) if weighted else "–",
        "Gradient cosine": _known(recent_median(history["gradient_cosine"], SMOOTH), ".2f"),
        "Stopped": _stopped(shot),
    }


def _mass_error(shot: Snapshot) -> float | None:
    """½ Σⱼ |model's mass − truth|, None where nobody knows the model's masses."""
    error = 0.5 * float(np.abs(shot.mode_mass.model - shot.mode_mass.truth).sum())
    return error if np.isfinite(error) else None


def _stopped(shot: Snapshot) -> str:
    if shot.divergence is None:
        return "–"
    return f"at update {shot.divergence.step}: {shot.divergence.quantity}"


def _known(value: float | None, form: str = ".3g") -> str:
    return "–" if value is None or not np.isfinite(value) else number(value, form)
