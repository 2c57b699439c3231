"""Figures: the Plotly versions of what the stage shows, to read, compare and save.

While the run plays they are drawn again once a second. A second fragment draws nothing: it notices
that the run was started, stopped or stepped on the stage, which never runs the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import streamlit as st

from ebm_engine.files import export
from ebm_engine.run.snapshot import Snapshot
from ebm_engine.server.hub.hub import RunView
from ebm_engine.views.one_run import curves, distance, energies, landscape, masses, tables, weights
from ebm_engine.views.one_run.distance import controllers_move as moving
from ebm_engine.views.one_run.genealogy import genealogy
from ebm_engine.views.style.theme import Captioned, Theme
from pages.common.figures.show import PLAIN, show_grid, theme
from pages.common.tab import session
from pages.common.tab.session import Held

Figure = Callable[[Snapshot, Theme], Captioned]
Group = Mapping[str, Figure]
REFRESH_SECONDS = 1.0
SVG_HELP = "The camera button of a figure then saves SVG instead of PNG."


class Album(NamedTuple):
    """The figures of a page by group, the first one shown first.

    on_demand: by group, what a switch is called that adds more figures, and these; below: by group,
    what is drawn below the figures once per run of the page.
    """

    groups: Mapping[str, Group]
    on_demand: Mapping[str, tuple[str, Group]] = MappingProxyType({})
    below: Mapping[str, Callable[[Held], None]] = MappingProxyType({})


WEIGHTS: Group = {
    "ess": curves.ess_curves,
    "log-weights": weights.log_weight_histogram,
    "lorenz": weights.lorenz,
    "genealogy": genealogy,
}
PLANE = Album(
    {
        "Learning": {
            "kl": curves.kl_curves,
            "masses": masses.mode_bars,
            "mass-curves": masses.mass_curves,
            "distance": distance.distance_curves,
            "mean-energies": energies.mean_energies,
            "gradient-norms": energies.gradient_norms,
        },
        "Landscape": {
            "energy": landscape.energy_map,
            "difference": landscape.difference_map,
            "cut": landscape.cut,
        },
        "Weights": WEIGHTS,
        "Gradient": {"gradient": curves.gradient_bias, "controllers": distance.controller_curves},
    },
    {
        "Learning": ("Log scale", {"kl": partial(curves.kl_curves, y_scale="log")}),
        "Landscape": ("3-D surface", {"surface": landscape.energy_surface}),
    },
)
CSV = {
    "curves": export.curves_csv,
    "walkers": tables.walkers_csv,
    "masses": tables.masses_csv,
}


def show(held: Held, album: Album = PLANE) -> None:
    """Draw the chosen group of figures, refreshed while the run plays."""
    with st.container(horizontal=True, vertical_alignment="center"):
        names = list(album.groups)
        group = st.segmented_control(
            "Figures", names, default=names[0], required=True, label_visibility="collapsed"
        )
        as_svg = st.toggle("Save as SVG", help=SVG_HELP)
        label, extra = album.on_demand.get(group, ("", {}))
        chosen = {**album.groups[group], **(extra if label and st.toggle(label) else {})}
    look = theme()

    def figures(snapshot: Snapshot) -> None:
        useful = {n: f for n, f in chosen.items() if n != "controllers" or moving(snapshot)}
        readings = {name: draw(snapshot, look) for name, draw in useful.items()}
        show_grid(PLAIN, readings, "svg" if as_svg else "png")
        _downloads(snapshot)

    follow(held, figures)
    if group in album.below:
        album.below[group](held)


def follow(held: Held, draw: Callable[[Snapshot], None]) -> None:
    """Draw the newest picture of a run, and again every second while it plays."""
    drawn = session.view(held)

    def body() -> None:
        now = session.view(held)
        if now is None or now.snapshot is None:
            st.caption("The first picture is on its way.")
            return
        draw(now.snapshot)

    playing = drawn is not None and drawn.playing
    st.fragment(body, run_every=REFRESH_SECONDS if playing else None)()
    st.fragment(lambda: _follow(held, drawn), run_every=REFRESH_SECONDS)()


def _follow(held: Held, drawn: RunView | None) -> None:
    """Run the page again when the figures do not follow the run any more."""
    now = session.view(held)
    if now is None or drawn is None or now.playing != drawn.playing:
        st.rerun()
    if now.version != drawn.version and not now.playing:
        st.rerun()


def _downloads(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Numbers at update {snapshot.step}:", width="content")
        for name, write in CSV.items():
            st.download_button(
                f"{name}.csv",
                lambda write=write: write(snapshot),
                file_name=f"ebm-lab-{name}-{snapshot.step}.csv",
                mime="text/csv",
                key=f"csv-{name}",
                on_click="ignore",
                type="tertiary",
            )
