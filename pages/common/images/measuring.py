"""Measuring: studies of a run's newest checkpoint in the background, and what AIS found of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from ebm_engine.spec.fields import Block
from ebm_engine.spec.knobs import needs_reset
from ebm_engine.spec.run_spec import RunSpec
from ebm_engine.views.images.ais import AisPoint
from pages.common.controls import block
from pages.common.tab import jobs, session
from pages.common.tab.session import NO_MODEL, Held, checkpoint
from pages.live.stage import Measured

AIS = "ais"


@dataclass
class _Found:
    """What AIS found in this tab, with the spec of the run that it was of; the last one noted."""

    points: list[tuple[RunSpec, AisPoint]] = field(default_factory=list)
    last: Mapping[str, Any] | None = None


def study_of(held: Held, slot: str, label: str, start: Block, draw: jobs.Draw) -> None:
    """Draw a study of the run's newest checkpoint: its controls, its button and what it found."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"study-{slot}"):
        spec = block.controls(start, slot)
        pressed = st.button(label, type="primary")
    content = checkpoint(held) if pressed else b""
    if content:
        jobs.start(slot, slot, spec.model_dump() | {"checkpoint": content}, held.spec)
    elif pressed:
        st.info(NO_MODEL)
    drop_outdated(slot, held)
    jobs.follow(slot, draw)


def drop_outdated(slot: str, held: Held) -> None:
    """Forget a slot's job that was about a run which has been started again since."""
    if _outdated(slot, held):
        jobs.drop(slot)


def measured(held: Held) -> Measured | None:
    """What AIS has found of this run's model, None before or when another run has begun."""
    point = _newest(held)
    if point is None:
        return None
    masses, errors = point.mass.tolist(), point.mass_se.tolist()
    return Measured(point.step, masses, errors, point.cross_entropy, point.cross_entropy_se)


def points(held: Held) -> tuple[AisPoint, ...]:
    """All that AIS has found of this run up to its present update, oldest first.

    A run that has gone back loses what was measured after that.
    """
    found, now = session.kept("ais-found", _Found), session.view(held)
    step = now.snapshot.step if now is not None and now.snapshot is not None else 0
    result, point = jobs.found(AIS), _newest(held)
    if point is not None and result is not found.last:
        found.last = result
        found.points.append((jobs.about(AIS), point))
    found.points = [
        (spec, point)
        for spec, point in found.points
        if point.step <= step and not needs_reset(spec, held.spec)
    ]
    return tuple(sorted((point for _, point in found.points), key=lambda p: p.step))


def _newest(held: Held) -> AisPoint | None:
    result = jobs.found(AIS)
    if result is None or _outdated(AIS, held):
        return None
    if not all(math.isfinite(result[name]) for name in ("cross_entropy", "cross_entropy_se")):
        return None
    return AisPoint(**{name: result[name] for name in AisPoint._fields})


def _outdated(slot: str, held: Held) -> bool:
    before = jobs.about(slot)
    return before is not None and needs_reset(before, held.spec)
