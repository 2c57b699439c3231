"""What the page of sweeps shows: progress, phase diagrams, and the cell that is picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ebm_engine.jobs.job_queue import CANCELLED, JobView, QueueFull
from ebm_engine.sweep.numbers import QUANTITIES, Found, Grid, as_csv, lines
from ebm_engine.sweep.store import recall, server_folder
from ebm_engine.sweep.sweep_spec import Cell, SweepSpec, cells, place
from ebm_engine.views.many_runs.phase import PhaseAxes, PhasePanel, phase_diagram
from ebm_engine.views.style.theme import number
from pages.common.figures.show import show as show_figure
from pages.common.figures.show import theme
from pages.common.sweep import tab_sweep
from pages.common.tab import run_link
from pages.common.tab.plain_text import plain

EXPLORER_PAGE = "gaussian_mixtures.py"
LOOK_SECONDS = 0.5
QUANTITY_HELP = (
    "**KL(target ‖ model)** in nats, exact where the model can be integrated. **Mass error**: "
    "total variation between the model's masses of the modes and the true ones. **ESS/N**: "
    "effective share of the walkers. **Ancestors**: distinct original walkers that survive; a "
    "high ESS with few of them is a warning."
)


def show() -> None:
    """Draw the tab's sweep as far as it is, twice a second until it is done."""
    try:
        running = not tab_sweep.job().done
    except QueueFull as error:
        st.warning(plain(f"{error}."))
        st.button("Try again", key="sweep-again", help="Ask again for a free place.")
        return
    name = st.segmented_control(
        "Number",
        list(QUANTITIES),
        default=tab_sweep.current().number,
        required=True,
        format_func=lambda n: QUANTITIES[n].title,
        key=f"sweep-quantity#{tab_sweep.current().link.edition}",
        help=QUANTITY_HELP,
    )
    tab_sweep.current().number = name

    def body() -> None:
        view = tab_sweep.job()
        if running and view.done:
            st.rerun()
        _status(view)
        if view.result is not None:
            _diagram(view.result["grids"], name)
        else:
            st.caption("The first cells are on their way.")

    st.fragment(body, run_every=LOOK_SECONDS if running else None)()
    _picked()


def _status(view: JobView) -> None:
    count = tab_sweep.current().sweep.count
    if view.error == CANCELLED:
        st.info("Cancelled. Finished cells stay; Resume computes the others.")
        _again("Resume")
    elif view.error:
        st.warning(plain(f"{view.error[0].upper()}{view.error[1:]}."))
        _again("Run again")
    elif not view.done:
        done = round(view.progress * count)
        text = f"{done} of {count} cells"
        if view.position:
            text = f"Waiting, place {view.position} in the queue"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(view.progress, text=text)
            st.button(
                "Cancel",
                key="sweep-cancel",
                on_click=tab_sweep.cancel,
                help="Stops the runs of this sweep; finished cells stay.",
            )


def _again(label: str) -> None:
    help_text = "Trains the cells that are missing; the others are kept."
    st.button(label, key="sweep-resume", on_click=tab_sweep.resume, help=help_text)


def _diagram(grids: Mapping[str, Grid], name: str) -> None:
    sweep = tab_sweep.current().sweep
    if tuple(grids) != sweep.methods:
        return  # of the sweep before this one
    panels = [
        PhasePanel(
            tab_sweep.title_of(method), grid.values[name], grid.done, grid.diverged, grid.problem
        )
        for method, grid in grids.items()
    ]
    quantity = QUANTITIES[name]
    title = f"{quantity.title} ({quantity.unit})"
    drawn = phase_diagram(panels, _axes(sweep), title, theme(), log=quantity.error)
    show_figure("sweep-phase", drawn, file=f"sweep-{name}", on_click=_pick)


def _axes(sweep: SweepSpec) -> PhaseAxes:
    x, y = (tuple(number(float(v), ".4g") for v in axis.values) for axis in (sweep.x, sweep.y))
    return PhaseAxes(
        tab_sweep.label(sweep, sweep.x.path), tab_sweep.label(sweep, sweep.y.path), x, y
    )


def _pick(clicked: dict[str, Any]) -> None:
    tab_sweep.current().pick(clicked)
    st.rerun()


def _picked() -> None:
    """The choice of a cell, what it holds, and the link that opens its run."""
    tab = tab_sweep.current()
    sweep, axes = tab.sweep, _axes(tab.sweep)
    seeds = [str(sweep.base.seed + i) for i in range(sweep.seeds)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        titles = [tab_sweep.title_of(name) for name in sweep.methods]
        method = _choose("Method", titles, tab.picked[0])
        column = _choose(axes.x_title, axes.x, tab.picked[1])
        row = _choose(axes.y_title, axes.y, tab.picked[2])
        seed = _choose("Seed", seeds, 0)
    tab.picked = (method, column, row)
    _run(sweep, place(sweep, sweep.methods[method], row, column)[seed])


def _choose(title: str, options: Sequence[str], at: int) -> int:
    tab = tab_sweep.current()
    return st.selectbox(
        title,
        range(len(options)),
        at,
        format_func=options.__getitem__,
        key=f"sweep-pick-{title}#{tab.sweep.key}.{tab.edition}",
        help="Choose a cell here, or click it.",
    )


def _run(sweep: SweepSpec, cell: Cell) -> None:
    """The picked run in a line, and all finished ones as a file."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if cell.spec is None:
            st.caption(plain(f"This cell is not possible: {cell.problem}."), width="content")
        else:
            found = recall(cell, server_folder())
            st.page_link(
                EXPLORER_PAGE,
                label="Open this run",
                icon=":material/open_in_new:",
                query_params=run_link.to_query(sweep.preset, cell.spec),
                help="Trains it live in the explorer, from update 0.",
            )
            st.caption(_words(found) if found else "Not computed yet.", width="content")
        _download(sweep)


def _words(found: dict[str, Any]) -> str:
    if found["diverged_at"] is not None:
        return plain(found["diverged"])
    known = {q.title: found[n] for n, q in QUANTITIES.items() if found[n] is not None}
    return " · ".join(f"{title} {number(value, '.4g')}" for title, value in known.items())


def _download(sweep: SweepSpec) -> None:
    st.download_button(
        "cells.csv",
        lambda: as_csv(lines(sweep, _kept(sweep))),
        file_name="ebm-lab-sweep.csv",
        mime="text/csv",
        key="sweep-csv",
        on_click="ignore",
        type="tertiary",
        help="All finished cells with every seed.",
    )


def _kept(sweep: SweepSpec) -> Found:
    folder = server_folder()
    known = ((i, recall(c, folder)) for i, c in enumerate(cells(sweep)) if c.spec is not None)
    return {index: numbers for index, numbers in known if numbers is not None}
