"""Images: one run on digits, live, and below it what only measuring tells of the model."""

from __future__ import annotations

from functools import partial

from pages.common import (
    acts,
    class_choice,
    figures,
    image_sections,
    measuring,
    ribbon,
    scene,
    session,
    shelf,
    workbench,
)
from pages.common.offers import IMAGES
from pages.live.stage import stage

held, view, look, place = workbench.lay_out(IMAGES, class_choice.choose, shelf.RUNS)

with place:
    layout = "images" if view == workbench.LIVE else "bar"
    stage(
        held.token,
        key=f"stage-images-{layout}",
        layout=layout,
        on_action=partial(acts.act, IMAGES),
        measured=measuring.measured(held),
        layers=look.layers,
        hidden=look.hidden_panels,
    )
    if view == workbench.LIVE:
        image_sections.show(held)
    elif view == shelf.RUNS:
        shelf.show(held)
    else:
        figures.show(held, image_sections.album(held))
        ribbon.show(held)

session.write_link(held, scene.query(IMAGES))
