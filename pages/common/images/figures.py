"""The figures of the images page's sections, from the results of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from ebm_engine.run.snapshot import Snapshot
from ebm_engine.views.images import energy_histograms, kl_term, ood
from ebm_engine.views.images import images as views
from ebm_engine.views.one_run import energies
from pages.common.figures.show import PLAIN, show, theme
from pages.common.tab import jobs

WIDE = 560  # pixels of a sheet on the screen, about

S = TypeVar(
    "S",
    views.AisSeries,
    views.CompositionSeries,
    ood.OodSeries,
    energy_histograms.EnergySeries,
    kl_term.KlTermSeries,
)


def masses_beside(snapshot: Snapshot | None) -> jobs.Draw:
    """What draws log Z, cross-entropy and class masses of a model beside those of its walkers."""
    return partial(_draw_masses, snapshot=snapshot)


def _draw_masses(result: Mapping[str, Any], *, snapshot: Snapshot | None) -> None:
    series, look = _series(views.AisSeries, result), theme()
    beside = {}
    if snapshot is not None and len(snapshot.mode_mass.raw) == len(series.mass):
        beside = {"raw": snapshot.mode_mass.raw}
        if snapshot.spec.method.weighted:
            beside["weighted"] = snapshot.mode_mass.weighted
    left, right = st.columns(2)
    with left:
        show(f"{PLAIN}ais-masses", views.class_masses(series, look, **beside))
        if snapshot is not None and beside:
            st.caption(f"The walkers are those of update {snapshot.step}.")
    with right:
        show(f"{PLAIN}ais-log-z", views.log_z_bracket(series, look))


def draw_strange(result: Mapping[str, Any]) -> None:
    """How well the energy and the baselines tell strange images, with examples of each kind."""
    series = _series(ood.OodSeries, result)
    show(f"{PLAIN}ood", ood.ood_histograms(series, theme()))
    left, right = st.columns(2)
    left.dataframe(ood.ood_rows(series), hide_index=True)
    kinds = ", ".join(("held-out", *series.names))
    tiles = series.examples.reshape(-1, *series.examples.shape[2:])
    with right:
        _sheet(tiles, series.examples.shape[1], f"A row of each kind: {kinds}.")


def draw_composition(result: Mapping[str, Any]) -> None:
    """The chains as images, and the energy they walk on."""
    series = _series(views.CompositionSeries, result)
    left, right = st.columns(2)
    with left:
        _sheet(series.tiles, 8, f"The first {len(series.tiles)} chains.")
    with right:
        show(f"{PLAIN}composition", views.composition_curve(series, theme()))


def draw_norms(snapshot: Snapshot) -> None:
    """The norms of the KL part and of the CD part of the gradient, as this run has them."""
    show(f"{PLAIN}kl-norms", energies.gradient_norms(snapshot, theme()))


def draw_energies(result: Mapping[str, Any]) -> None:
    """How the energy is spread over data, walkers and noise."""
    series = _series(energy_histograms.EnergySeries, result)
    show(f"{PLAIN}energies", energy_histograms.energy_histograms(series, theme()))


def draw_gaps(result: Mapping[str, Any]) -> None:
    """The energy gap of a run with the KL term and of the same run without."""
    show(f"{PLAIN}kl-term", kl_term.energy_gaps(_series(kl_term.KlTermSeries, result), theme()))


def _series(kind: type[S], result: Mapping[str, Any]) -> S:
    return kind(**{name: result[name] for name in kind._fields})


def _sheet(tiles: np.ndarray, columns: int, caption: str) -> None:
    sheet = views.sheet(tiles, columns)
    times = max(1, round(WIDE / sheet.shape[1]))  # whole pixels, so that nothing is blurred
    st.image(sheet.repeat(times, axis=0).repeat(times, axis=1), caption=caption)
