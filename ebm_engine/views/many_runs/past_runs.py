"""Past runs in one figure: KL, ESS/N and the model's mass of the first mode by update.

Each run has one colour and one dash in all plots: those of its method, or spare ones where another
run of that method comes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ebm_engine.views.one_run import kl_words
from ebm_engine.views.style.curves import SHARE, Curve, Plot, draw, newest_numbers, with_values
from ebm_engine.views.style.palette import Theme, method_line
from ebm_engine.views.style.theme import Captioned

MOST = 8  # runs in one figure
ROW_HEIGHT, MARGINS, LEGEND_ROW = 190, 110, 22
LONGEST = 90  # characters of a run's name in the legend
FACTOR = 30  # largest over smallest value from which an axis is logarithmic
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


def overlay(lines: Sequence[Line], theme: Theme = "light") -> Captioned:
    """The curves of up to eight runs above each other, one plot per quantity that some run has.

    Raises ValueError on none or more than eight runs.
    """
    if not 1 <= len(lines) <= MOST:
        raise ValueError(f"{len(lines)} runs, allowed in one figure are 1 to {MOST}")
    plots, legend = _plots(lines, theme), LEGEND_ROW * len(lines)
    height = MARGINS + ROW_HEIGHT * len(plots) + legend
    figure = draw(plots, theme, "Past runs", height)
    figure.update_layout(legend={"orientation": "v", "tracegroupgap": 0}, margin={"b": 60 + legend})
    return Captioned(figure, newest_numbers(plots), _caption(lines, plots))


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


def _plots(lines: Sequence[Line], theme: Theme) -> list[Plot]:
    """The plots that have values: of KL, ESS/N, and mass with the true masses dashed."""
    methods = [line.method for line in lines]
    styles = [style | {"width": 2} for style in line_styles(methods, theme)]

    def of_all(field: str) -> list[Curve]:
        return [
            Curve(_name(line), line.step, getattr(line, field), style, short=line.label)
            for line, style in zip(lines, styles, strict=True)
        ]

    quantities = {line.quantity.partition(",")[0] for line in lines if line.quantity != "none"}
    kl = " and ".join(kl_words.KL if q == "KL" else q for q in sorted(quantities)) or kl_words.KL
    modes = " or ".join(sorted({line.mode for line in lines}))
    truths = sorted({round(line.truth, 6) for line in lines})
    plots = [
        Plot(of_all("kl"), kl[0].upper() + kl[1:], "nats", log=_spans_decades(lines)),
        Plot(of_all("ess"), "ESS/N of the runs with weights", limits=SHARE),
        Plot(of_all("mass"), f"Model's mass of {modes}", exact=truths),
    ]
    return with_values(plots)


def _name(line: Line) -> str:
    name = f"{line.label}: {line.what}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _spans_decades(lines: Sequence[Line]) -> bool:
    """Whether the KLs are all positive and so different that they need a logarithmic axis."""
    values = np.concatenate([line.kl for line in lines])
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and bool(0 < finite.min() < finite.max() / FACTOR)


def _caption(lines: Sequence[Line], plots: list[Plot]) -> str:
    """What the KLs are, and where the true masses stand."""
    kinds: dict[str, list[str]] = {}
    for line in lines:
        kinds.setdefault(line.quantity, []).append(line.label)
    texts = {what: "no KL is known" if what == "none" else what for what in kinds}
    each = "; ".join(f"{', '.join(names)}: {texts[what]}" for what, names in kinds.items())
    text = f"{each if len(kinds) > 1 else texts[lines[0].quantity]}."
    dashed = any(plot.exact for plot in plots)
    return f"{text} Dashed: the true mass of the first mode." if dashed else text
