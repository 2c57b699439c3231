"""Densities in two dimensions: one run with all its knobs, live, as figures or in slow motion."""

from __future__ import annotations

from functools import partial

from pages.common.controls import panel
from pages.common.figures import album
from pages.common.run_page import frame, past_runs, seeds, slow_motion, stage_actions
from pages.common.tab import display, session
from pages.common.tab.offers import EXPLORER
from pages.live.stage import stage

SLOW_MOTION = "Slow motion"

held, view, options, place = frame.lay_out(EXPLORER, panel.choose, SLOW_MOTION, past_runs.RUNS)

with place:
    layout = "full" if view == frame.LIVE else "bar"
    stage(
        held.token,
        key=f"stage-{layout}",
        layout=layout,
        on_action=partial(stage_actions.act, EXPLORER),
        layers=options.layers,
        hidden=options.hidden_panels,
    )
    if view == frame.FIGURES:
        album.show(held)
        seeds.show(held)
    elif view == SLOW_MOTION:
        slow_motion.show(held)
    elif view == past_runs.RUNS:
        past_runs.show(held)

session.write_link(held, display.query(EXPLORER))
