"""Densities in two dimensions: one run with all its knobs, live, as figures or in slow motion."""

from __future__ import annotations

from functools import partial

from pages.common import (
    acts,
    controls,
    figures,
    ribbon,
    scene,
    session,
    shelf,
    slow_motion,
    workbench,
)
from pages.common.offers import EXPLORER
from pages.live.stage import stage

SLOW_MOTION = "Slow motion"

held, view, look, place = workbench.lay_out(EXPLORER, controls.choose, SLOW_MOTION, shelf.RUNS)

with place:
    layout = "full" if view == workbench.LIVE else "bar"
    stage(
        held.token,
        key=f"stage-{layout}",
        layout=layout,
        on_action=partial(acts.act, EXPLORER),
        layers=look.layers,
        hidden=look.hidden_panels,
    )
    if view == workbench.FIGURES:
        figures.show(held)
        ribbon.show(held)
    elif view == SLOW_MOTION:
        slow_motion.show(held)
    elif view == shelf.RUNS:
        shelf.show(held)

session.write_link(held, scene.query(EXPLORER))
