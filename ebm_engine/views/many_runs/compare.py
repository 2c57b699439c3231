"""Runs side by side in one figure and one table: KL, ESS, contrast and bias of the gradient.

Each run has one colour and one dash everywhere: those of its method where methods are compared,
else an ordinal set from dark to light.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
from plotly.colors import hex_to_rgb

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style.curves import SHARE, Curve, Plot, draw, newest_numbers, with_values
from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite, recent_median, running_median
from ebm_engine.views.style.theme import Captioned, number

POINTS = 400  # drawn per curve: the figure is sent again every second
SMOOTH = 41  # recorded updates in the running median of the gradient
ROW_HEIGHT, MARGINS = 150, 130
FIRST = 1.6  # height of the KL plot beside 1 for the others
SHADE = 0.5  # of the way to the text's colour, for a second run of one method
REPEATED = ("solid", "6px,2px", "10px,2px,2px,2px", "2px,6px")
ORDINAL: dict[Theme, tuple[str, ...]] = {
    "light": ("#0D0887", "#9C179E", "#CC4778", "#C8690A"),
    "dark": ("#8F8BFF", "#D27BE8", "#FF8C9E", "#FDC328"),
}
ORDINAL_DASHES = ("solid", "dash", "dot", "dashdot")
SVG_DASHES = {"solid": "", "dash": "6,4", "dot": "2,3", "dashdot": "7,3,2,3"}
KL_FIELDS = ("kl_exact", "kl_estimate")  # the first one that some run has is drawn for all


class Entry(NamedTuple):
    """A run: what it is called, its newest picture, and its colour and dash."""

    name: str
    snapshot: Snapshot
    style: dict[str, str]


def method_styles(kinds: Sequence[str], theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each run by its method; a second one of a kind differs in both."""
    styles = []
    for place, kind in enumerate(kinds):
        style, before = method_line(kind, theme), list(kinds[:place]).count(kind)
        if before:
            pairs = zip(hex_to_rgb(style["color"]), hex_to_rgb(PALETTES[theme].ink), strict=True)
            share = SHADE * min(before, 2) / 2 + 0.15
            parts = (round(own + share * (ink - own)) for own, ink in pairs)
            color = "#" + "".join(f"{part:02X}" for part in parts)
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
    plots = _plots(entries)
    height = MARGINS + ROW_HEIGHT * len(plots)
    figure = draw(plots, theme, "All runs by update", height, points=POINTS)
    steps = [entry.snapshot.step for entry in entries]
    at = f"update {steps[0]}" if len(set(steps)) == 1 else f"updates {min(steps)} to {max(steps)}"
    caption = (
        f"At {at}. All runs have the same seed, data and noise, and the same first walkers where "
        "they start alike. The contrast can sit at 0 while the KL does not. The cosine is a median "
        f"of {SMOOTH} recorded updates."
    )
    return Captioned(figure, newest_numbers(plots), caption)


def history_curves(entries: Sequence[Entry], field: str, width: float = 2) -> list[Curve]:
    """One column of the history of each run as a curve."""
    return [
        Curve(name, snapshot.history["step"], snapshot.history[field], style | {"width": width})
        for name, snapshot, style in entries
    ]


def final_numbers(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """One row of the table per run: what it has come to at its newest picture."""
    return [_numbers(entry) for entry in entries]


def _plots(entries: Sequence[Entry]) -> list[Plot]:
    """The plots that have values; that of the KL alone where no run has any."""
    first = entries[0].snapshot
    known = (f for f in KL_FIELDS if any(np.isfinite(e.snapshot.history[f]).any() for e in entries))
    field = next(known, KL_FIELDS[0])
    title = kl_words.title(first) + ("" if field == "kl_exact" else ", estimated by the walkers")
    log = field == "kl_exact" and first.known_density
    weighted = [entry for entry in entries if entry.snapshot.spec.method.weighted]
    cosines = [
        curve._replace(y=running_median(curve.y, SMOOTH))
        for curve in history_curves(entries, "gradient_cosine")
    ]
    low = -1.05 if any((curve.y < 0).any() for curve in cosines) else -0.05
    plots = [
        Plot(history_curves(entries, field), title, "nats", log=log, height=FIRST),
        Plot(history_curves(weighted, "ess"), "ESS/N of the runs with weights", limits=SHARE),
        Plot(history_curves(entries, "contrast"), kl_words.CONTRAST, "nats", zero=True),
        Plot(cosines, "Gradient: cosine with the exact one", limits=(low, 1.1), exact=[1.0]),
    ]
    return with_values(plots)


def _numbers(entry: Entry) -> dict[str, str]:
    shot = entry.snapshot
    masses, history, kl = shot.mode_mass, shot.history, kl_words.noun(shot)
    weighted = shot.spec.method.weighted
    ancestors = last_finite(history["ancestors"])
    resamplings = last_finite(history["resamplings"]) or 0
    first = "class " + shot.class_names[0] if shot.class_names else "mode 1"
    return {
        "Run": entry.name,
        "Update": str(shot.step),
        f"{kl[0].upper()}{kl[1:]} exact": _known(last_finite(history["kl_exact"])),
        "Mass error (TV)": _known(masses.error, ".3f"),
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


def _stopped(shot: Snapshot) -> str:
    if shot.divergence is None:
        return "–"
    return f"at update {shot.divergence.step}: {shot.divergence.quantity}"


def _known(value: float | None, form: str = ".3g") -> str:
    return "–" if value is None or not np.isfinite(value) else number(value, form)
