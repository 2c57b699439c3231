"""Images: one run on digits, live, and below it what only measuring tells of the model."""

from __future__ import annotations

from functools import partial

from pages.common.figures import album
from pages.common.images import class_choice, measuring, sections
from pages.common.run_page import frame, past_runs, seeds, stage_actions
from pages.common.tab import display, session
from pages.common.tab.offers import IMAGES
from pages.live.stage import stage

held, view, options, place = frame.lay_out(IMAGES, class_choice.choose, past_runs.RUNS)

with place:
    layout = "images" if view == frame.LIVE else "bar"
    stage(
        held.token,
        key=f"stage-images-{layout}",
        layout=layout,
        on_action=partial(stage_actions.act, IMAGES),
        measured=measuring.measured(held),
        layers=options.layers,
        hidden=options.hidden_panels,
    )
    if view == frame.LIVE:
        sections.show(held)
    elif view == past_runs.RUNS:
        past_runs.show(held)
    else:
        album.show(held, sections.run_album(held))
        seeds.show(held)

session.write_link(held, display.query(IMAGES))
