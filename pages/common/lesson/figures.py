"""The figures of a lesson: those with sliders, and the curves of its runs on common axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, NamedTuple

import streamlit as st

from ebm_engine.lessons.figures import figure_numbers, sliders
from ebm_engine.lessons.lesson import Slide
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.spec.knobs import block_knobs
from ebm_engine.studies.energy_on_a_line import EnergyCutSpec, energy_cut
from ebm_engine.studies.missing_term import missing_term
from ebm_engine.studies.specs.langevin import MissingSpec
from ebm_engine.views.langevin.energy_on_a_line import CutSeries, energy_and_density
from ebm_engine.views.langevin.missing_term import missing_term_bars
from ebm_engine.views.many_runs import compare, together
from ebm_engine.views.style.theme import Captioned, Theme
from pages.common.controls.widgets import widget
from pages.common.figures.show import show, theme
from pages.common.lesson.flow import Progress
from pages.common.tab import display

CURVES = tuple(together.PARTS)  # parts that are drawn for all runs together
COMING = {
    "kl": "KL(target ‖ model) of all runs appears here after the first updates.",
    "contrast": "KL and contrast of all runs appear here after the first updates.",
    "ess": "Effective sample size and ancestors appear here after the first updates.",
    "weights": "The log-weights of all runs appear here after the first updates.",
}


class CurveLayout(NamedTuple):
    """Where the curves of all runs are drawn: height of the figure in pixels, one below the other
    where there are several, and whether there is room to name the lines.
    """

    height: int
    stacked: bool
    legend: bool


ABOVE = CurveLayout(200, stacked=False, legend=True)
BESIDE = CurveLayout(400, stacked=True, legend=False)  # the headings of the runs show their lines
LARGE = 0.75  # of the height, where everything is larger and the screen is not
HINT = "Move this slider between {low:g} and {high:g}."


def _energy(spec: EnergyCutSpec, look: Theme) -> Captioned:
    now, start = energy_cut(spec.shift, spec.temperature), energy_cut(0.0, 1.0)
    return energy_and_density(CutSeries(*now), CutSeries(*start), look)


def _missing(spec: MissingSpec, look: Theme) -> Captioned:
    terms = missing_term(spec.data_variance, spec.step_size, spec.theta)
    return missing_term_bars(terms.cd_part, terms.third_term, terms.numeric, look)


DRAWN: Mapping[str, Callable[[Any, Theme], Captioned]] = {
    "energy": _energy,
    "missing-term": _missing,
}


def slide(progress: Progress, figure: str, action: Slide) -> bool:
    """Draw the slider of the figure that is to be moved; whether it stands where it should.

    It can be moved once the prediction is made.
    """
    values = progress.values.setdefault(progress.place, {})
    block = sliders(figure, values)
    knob = {knob.path: knob for knob in block_knobs(block)}[action.slide]
    value = getattr(block, knob.path)
    scope = f"{progress.lesson.id}.{progress.place}"
    moved = widget(knob, value, scope, typed=False, disabled=not progress.predicted)
    values[knob.path] = float(moved)
    st.caption(HINT.format(low=action.low, high=action.high))
    return progress.predicted and action.low <= moved <= action.high


def numbers(progress: Progress) -> dict[str, float]:
    """The numbers of the step's figure with its sliders as they stand, empty without a figure."""
    step = progress.step
    if step is None or step.figure is None:
        return {}
    return figure_numbers(step.figure, progress.values.get(progress.place, {}))


def draw(progress: Progress, name: str) -> None:
    """Draw a figure with its sliders as they stand at the present place."""
    spec = sliders(name, progress.values.get(progress.place, {}))
    show(f"lesson-{name}", DRAWN[name](spec, theme()))


def draw_together(
    progress: Progress, part: str, snapshots: Mapping[str, Snapshot], layout: CurveLayout
) -> None:
    """Draw one part of all runs on common axes."""
    entries, look, parts = _entries(progress, snapshots), theme(), together.PARTS[part]
    count = len(parts)
    high = round(layout.height * LARGE) if display.presenting() else layout.height
    places = [st.container() for _ in parts] if layout.stacked else st.columns(count)
    for where, name in zip(places, parts, strict=True):
        reading = together.FIGURES[name](entries, look)
        reading.figure.update_layout(
            height=high // count if layout.stacked else high,
            showlegend=layout.legend and count == 1,
        )
        with where:
            show(f"lesson-{name}", reading)


def headings(progress: Progress, snapshots: Mapping[str, Snapshot]) -> list[str]:
    """The title of each run as HTML, with a sample of its line once that is known."""
    titles = [f"<strong>{escape(run.title)}</strong>" for run in progress.lesson.runs]
    if not snapshots:
        return titles
    drawn = [compare.sample(entry.style) for entry in _entries(progress, snapshots)]
    return [f"{line} {title}" for line, title in zip(drawn, titles, strict=True)]


def _entries(progress: Progress, snapshots: Mapping[str, Snapshot]) -> list[compare.Entry]:
    shots = [snapshots[run.name] for run in progress.lesson.runs]
    styles = together.styles(shots, theme())
    titles = [run.title for run in progress.lesson.runs]
    return [compare.Entry(*entry) for entry in zip(titles, shots, styles, strict=True)]
