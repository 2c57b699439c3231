"""How well the energy of an image model detects strange images: histograms and AUROC."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ebm_engine.views.style.palette import PALETTES, Theme
from ebm_engine.views.style.theme import Captioned, finish, number

BINS = 30
COLUMNS = 4
PANEL_HEIGHT = 190


class OodSeries(NamedTuple):
    """Energies U of `count` familiar images (n,) and of each strange kind (k, n), with AUROCs (k,).

    auroc_intensity and auroc_outside are those of two baselines without a model, the latter NaN in
    the space of pixels; examples (k + 1, m, h, w) uint8, the familiar ones first.
    """

    step: int
    count: int
    latent: bool
    class_names: tuple[str, ...]
    names: tuple[str, ...]
    familiar: np.ndarray
    strange: np.ndarray
    auroc: np.ndarray
    auroc_se: np.ndarray
    auroc_intensity: np.ndarray
    auroc_outside: np.ndarray
    examples: np.ndarray


def ood_histograms(series: OodSeries, theme: Theme = "light") -> Captioned:
    """−U of held-out images and of each strange kind, one panel per kind, with its AUROC."""
    colors = PALETTES[theme]
    rows = math.ceil(len(series.names) / COLUMNS)
    titles = [
        f"{name}<br>AUROC {number(value, '.3f')}"
        for name, value in zip(series.names, series.auroc, strict=True)
    ]
    figure = make_subplots(
        rows, COLUMNS, subplot_titles=titles, vertical_spacing=0.4 / rows, shared_yaxes=True
    )
    for place, energy in enumerate(series.strange):
        at: dict[str, Any] = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
        pairs = (("held-out", series.familiar, colors.data), ("strange", energy, colors.model))
        for name, values, color in pairs:
            edges = np.histogram_bin_edges(-np.concatenate([series.familiar, energy]), BINS)
            bars = {"start": edges[0], "end": edges[-1], "size": edges[1] - edges[0]}
            trace = go.Histogram(x=-values, xbins=bars, name=name, marker_color=color, opacity=0.6)
            trace.update(legendgroup=name, showlegend=place == 0, autobinx=False)
            figure.add_trace(trace, **at)
    finish(figure, theme, "Score −U of held-out and of strange images", 120 + PANEL_HEIGHT * rows)
    figure.update_layout(barmode="overlay", margin={"t": 90})
    worst = int(np.argmin(series.auroc))
    alt = (
        f"The energy separates {len(series.names)} kinds of strange images from held-out ones "
        f"with an AUROC from {number(series.auroc[worst], '.3f')} ({series.names[worst]}) to "
        f"{number(series.auroc.max(), '.3f')}."
    )
    return Captioned(figure, alt, _ood_caption(series))


def _ood_caption(series: OodSeries) -> str:
    latent = (
        " The model sees only the principal components of an image; how much of it lies outside "
        "them is the second baseline, which no energy sees."
        if series.latent
        else ""
    )
    return (
        f"{series.count} images of each kind with the data noise, scored by −U of the model at "
        f"update {series.step}. AUROC is the chance that a held-out image scores higher: at 1 "
        f"all are told apart, at 0.5 none. The first baseline is the mean intensity alone.{latent}"
    )


def ood_rows(series: OodSeries) -> list[dict[str, str]]:
    """The table beside the histograms: one row per kind, cells as text."""
    rows = []
    for k, name in enumerate(series.names):
        row = {
            "strange images": name,
            "energy": f"{number(series.auroc[k], '.3f')} ± {number(2 * series.auroc_se[k], '.3f')}",
            "mean intensity": number(series.auroc_intensity[k], ".3f"),
        }
        if series.latent:
            row["outside the components"] = number(series.auroc_outside[k], ".3f")
        rows.append(row)
    return rows
