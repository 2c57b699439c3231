"""Runs of the shelf in one figure: KL, ESS/N and the model's mass of the first mode by update.

Each run has one colour and one dash in all plots: those of its method, or spare ones where another
run of that method comes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.views.style.palette import PALETTES, Theme, method_line
from ebm_engine.views.style.series import last_finite
from ebm_engine.views.style.strokes import finish_stacked, label_decades
from ebm_engine.views.style.theme import Captioned, number

MOST = 8  # runs in one figure
ROW_HEIGHT, MARGINS, LEGEND_ROW = 190, 110, 22
LONGEST = 90  # characters of a run's name in the legend
DECADES = 30  # largest over smallest value from which an axis is logarithmic
SPARE = (
    ("#D55E00", "2px,2px"),
    ("#009E73", "20px,4px"),
    ("#C2589A", "6px,2px,2px,2px"),
    ("#7A6A00", "4px,8px"),
    ("#4C9A9A", "12px,3px,3px,3px"),
    ("#9C6ADE", "1px,5px"),
    ("#C44E52", "16px,6px,2px,6px"),
)


class Line(NamedTuple):
    """A run: its number, what it is, its method, what its KL is ("KL, exact"), and its curves.

    step, kl, ess, mass: (t,), NaN where there are none; truth: true mass of the first mode, called
    `mode`.
    """

    number: int
    what: str
    method: str
    quantity: str
    step: np.ndarray
    kl: np.ndarray
    ess: np.ndarray
    mass: np.ndarray
    mode: str
    truth: float

    @property
    def label(self) -> str:
        """Its name in the plots."""
        return f"Run {self.number}"


class Plot(NamedTuple):
    """One of the plots: its title and the values of each run."""

    title: str
    values: list[np.ndarray]


def overlay(lines: Sequence[Line], theme: Theme = "light") -> Captioned:
    """The curves of up to eight runs above each other, one plot per quantity that some run has.

    Raises ValueError on none or more than eight runs.
    """
    if not 1 <= len(lines) <= MOST:
        raise ValueError(f"{len(lines)} runs, allowed in one figure are 1 to {MOST}")
    plots, styles = _plots(lines), line_styles([line.method for line in lines], theme)
    titles = [plot.title for plot in plots]
    spacing = {"vertical_spacing": 0.24 / len(plots), "shared_xaxes": True}
    figure = make_subplots(rows=len(plots), cols=1, subplot_titles=titles, **spacing)
    for row, plot in enumerate(plots, start=1):
        for line, values, style in zip(lines, plot.values, styles, strict=True):
            trace = _trace(line, values, style).update(showlegend=row == 1)
            figure.add_trace(trace, row=row, col=1)
    legend = LEGEND_ROW * len(lines)
    height = MARGINS + ROW_HEIGHT * len(plots) + legend
    finish_stacked(figure, theme, "Runs of the shelf", rows=len(plots), height=height)
    figure.update_layout(legend={"orientation": "v", "tracegroupgap": 0}, margin={"b": 60 + legend})
    _scales(figure, plots, lines, theme)
    return Captioned(figure, _alt(lines, plots), _caption(lines, plots))


def line_styles(methods: Sequence[str], theme: Theme) -> list[dict[str, str]]:
    """Colour and dash of each run; no two of up to eight runs share either."""
    spare, styles = iter(SPARE), []
    for place, method in enumerate(methods):
        if method in methods[:place]:
            color, dash = next(spare)
            styles.append({"color": color, "dash": dash})
        else:
            styles.append(method_line(method, theme))
    return styles


def _plots(lines: Sequence[Line]) -> list[Plot]:
    """The plots with values; KL alone where no run has any."""
    quantities = {line.quantity.partition(",")[0] for line in lines if line.quantity != "none"}
    kl = " and ".join(sorted(quantities)) or "KL"
    modes = " or ".join(sorted({line.mode for line in lines}))
    plots = [
        Plot(f"{kl[0].upper()}{kl[1:]}, nats", [line.kl for line in lines]),
        Plot("ESS/N of the runs with weights", [line.ess for line in lines]),
        Plot(f"Model's mass of {modes}", [line.mass for line in lines]),
    ]
    return [p for p in plots if any(np.isfinite(v).any() for v in p.values)] or plots[:1]


def _trace(line: Line, values: np.ndarray, style: dict[str, str]) -> go.Scatter:
    name = f"{line.label}: {line.what}"
    return go.Scatter(
        x=line.step,
        y=values,
        mode="lines",
        name=name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…",
        legendgroup=line.label,
        line={**style, "width": 2},
        hovertemplate=f"{line.label} %{{y:.4~g}}<extra></extra>",
    )


def _scales(figure: go.Figure, plots: list[Plot], lines: Sequence[Line], theme: Theme) -> None:
    """A log axis for KLs that span decades, 0 to 1 for ESS/N, and the truth where all share it."""
    for row, plot in enumerate(plots, start=1):
        values = np.concatenate(plot.values)
        finite = values[np.isfinite(values)]
        if plot.title.endswith("nats") and len(finite) and finite.min() > 0:
            if finite.max() > DECADES * finite.min():
                figure.update_yaxes(type="log", row=row, col=1)
                label_decades(figure, values, row=row)
        elif plot.title.startswith("ESS"):
            figure.update_yaxes(range=[-0.03, 1.08], row=row, col=1)
        elif plot.title.startswith("Model"):
            for truth in sorted({round(line.truth, 6) for line in lines}):
                ink = {"color": PALETTES[theme].ink, "width": 1.5, "dash": "dash"}
                figure.add_hline(y=truth, line=ink, row=row, col=1)


def _alt(lines: Sequence[Line], plots: list[Plot]) -> str:
    """The newest value of each run in each plot."""
    texts = []
    for plot in plots:
        newest = [last_finite(values) for values in plot.values]
        told = [
            f"{line.label} {number(value)}"
            for line, value in zip(lines, newest, strict=True)
            if value is not None
        ]
        texts.append(f"{plot.title}: {', '.join(told) or 'no values'}")
    return f"{'; '.join(texts)}."


def _caption(lines: Sequence[Line], plots: list[Plot]) -> str:
    """What the KLs are, and where the true masses stand."""
    kinds: dict[str, list[str]] = {}
    for line in lines:
        kinds.setdefault(line.quantity, []).append(line.label)
    told = "; ".join(f"{', '.join(names)}: {_told(what)}" for what, names in kinds.items())
    text = f"{told if len(kinds) > 1 else _told(lines[0].quantity)}."
    drawn = any(plot.title.startswith("Model") for plot in plots)
    return f"{text} Dashed: the true mass of the first mode." if drawn else text


def _told(quantity: str) -> str:
    return "no KL is known" if quantity == "none" else quantity
