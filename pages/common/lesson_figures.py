"""The figures of a lesson: those with sliders, and the curves of its runs on common axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st

from ebm_engine.runs.bias import MissingSpec
from ebm_engine.runs.energy_cut import EnergyCutSpec, energy_cut
from ebm_engine.runs.knobs import block_knobs
from ebm_engine.runs.lesson import Slide
from ebm_engine.runs.lesson_figures import figure_numbers, sliders
from ebm_engine.runs.missing_term import missing_term
from ebm_engine.runs.snapshot import Snapshot
from ebm_engine.views import compare, together
from ebm_engine.views.energy_cut import CutSeries, energy_and_density
from ebm_engine.views.missing_term import missing_term_bars
from ebm_engine.views.theme import Reading, Theme, config
from pages.common.langevin_figures import theme
from pages.common.lesson_flow import Walk
from pages.common.widgets import widget
from pages.live.plot import plot

CURVES = tuple(together.FIGURES)  # parts that are drawn for all runs together
COMING = {
    "kl": "The KL of all runs is drawn here from the first updates on.",
    "contrast": "KL and contrast of all runs are drawn here from the first updates on.",
    "ess": "Effective sample size and ancestors are drawn here from the first updates on.",
    "weights": "The log-weights of all runs are drawn here from the first updates on.",
}
HINT = "Move this slider between {low:g} and {high:g}."


def _energy(spec: EnergyCutSpec, look: Theme) -> Reading:
    now, start = energy_cut(spec.shift, spec.temperature), energy_cut(0.0, 1.0)
    return energy_and_density(CutSeries(*now), CutSeries(*start), look)


def _missing(spec: MissingSpec, look: Theme) -> Reading:
    terms = missing_term(spec.data_variance, spec.step_size, spec.theta)
    return missing_term_bars(terms.cd_part, terms.third_term, terms.numeric, look)


DRAWN: Mapping[str, Callable[[Any, Theme], Reading]] = {"energy": _energy, "missing-term": _missing}


def slide(walk: Walk) -> bool:
    """Draw the slider that the step is about; whether it stands where it should.

    It can be moved once the prediction is made.
    """
    step = walk.step
    values = walk.values.setdefault(walk.place, {})
    if not isinstance(step.do, Slide):
        return False
    known = {knob.path: knob for knob in block_knobs(sliders(step.figure, values))}
    knob = known[step.do.slide]
    value = getattr(sliders(step.figure, values), knob.path)
    scope = f"{walk.lesson.id}.{walk.place}"
    moved = widget(knob, value, scope, typed=False, disabled=not walk.predicted)
    values[knob.path] = float(moved)
    st.caption(HINT.format(low=step.do.low, high=step.do.high))
    return walk.predicted and step.do.low <= moved <= step.do.high


def numbers(walk: Walk) -> dict[str, float]:
    """The numbers of the step's figure with its sliders as they stand, empty without a figure."""
    step = walk.step
    if step is None or step.figure is None:
        return {}
    return figure_numbers(step.figure, walk.values.get(walk.place, {}))


def show(walk: Walk, name: str) -> None:
    """Draw a figure with its sliders as they stand at the present place."""
    spec = sliders(name, walk.values.get(walk.place, {}))
    _draw(DRAWN[name](spec, theme()), f"lesson-{name}")


def show_together(walk: Walk, part: str, snapshots: Mapping[str, Snapshot]) -> None:
    """Draw one part of all runs on common axes; the contrast never without the KL."""
    entries, look = _entries(walk, snapshots), theme()
    parts = ("kl", part) if part == "contrast" else (part,)
    for column, name in zip(st.columns(len(parts)), parts, strict=True):
        reading = together.FIGURES[name](entries, look)
        # Two beside each other have no room for one; the headings of the runs show their lines.
        reading.figure.update_layout(showlegend=len(parts) == 1)
        with column:
            _draw(reading, f"lesson-{name}")


def headings(walk: Walk, snapshots: Mapping[str, Snapshot]) -> list[str]:
    """The title of each run as HTML, with a sample of its line once that is known."""
    titles = [f"<strong>{escape(run.title)}</strong>" for run in walk.lesson.runs]
    if not snapshots:
        return titles
    drawn = [compare.sample(entry.style) for entry in _entries(walk, snapshots)]
    return [f"{line} {title}" for line, title in zip(drawn, titles, strict=True)]


def _entries(walk: Walk, snapshots: Mapping[str, Snapshot]) -> list[compare.Entry]:
    shots = [snapshots[run.name] for run in walk.lesson.runs]
    styles = together.styles(shots, theme())
    titles = [run.title for run in walk.lesson.runs]
    return [compare.Entry(*entry) for entry in zip(titles, shots, styles, strict=True)]


def _draw(reading: Reading, name: str) -> None:
    plot(reading.figure.to_json(), key=name, alt=reading.alt, config=config(f"ebm-lab-{name}"))
    st.caption(reading.caption)
