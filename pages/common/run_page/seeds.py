"""Over seeds: the run of the page with other seeds in the background, as bands on its curves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.studies.specs.runs import MOST_UPDATES, SeedsSpec
from ebm_engine.views.many_runs.seeds import Ribbon, ribbons, sentence
from pages.common.controls import block
from pages.common.figures.show import show_grid, theme
from pages.common.tab import jobs, session
from pages.common.tab.session import Held

SLOT = TASK = "seeds"
STORY = (
    "One run is one draw of its data, its start and its noise. The same settings with other seeds "
    "show what is chance and what is the method."
)
CHANGED = (
    "This run's settings were changed along the way; the other seeds use the current ones from "
    "update 0."
)


def show(held: Held) -> None:
    """Draw the controls of the study, its progress and its bands."""
    with st.expander("Over seeds", expanded=jobs.about(SLOT) is not None):
        st.markdown(STORY)
        with st.container(horizontal=True, vertical_alignment="bottom", key="study-seeds"):
            spec = block.controls(_start(held), f"{SLOT}.{held.scope}")
            pressed = st.button("Run the seeds", type="primary", key="run-seeds")
        if pressed:
            arguments = spec.model_dump(exclude={"spec"}) | {"spec": held.spec}
            jobs.start(SLOT, TASK, arguments, held.spec)
        if _outdated(held):
            jobs.drop(SLOT)
        jobs.follow(SLOT, partial(_draw, held))


def _start(held: Held) -> SeedsSpec:
    """As many updates as this run has made when its page was first drawn with these settings."""
    lengths = session.kept("seed-updates", dict[str, int])
    now = session.view(held)
    step = now.snapshot.step if now is not None and now.snapshot is not None else 0
    updates = lengths.setdefault(f"{held.token}.{held.scope}", min(MOST_UPDATES, max(100, step)))
    return SeedsSpec(updates=updates, spec=held.spec)


def _outdated(held: Held) -> bool:
    """Whether the bands belong to other settings than this run's; its seed may differ."""
    before: RunSpec | None = jobs.about(SLOT)
    return before is not None and before.model_copy(update={"seed": held.spec.seed}) != held.spec


def _draw(held: Held, result: Mapping[str, Any]) -> None:
    now = session.view(held)
    if now is None or now.snapshot is None:
        return
    series, snapshot = Ribbon(**result), now.snapshot
    st.text(sentence(series, snapshot))
    if any(step > 0 for step, _ in snapshot.changes):
        st.caption(CHANGED)
    show_grid("seeds-", ribbons(series, snapshot, theme()))
